"""What people were paid on a chain of Bitcoin's family, read block by block."""

from __future__ import annotations

from collections.abc import Sequence

from fullreserve.custody.addresses import UtxoAddresses
from fullreserve.custody.chains import utxo, utxo_reading
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.hd import Private
from fullreserve.custody.networks import Network

# Nobody spends what lies here: it is only looked at.
_ROOT = Private.of_seed(b"wallets of the people of October")


class Outputs:
    """Each person has an address of one key, by their number; nobody spends there."""

    def __init__(self, network: Network) -> None:
        self._of = UtxoAddresses([_ROOT.public()], 1, network.hrp)
        genesis = bytes.fromhex(network.genesis)
        terms = utxo_reading.Terms(network.network, network.coin, genesis, keys=1, threshold=1)
        self._chain = utxo.UtxoChain(Node(network.nodes[0]), self._of, terms)
        self._paid: dict[int, int] = {}
        self._next = 0

    def address(self, number: int) -> str:
        """Of a person."""
        return self._of.address(number)

    def received(self, numbers: Sequence[int]) -> list[int]:
        """What each of these people was paid up to now."""
        self._chain.know(max(numbers, default=-1) + 1)
        tip = self._chain.tip()
        for height in range(self._next, tip.height + 1):
            block = self._chain.block(height)
            assert block is not None
            for one in self._chain.scan(block, {}).deposits:
                self._paid[one.index] = self._paid.get(one.index, 0) + one.amount
        self._next = tip.height + 1
        return [self._paid.get(number, 0) for number in numbers]
