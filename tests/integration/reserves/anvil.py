"""A real chain with two addresses of ours on it: one holds ether and a token, one a token alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from coincurve import PrivateKey

from fullreserve.clock import SystemClock
from fullreserve.custody import contracts, networks, nodes
from fullreserve.custody.addresses import EvmAddresses, account_of
from fullreserve.custody.chains.evm_transaction import Body
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.hd import Private
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.ownership import sign_as_account
from fullreserve.reserves.places import NotProven, Ownership, Place
from tests.bed import BTC, USDT

ETHER = 2
CHAIN_ID = 31_400
NUMBER = 1
KEYS = (PrivateKey(b"\x11" * 32), PrivateKey(b"\x12" * 32))


class Keys:
    """Holds the keys itself; `silent` is a signer that died."""

    def __init__(self) -> None:
        self.silent = False
        self.elsewhere: list[Place] = []  # on networks that are not read
        text = EvmAddresses(Private.of_seed(bytes(32)).public()).text
        accounts = [account_of(key.public_key.format()) for key in KEYS]
        self.held = [Place(NUMBER, "hot", text(one), one) for one in accounts]

    async def places(self, network: int) -> Sequence[Place]:
        return self.held if network == NUMBER else self.elsewhere

    async def prove(self, place: Place, message: str) -> Ownership:
        if self.silent:
            raise NotProven("nobody signs")
        key = KEYS[self.held.index(place)]
        return Ownership(message=message, signatures=(sign_as_account(key, message).hex(),))


class Anvil:
    """The chain, and the networks' file of a data folder that names it."""

    def __init__(self) -> None:
        self.process = nodes.start_anvil(CHAIN_ID)
        self.node: Node
        self.tokens: dict[int, str] = {}

    async def ready(self) -> None:
        await self.process.ready(SystemClock())
        self.node = Node(self.process.url)

    def give(self, place: Place, ether: int, **tokens: int) -> None:
        """Whole coins of each: BTC and USDT are tokens here."""
        self.node.call("anvil_setBalance", place.address, hex(ether * 10**18))
        for symbol, units in tokens.items():
            asset = {"btc": BTC, "usdt": USDT}[symbol]
            self._mint(self._token(asset), place, units * 10**8)
        self.node.call("anvil_mine", "0x1")

    def pay_somebody(self, place: Place | None = None, units: int = 1) -> str:
        """The id of a transaction in a block, of somebody's own money or of one of our places."""
        sender, receiver = self.node.call("eth_accounts")[:2]
        if place is None:
            call = {"from": sender, "to": receiver, "value": hex(units)}
            sent: str = self.node.call("eth_sendTransaction", call)
        else:
            nonce = int(self.node.call("eth_getTransactionCount", place.address, "latest"), 16)
            to = bytes.fromhex(receiver[2:])
            body = Body(CHAIN_ID, place.account, nonce, to, units, b"", 21_000, 10**9, 10**10)
            key = next(one for one in KEYS if account_of(one.public_key.format()) == place.account)
            made = body.signed(key.sign_recoverable(body.digest(), hasher=None))
            sent = self.node.call("eth_sendRawTransaction", "0x" + made.raw.hex())
        self.node.call("anvil_mine", "0x1")
        return sent

    def _token(self, asset: int) -> str:
        if asset not in self.tokens:
            data = contracts.creation("DemoToken", f"Token {asset}", f"T{asset}", 8)
            self.tokens[asset] = self._send(data="0x" + data.hex())
        return self.tokens[asset]

    def _mint(self, contract: str, place: Place, units: int) -> None:
        data = contracts.call("mint(address,uint256)", place.account, units)
        self._send(to=contract, data="0x" + data.hex())

    def _send(self, **call: str) -> str:
        sender = self.node.call("eth_accounts")[0]
        sent = self.node.call(
            "eth_sendTransaction", {"from": sender, "gas": hex(3_000_000), **call}
        )
        self.node.call("anvil_mine", "0x1")
        receipt = self.node.call("eth_getTransactionReceipt", sent)
        assert receipt["status"] == "0x1"
        return str(receipt["contractAddress"])

    def serve(self, data: Path, *others: str) -> None:
        """Writes the networks' file; `others` are nodes that have to agree."""
        root = Private.of_seed(bytes(32)).public()
        network = Network(
            network=NUMBER,
            kind="evm",
            nodes=(self.process.url, *others),
            branches=(Branch(root.key.hex(), root.code.hex()),),
            decimals={ETHER: 18, **dict.fromkeys(self.tokens, 8)},
            coin=ETHER,
            credit_after=0,
            unlock_after=6,
            chain_id=CHAIN_ID,
            tokens={asset: one.removeprefix("0x") for asset, one in self.tokens.items()},
        )
        networks.keep(data, [network])

    def close(self) -> None:
        self.process.stop()
