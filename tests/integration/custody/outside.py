"""The world outside an exchange of the tests: everybody's wallet on the demo's chain."""

from __future__ import annotations

from fullreserve.custody import contracts
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.networks import Network
from fullreserve.simulation.outside import WALLET

GAS = hex(300_000)


class Outside:
    """Everybody's wallet on the demo's chain, and what the chain says."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.node = Node(network.nodes[0])
        self._rich, self._wallet = self.node.call("eth_accounts")[:2]

    def balance(self, asset: int, address: str = WALLET) -> int:
        """In the chain's own units."""
        if asset == self.network.coin:
            return int(self.node.call("eth_getBalance", address, "latest"), 16)
        data = contracts.call("balanceOf(address)", bytes.fromhex(address[2:]))
        call = {"to": self._token(asset), "data": "0x" + data.hex()}
        return int(self.node.call("eth_call", call, "latest"), 16)

    def send(self, asset: int, address: str, amount: int) -> str:
        """Pays from the wallet; the transaction's id."""
        if asset == self.network.coin:
            return self._sent(self._wallet, address, hex(amount), "0x")
        wallet, to = (bytes.fromhex(one[2:]) for one in (self._wallet, address))
        mint = contracts.call("mint(address,uint256)", wallet, amount)
        self._sent(self._rich, self._token(asset), "0x0", "0x" + mint.hex())
        self.node.call("anvil_mine", "0x1")
        data = contracts.call("transfer(address,uint256)", to, amount)
        return self._sent(self._wallet, self._token(asset), "0x0", "0x" + data.hex())

    def _token(self, asset: int) -> str:
        return "0x" + self.network.tokens[asset]

    def _sent(self, source: str, to: str, value: str, data: str) -> str:
        call = {"from": source, "to": to, "value": value, "data": data, "gas": GAS}
        return str(self.node.call("eth_sendTransaction", call))
