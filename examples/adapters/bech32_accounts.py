"""An adapter to read and to begin from: accounts as Ethereum's, written and signed otherwise.

Its addresses are the 20 bytes of an account in the form of BIP 173, with the network's `hrp` before
them, as chains that came after Ethereum write theirs. Its transactions bid one price for their gas
(EIP-155), as on chains that have no market of fees. Nodes speak Ethereum's JSON-RPC, so that what
is read from blocks is read by `EvmChain`; another chain fulfils `Chain` by itself.

`fullreserve custody define-network NUMBER --adapter bech32_accounts.py` takes it
(docs/guide/custody.md, Adding a family). `bech32_accounts_bed.py` runs the conformance suite on it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar

import msgspec
from coincurve import PrivateKey

from fullreserve.custody import bech32, rlp, signing
from fullreserve.custody.addresses import Addresses, EvmAddresses
from fullreserve.custody.chains import evm, evm_proof
from fullreserve.custody.chains import evm_transaction as tx
from fullreserve.custody.chains.adapter import Attempt, Block, Chain, Departed, Payment, Plan
from fullreserve.custody.chains.families import contracts, evm_terms
from fullreserve.custody.chains.family import Family
from fullreserve.custody.chains.rpc import Node, NodeGarbage
from fullreserve.custody.hd import Private, Public
from fullreserve.custody.keccak import keccak256
from fullreserve.custody.networks import Network
from fullreserve.custody.signing import BRANCH, GAS_GIVEN_MAX, Charge, WillNotSign, lane_of

ACCOUNT = 20
PROTECTED_V = 35  # EIP-155: the chain's number is in the signature
Call = tuple[bytes, int, bytes]  # target, value and data


class Bech32Addresses(EvmAddresses):
    """Accounts of a public branch; text after BIP 173."""

    def __init__(
        self,
        hrp: str,
        branch: Public,
        contracts: Collection[bytes],
        later: Sequence[tuple[int, Public]],
    ) -> None:
        super().__init__(branch, contracts, later)
        self._hrp = hrp

    def text(self, place: bytes) -> str:
        return bech32.encode_bytes(self._hrp, place)

    def read(self, text: str) -> bytes:
        account = bech32.decode_bytes(self._hrp, text)
        if len(account) != ACCOUNT:
            raise bech32.BadAddress(f"an address of this chain is {ACCOUNT} bytes")
        return super().read("0x" + account.hex())  # neither nobody's nor a token's


class OnePriceChain(evm.EvmChain):
    """Blocks are read as Ethereum's; what was sent from a lane is kept as it was signed."""

    def departed(self, block: Block) -> list[Departed]:
        return [
            one._replace(attempt=self._sent(one.attempt.txid)) for one in super().departed(block)
        ]

    def _sent(self, txid: bytes) -> Attempt:
        told = self._node.call("eth_getTransactionByHash", "0x" + txid.hex())
        raw = evm_proof.raw(told)
        if keccak256(raw) != txid:
            raise NodeGarbage(f"transaction {txid.hex()} is not what its hash says")
        return Attempt(txid, raw)


def fields(body: tx.Body) -> list[rlp.Item]:
    """Those of a transaction, its price being the most that the plan pays for gas."""
    return [body.nonce, body.max_fee, body.gas, body.to, body.value, body.data]


def signed(body: tx.Body, signature: bytes) -> Attempt:
    """With a recoverable signature: r, s and the parity."""
    r, s = signature[: tx.WORD], signature[tx.WORD : 2 * tx.WORD]
    v = PROTECTED_V + 2 * body.chain_id + signature[2 * tx.WORD]
    raw = rlp.encode([*fields(body), v, int.from_bytes(r, "big"), int.from_bytes(s, "big")])
    return Attempt(keccak256(raw), raw)


class OnePricePolicy:
    """What a signer goes by: it makes each call anew of what was approved, and compares."""

    charges_payments = False

    def __init__(
        self,
        terms: evm.Terms,
        lanes: Mapping[bytes, PrivateKey],
        addresses: Addresses,
        branch: Private | None,
    ) -> None:
        self._terms = terms
        self._lanes = lanes
        self._addresses = addresses
        self._branch = branch  # of users' addresses

    def sign(
        self,
        plan: Plan,
        approved: Sequence[Payment],
        previous: Sequence[bytes] = (),  # accounts have none
        charge: Charge = signing.uncounted,
    ) -> bytes:
        try:
            body = tx.read_body(plan.body)
        except msgspec.DecodeError:
            raise WillNotSign("the proposal cannot be read") from None
        self._check(body, plan)
        called, cancels = (body.to, body.value, body.data), (body.lane, 0, b"")
        if plan.move is not None and not approved:
            key = self._moves(body, plan, called)
            charge(plan, body.gas * body.max_fee, body.lane in self._lanes and called == cancels)
        else:
            key = self._pays(body, approved, (called, cancels))
        return key.sign_recoverable(_digest(body), hasher=None)

    def name_of(self, plan: Plan, signature: bytes) -> bytes:
        return signed(tx.read_body(plan.body), signature).txid

    def prove(self, key: str, message: str, *, hashed: bool = False) -> bytes:
        raise WillNotSign("nobody's verifier reads addresses of this family")

    def _check(self, body: tx.Body, plan: Plan) -> None:
        if tx.binding(body.lane, body.nonce) != plan.binding:
            raise WillNotSign("the lane and nonce are not those of the binding")
        if body.chain_id != self._terms.chain_id:
            raise WillNotSign("it is for another chain")
        if not 0 < body.max_fee <= self._terms.max_fee_cap:
            raise WillNotSign("the price of gas is outside the band")
        if body.gas not in (tx.GAS_BARE, tx.GAS_COIN, tx.GAS_TOKEN):
            raise WillNotSign("the gas limit is none of ours")

    def _pays(
        self, body: tx.Body, approved: Sequence[Payment], said: tuple[Call, Call]
    ) -> PrivateKey:
        called, cancels = said
        if body.lane not in self._terms.lanes or body.lane not in self._lanes:
            raise WillNotSign("the lane is not one of this signer's")
        if len(approved) != 1:
            raise WillNotSign("a transaction pays one withdrawal")
        (payment,) = approved
        token = self._terms.tokens.get(payment.asset)
        if token is None and payment.asset != self._terms.coin:
            raise WillNotSign("the asset is not on this network")
        if called not in (tx.call_of(payment, token), cancels):
            raise WillNotSign("target, value or call are not those of the approved withdrawal")
        return self._lanes[body.lane]

    def _moves(self, body: tx.Body, plan: Plan, called: Call) -> PrivateKey:
        """Between places of ours: gas from a lane, and what a user's address holds to a lane."""
        assert plan.move is not None
        cancels = called == (body.lane, 0, b"")
        if plan.withdrawals:
            raise WillNotSign("a move between our own places pays no withdrawal")
        if body.lane in self._lanes:
            if not cancels and called[0] != self._place(plan.move.key):
                raise WillNotSign("the gas would go to an address that is none of ours")
            if body.data or body.value > GAS_GIVEN_MAX * self._terms.max_fee_cap:
                raise WillNotSign("it is more than gas for a sweep")
            return self._lanes[body.lane]
        place = self._place(plan.move.key)
        if self._branch is None or place != body.lane:
            raise WillNotSign("the source is none of our addresses")
        if not cancels and called not in self._to_lanes(called):
            raise WillNotSign("the target is none of the hot wallets")
        key = PrivateKey(self._branch.child(_index(plan.move.key)).secret)
        if lane_of(key) != place:
            raise WillNotSign(f"{plan.move.key!r} is no key of this signer's")
        return key

    def _to_lanes(self, called: Call) -> list[Call]:
        """As much as is called for, of the coin or of a token, to each lane."""
        to, value, data = called
        if to not in self._terms.tokens.values():
            return [(lane, value, b"") for lane in self._terms.lanes]
        amount = int.from_bytes(data[-tx.WORD :], "big")
        return [(to, 0, tx.transfer_call(lane, amount)) for lane in self._terms.lanes]

    def _place(self, key: str) -> bytes:
        return self._addresses.place(_index(key))


def _index(key: str) -> int:
    """Of a key as moves name it, `branch/7`; WillNotSign."""
    text = key.removeprefix(BRANCH)
    if not (key.startswith(BRANCH) and text.isascii() and text.isdigit() and len(text) < 10):
        raise WillNotSign(f"{key!r} names no address of ours")
    return int(text)


def _digest(body: tx.Body) -> bytes:
    return keccak256(rlp.encode([*fields(body), body.chain_id, 0, 0]))


class Bech32Accounts(Family):
    """What the exchange asks of this family."""

    name: ClassVar[str] = "bech32-accounts"

    def addresses(self, network: Network) -> Addresses:
        if not network.hrp:
            raise ValueError("hrp: what its addresses begin with is missing")
        later = [(one.start, one.branches[0].public()) for one in network.begun]
        branch = network.branches[0].public()
        return Bech32Addresses(network.hrp, branch, contracts(network), later)

    def chain(self, network: Network, node: Node) -> Chain:
        return OnePriceChain(node, network.addresses(), evm_terms(network))

    def policy(self, network: Network, secrets: Mapping[str, bytes]) -> OnePricePolicy | None:
        branch = signing.branch_of(secrets, network.network)
        lanes = dict(signing.lanes_of(secrets))
        if not (lanes or branch):
            return None
        return OnePricePolicy(evm_terms(network), lanes, network.addresses(), branch)

    def completed(self, plan: Plan, parts: Sequence[bytes]) -> Attempt:
        return signed(tx.read_body(plan.body), parts[0])


FAMILY = Bech32Accounts()
