"""What chains themselves say: people's own wallets outside, and the house's coins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from fullreserve.custody import contracts
from fullreserve.custody.chains.adapter import Chain
from fullreserve.custody.chains.rpc import Node, NodeGarbage
from fullreserve.custody.holdings import COLD_INDEX, balances, places
from fullreserve.custody.networks import Network
from fullreserve.custody.reconciling import PAYER_STORE
from fullreserve.simulation.scenario.people import Person

if TYPE_CHECKING:  # read where it is needed alone, as it takes a while
    from fullreserve.simulation.scenario.outside_outputs import Outputs

_TRIES = 10
_AT_ONCE = 500


class Wallets:
    """Every person has an address of their own outside the exchange."""

    def __init__(self, data: Path, served: Sequence[Network]) -> None:
        self._data = data
        self._networks = {one.network: one for one in served}
        self._outputs = {one.network: _outputs(one) for one in served if one.kind == "utxo"}

    def address(self, network: int, number: int) -> str:
        """Of a person, as an address book holds it."""
        outputs = self._outputs.get(network)
        if outputs is not None:
            return outputs.address(number)
        account = "0x" + sha256(b"october %d" % number).hexdigest()[:40]
        return f"{account}:{number + 1}" if self._networks[network].needs_memo else account

    def held(self, people: Sequence[Person]) -> dict[int, int]:
        """By user: what their addresses hold, in ledger units; NodeProblem."""
        found: dict[int, int] = {}
        for number, network in self._networks.items():
            theirs = [one for one in people if one.network == number]
            outputs = self._outputs.get(number)
            if outputs is not None:
                units = outputs.received([one.number for one in theirs])
            else:
                units = self._of_accounts(network, theirs)
            for one, held in zip(theirs, units, strict=True):
                found[one.uid] = network.scales[one.asset.id].to_ledger(held)[0]
        return found

    def _of_accounts(self, network: Network, people: Sequence[Person]) -> list[int]:
        node, told = Node(network.nodes[0]), list[str]()
        asked = [self._question(network, one) for one in people]
        for start in range(0, len(asked), _AT_ONCE):
            told += node.calls(asked[start : start + _AT_ONCE])
        return [int(one, 16) for one in told]

    def _question(self, network: Network, one: Person) -> tuple[str, list[object]]:
        account = self.address(network.network, one.number).partition(":")[0]
        if one.asset.id == network.coin:
            return "eth_getBalance", [account, "latest"]
        data = contracts.call("balanceOf(address)", bytes.fromhex(account[2:]))
        call = {"to": "0x" + network.tokens[one.asset.id], "data": "0x" + data.hex()}
        return "eth_call", [call, "latest"]

    def of_house(self, newest: Mapping[int, int]) -> dict[int, int]:
        """By asset: what the house holds on all chains, in ledger units; NodeProblem.

        `newest` are the highest address indexes that users were given, by network.
        """
        found: dict[int, int] = {}
        for number, network in self._networks.items():
            for asset, units in self._of_network(network, newest.get(number, 0)):
                amount, _ = network.scales[asset].to_ledger(units)
                found[asset] = found.get(asset, 0) + amount
        return found

    def _of_network(self, network: Network, newest: int) -> list[tuple[int, int]]:
        chain, known = network.chains()[0], list(places(network, newest))
        if network.kind == "utxo":
            _learn_coins(chain, newest, self._data / PAYER_STORE)
        for _ in range(_TRIES):
            try:
                held = balances(chain, known, chain.tip())
            except NodeGarbage:
                continue  # a block came meanwhile
            return [(one.asset, one.amount) for one in held]
        raise NodeGarbage(f"network {network.network} is never at rest")


def _outputs(network: Network) -> Outputs:
    from fullreserve.simulation.scenario.outside_outputs import Outputs

    return Outputs(network)


def _learn_coins(chain: Chain, newest: int, payer: Path) -> None:
    from fullreserve.custody.chains.utxo import UtxoChain
    from fullreserve.custody.coins import know_coins

    assert isinstance(chain, UtxoChain)
    chain.know(newest + 1)
    chain.know_also(COLD_INDEX)
    know_coins(chain, payer)
