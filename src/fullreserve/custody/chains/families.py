"""The families that this source has: accounts of Ethereum's kind, with memos, and Bitcoin's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from coincurve import PrivateKey

from fullreserve.custody import signing
from fullreserve.custody.addresses import Addresses, EvmAddresses, MemoAddresses, UtxoAddresses
from fullreserve.custody.chains import evm, evm_transaction
from fullreserve.custody.chains.adapter import Attempt, Chain, Plan
from fullreserve.custody.chains.family import Family
from fullreserve.custody.chains.rpc import Node

if TYPE_CHECKING:
    from fullreserve.custody.networks import Network


class Evm(Family):
    """Accounts, one for each user, and contracts of tokens."""

    name: ClassVar[str] = "evm"

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

    def addresses(self, network: Network) -> UtxoAddresses:
        branches = [one.public() for one in network.branches]
        later = [(one.start, [each.public() for each in one.branches]) for one in network.begun]
        return UtxoAddresses(branches, network.threshold, network.hrp, later)

    def chain(self, network: Network, node: Node) -> Chain:
        from fullreserve.custody.chains import utxo

        genesis = bytes.fromhex(network.genesis)
        keys = (network.most_keys, network.threshold)
        terms = utxo.Terms(network.network, network.coin, genesis, *keys)
        return utxo.UtxoChain(node, network.scripts(), terms)

    def policy(self, network: Network, secrets: Mapping[str, bytes]) -> signing.Policy | None:
        branch = signing.branch_of(secrets, network.network)
        if branch is None:
            return None
        from fullreserve.custody.chains import utxo

        of, keys = network.scripts(), network.most_keys
        terms = (utxo.RATE_CAP, keys, network.threshold)
        return signing.UtxoPolicy(of, *terms, branch, network.hrp)

    def completed(self, plan: Plan, parts: Sequence[bytes]) -> Attempt:  # noqa: ARG002
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


def contracts(network: Network) -> list[bytes]:
    """Those of the network's tokens."""
    return [bytes.fromhex(one) for one in network.tokens.values()]


FAMILIES: Mapping[str, Family] = {one.name: one for one in (Evm(), Memo(), Utxo())}
