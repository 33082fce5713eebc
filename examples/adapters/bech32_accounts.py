"""An adapter to read and to begin from: accounts as Ethereum's, written and signed otherwise.

Its addresses are the 20 bytes of an account in the form of BIP 173, with the network's `hrp` before
them, as chains that came after Ethereum write theirs. Its transactions bid one price for their gas
(EIP-155), as on chains that have no market of fees. Nodes speak Ethereum's JSON-RPC, so that what
is read from blocks is read by `EvmChain`; another chain fulfils `Chain` by itself.

`fullreserve custody define-network NUMBER --adapter bech32_accounts.py` takes it
(docs/guide/custody.md, Adding a family). `bech32_accounts_bed.py` runs the conformance suite on it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import ClassVar

from coincurve import PrivateKey

from fullreserve.custody import bech32, rlp, signing
from fullreserve.custody.addresses import Addresses, EvmAddresses, account_of
from fullreserve.custody.chains import evm, evm_proof
from fullreserve.custody.chains import evm_transaction as tx
from fullreserve.custody.chains.adapter import Attempt, Block, Chain, Departed, Payment, Plan
from fullreserve.custody.chains.families import contracts, evm_terms, faults_of_accounts
from fullreserve.custody.chains.family import Family
from fullreserve.custody.chains.rpc import Node, NodeGarbage
from fullreserve.custody.hd import Private, Public
from fullreserve.custody.keccak import keccak256
from fullreserve.custody.keys.signature import recovered
from fullreserve.custody.networks import Network
from fullreserve.custody.signing import Charge, WillNotSign

ACCOUNT = 20
PROTECTED_V = 35  # EIP-155: the chain's number is in the signature


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


def digest(body: tx.Body) -> bytes:
    """What is signed, with the chain's number in it."""
    return keccak256(rlp.encode([*fields(body), body.chain_id, 0, 0]))


def signed(body: tx.Body, signature: bytes) -> Attempt:
    """With a recoverable signature: r, s and the parity."""
    r, s = signature[: tx.WORD], signature[tx.WORD : 2 * tx.WORD]
    v = PROTECTED_V + 2 * body.chain_id + signature[2 * tx.WORD]
    raw = rlp.encode([*fields(body), v, int.from_bytes(r, "big"), int.from_bytes(s, "big")])
    return Attempt(keccak256(raw), raw)


class OnePricePolicy:
    """What a signer goes by. It believes nothing that it is asked to sign.

    A call is what Ethereum's would be: its policy makes that anew of what was approved, and
    compares. The transaction around it is this chain's, which is made here of the same fields.
    """

    knows_cost = False  # a transaction may use less than its gas

    def __init__(self, calls: signing.EvmPolicy) -> None:
        self._calls = calls

    def sign(
        self,
        plan: Plan,
        approved: Sequence[Payment],
        previous: Sequence[bytes] = (),  # accounts have none
        charge: Charge = signing.uncounted,
    ) -> bytes:
        key = self._calls.key_of(plan, approved, charge)
        return key.sign_recoverable(digest(tx.read_body(plan.body)), hasher=None)

    def name_of(self, plan: Plan, signature: bytes) -> bytes:
        return signed(tx.read_body(plan.body), signature).txid

    def prove(self, key: str, message: str, *, hashed: bool = False) -> bytes:
        raise WillNotSign("no verifier of reserves reads addresses of this family")

    def own_keys(self) -> Sequence[PrivateKey | Private]:
        return self._calls.own_keys()


class Bech32Accounts(Family):
    """What the exchange asks of this family."""

    name: ClassVar[str] = "bech32-accounts"

    def faults(self, network: Network) -> Iterator[str]:
        yield from faults_of_accounts(network)

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
        of = network.addresses()
        return OnePricePolicy(signing.EvmPolicy(evm_terms(network), lanes, of, branch))

    def contract(self, network: Network, digits: str) -> str:
        return network.addresses().text(bytes.fromhex(digits))

    def is_of(self, network: Network, plan: Plan, part: bytes) -> bool:
        body = tx.read_body(plan.body)
        key = recovered(part, digest(body))
        return key is not None and account_of(key) == body.lane

    def completed(self, plan: Plan, parts: Sequence[bytes]) -> Attempt:
        return signed(tx.read_body(plan.body), parts[0])


FAMILY = Bech32Accounts()
