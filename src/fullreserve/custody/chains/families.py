"""The families that this source has: accounts of Ethereum's kind, with memos, and Bitcoin's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from coincurve import PrivateKey

from fullreserve.custody import bech32, signing
from fullreserve.custody.addresses import (
    Addresses,
    EvmAddresses,
    MemoAddresses,
    UtxoAddresses,
    account_of,
)
from fullreserve.custody.chains import evm, evm_transaction
from fullreserve.custody.chains.adapter import Attempt, Chain, Plan
from fullreserve.custody.chains.family import Family
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.keys.signature import recovered

if TYPE_CHECKING:
    from fullreserve.custody.networks import Network


_ACCOUNT = re.compile(r"[0-9a-fA-F]{40}")
_HASH = re.compile(r"[0-9a-fA-F]{64}")
_HRP = re.compile(r"[a-z0-9]{1,83}")  # BIP 173, as those of Bitcoin's family are written
CHAIN_ID_MAX = (1 << 63) - 1
KEYS_MAX = 16  # of a script: what OP_1 to OP_16 count

# The prefix of addresses by the hash of block 0 of chains that are widely known.
_PREFIXES = {
    "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f": "bc",
    "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943": "tb",
    "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206": "bcrt",
    "12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2": "ltc",
    "4966625a4b2851d9fdee139e56211a0d88575f59ed816ff5e6a63deb4e3e29a0": "tltc",
    "530827f38f93b43ed12af0b3ad25a288dc02ed74d6d7857862df51fc56c416f9": "rltc",
}


class Evm(Family):
    """Accounts, one for each user, and contracts of tokens."""

    name: ClassVar[str] = "evm"

    def faults(self, network: Network) -> Iterator[str]:
        yield from faults_of_accounts(network)

    def addresses(self, network: Network) -> Addresses:
        later = [(one.start, one.branches[0].public()) for one in network.begun]
        return EvmAddresses(network.branches[0].public(), contracts(network), later)

    def chain(self, network: Network, node: Node) -> Chain:
        return evm.EvmChain(node, network.addresses(), evm_terms(network))

    def policy(self, network: Network, secrets: Mapping[str, bytes]) -> signing.Policy | None:
        branch = signing.branch_of(secrets, network.network)
        lanes = dict(signing.lanes_of(secrets))
        cold = PrivateKey(secrets[signing.COLD]) if signing.COLD in secrets else None
        if not (lanes or branch or cold):
            return None
        return signing.EvmPolicy(evm_terms(network), lanes, network.addresses(), branch, cold)

    def is_of(
        self,
        network: Network,  # noqa: ARG002 - the plan's body names the account
        plan: Plan,
        part: bytes,
    ) -> bool:
        body = evm_transaction.read_body(plan.body)
        key = recovered(part, body.digest())
        return key is not None and account_of(key) == body.lane

    def completed(self, plan: Plan, parts: Sequence[bytes]) -> Attempt:
        return evm_transaction.read_body(plan.body).signed(parts[0])


class Memo(Evm):
    """One account for all users, whom a memo tells apart."""

    name: ClassVar[str] = "memo"
    needs_memo: ClassVar[bool] = True

    def addresses(self, network: Network) -> Addresses:
        return MemoAddresses(network.branches[0].public(), contracts(network))

    def chain(self, network: Network, node: Node) -> Chain:
        return evm.MemoChain(node, network.addresses(), evm_terms(network))


class Utxo(Family):
    """Coins of scripts. Its modules are read where they are needed alone: they take a while."""

    name: ClassVar[str] = "utxo"
    is_script: ClassVar[bool] = True
    fees_a_day: ClassVar[int] = 50_000_000  # half a coin
    id_prefix: ClassVar[str] = ""

    def faults(self, network: Network) -> Iterator[str]:
        yield from _faults_of_scripts(network)

    def addresses(self, network: Network) -> UtxoAddresses:
        branches = [one.public() for one in network.branches]
        later = [(one.start, [each.public() for each in one.branches]) for one in network.begun]
        return UtxoAddresses(branches, network.threshold, network.hrp, later)

    def chain(self, network: Network, node: Node) -> Chain:
        from fullreserve.custody.chains import utxo, utxo_reading

        genesis = bytes.fromhex(network.genesis)
        keys = (network.most_keys, network.threshold)
        terms = utxo_reading.Terms(network.network, network.coin, genesis, *keys)
        return utxo.UtxoChain(node, network.scripts(), terms)

    def policy(self, network: Network, secrets: Mapping[str, bytes]) -> signing.Policy | None:
        branch = signing.branch_of(secrets, network.network)
        if branch is None:
            return None
        from fullreserve.custody.chains import utxo_reading

        of, keys = network.scripts(), network.most_keys
        terms = (utxo_reading.RATE_CAP, keys, network.threshold)
        return signing.UtxoPolicy(of, *terms, branch, network.hrp)

    def completed(
        self,
        plan: Plan,  # noqa: ARG002 - each part has it whole
        parts: Sequence[bytes],
    ) -> Attempt:
        from fullreserve.custody.chains import utxo_transaction

        return utxo_transaction.completed(list(parts))

    def is_of(self, network: Network, plan: Plan, part: bytes) -> bool:
        from fullreserve.custody.chains import utxo_transaction as tx

        return tx.is_of(part, tx.read_body(plan.body), network.scripts())


def evm_terms(network: Network) -> evm.Terms:
    """What distinguishes it from other chains of accounts."""
    return evm.Terms(
        network.network,
        network.chain_id,
        network.coin,
        {asset: bytes.fromhex(contract) for asset, contract in network.tokens.items()},
        tuple(bytes.fromhex(lane) for lane in network.lanes),
        network.unlock_after,
        network.decimals,
        left=tuple(bytes.fromhex(lane) for lane in network.left),
    )


def faults_of_accounts(network: Network) -> Iterator[str]:
    """Why fields of a chain of Ethereum's accounts cannot be as they are, in words."""
    if not 1 <= network.chain_id <= CHAIN_ID_MAX:
        yield f"chain_id {network.chain_id}: 1 to {CHAIN_ID_MAX}, as the node's eth_chainId says"
    if len(network.branches) != 1:
        yield f"branches: {len(network.branches)}; allowed is one, of users' accounts"
    for asset in network.decimals:
        if asset != network.coin and asset not in network.tokens:
            yield (
                f"tokens: asset {asset} has no contract, and is not the coin: nobody would see "
                "what is paid to its addresses; name its contract, or take it out of decimals"
            )
    if network.coin in network.tokens:
        yield f"tokens: asset {network.coin} is the coin, which has no contract"
    held = [one.lower() for one in network.tokens.values()]
    if len(set(held)) < len(held):
        yield "tokens: a contract stands twice; each asset has its own"
    named = [(f"tokens: contract of asset {asset}", one) for asset, one in network.tokens.items()]
    named += [("lanes", one) for one in network.lanes] + [("left", one) for one in network.left]
    for name, digits in named:
        if not _ACCOUNT.fullmatch(digits):
            yield f"{name}: {digits!r} is not 40 hexadecimal digits, without 0x"
    if network.cold and not _ACCOUNT.fullmatch(network.cold.removeprefix("0x")):
        yield f"cold: {network.cold!r} is not 40 hexadecimal digits"
    yield from _faults_of_warm(network, "0x and 40 hexadecimal digits")


def _faults_of_warm(network: Network, allowed: str) -> Iterator[str]:
    if not network.warm or not network.branches:
        return
    try:
        network.addresses().read(network.warm)
    except bech32.BadAddress as bad:
        yield f"warm: {network.warm!r} is no address of this chain ({bad}); allowed: {allowed}"
    except ValueError:
        return  # of another field, which is named beside it


def _faults_of_scripts(network: Network) -> Iterator[str]:
    broken = []
    if not _HRP.fullmatch(network.hrp):
        broken.append(
            f"hrp: {network.hrp!r} is not what addresses begin with before the 1, in small "
            "letters: bc, tb, bcrt, ltc, tltc, rltc"
        )
    genesis = network.genesis.lower()
    if not _HASH.fullmatch(genesis) or not int(genesis, 16):
        broken.append(
            f"genesis: {network.genesis!r} is no hash of block 0: 64 hexadecimal digits without "
            "0x, as `getblockhash 0` says"
        )
    wanted = _PREFIXES.get(genesis, network.hrp)
    if wanted != network.hrp:
        broken.append(f"hrp: addresses of the chain of this genesis begin with {wanted}")
    keys = len(network.branches)
    if not 1 <= network.threshold <= keys <= KEYS_MAX:
        broken.append(
            f"threshold {network.threshold} of {keys} branches: 1 to as many as there are, "
            f"{KEYS_MAX} at most"
        )
    yield from broken
    for asset in network.decimals:
        if asset != network.coin:
            yield f"decimals: asset {asset} is not the coin, and such a chain has no other"
    for name in ("tokens", "lanes", "left"):
        if getattr(network, name):
            yield f"{name}: such a chain has none; leave it out"
    if not broken:
        yield from _faults_of_warm(network, f"one that begins with {network.hrp}1")


def contracts(network: Network) -> list[bytes]:
    """Those of the network's tokens."""
    return [bytes.fromhex(one) for one in network.tokens.values()]


FAMILIES: Mapping[str, Family] = {one.name: one for one in (Evm(), Memo(), Utxo())}
