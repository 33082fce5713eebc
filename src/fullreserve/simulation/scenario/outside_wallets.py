"""What chains themselves say: people's own wallets outside, and the house's coins."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from fullreserve.custody import contracts
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.networks import Network
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
        self._outputs = {one.network: _outputs(one) for one in served if one.is_script}

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


def _outputs(network: Network) -> Outputs:
    from fullreserve.simulation.scenario.outside_outputs import Outputs

    return Outputs(network)
