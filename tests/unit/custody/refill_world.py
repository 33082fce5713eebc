"""A Safe of one owner and the worker that refills from it; its nodes are outside, and made up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from fullreserve.custody.addresses import account_of
from fullreserve.custody.chains.rpc import Node, NodeRefuses
from fullreserve.custody.hd import Private
from fullreserve.custody.house import MOVES_GATEWAY, House
from fullreserve.custody.keys.gas import Bid, Call
from fullreserve.custody.keys.intent import Rule, TierPolicy
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.record import SAFE, Entry, Record, TierWallet
from fullreserve.custody.keys.refilling import Refilling, Terms
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.tiers import safe
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import tier_moves_wire as moves
from fullreserve.exchange.products.registry import products
from fullreserve.exchange.wire.commands import amount_bytes
from tests.bed import Bed

NETWORK, COIN, TOKEN = 1, 2, 6
UNIT, FINAL = 10**8, 2
HOT, WARM, CONTRACT = b"h" * 20, b"w" * 20, b"t" * 20
URL = "http://127.0.0.1:1"
BRANCH = Private.of_seed(b"an owner of a test's Safe alone.")
APPROVERS = {name: BRANCH.public().key.hex() for name in ("ann", "bob", "cyd")}
IDA = FileDevice(Path("ida"), {"ida": BRANCH})


class Safe(Node):
    """What a node says of the Safe."""

    def __init__(self) -> None:
        super().__init__(URL)
        self.nonce, self.height, self.asked = 0, 1, 0

    def call(self, method: str, *params: Any) -> Any:
        self.asked += 1
        if method == "eth_blockNumber":
            return hex(self.height)
        if method == "eth_getLogs":
            return []
        assert method == "eth_call", method
        return "0x" + self.nonce.to_bytes(32, "big").hex()


class Unstopped:
    """What a node says of lanes: no issuer has stopped one."""

    def __init__(self, network: Network) -> None:
        self.addresses = network.addresses()

    def halted(self) -> list[Any]:
        return []


class Outside(Network, frozen=True):
    """Whose nodes are in no test."""

    def chains(self) -> list[Any]:
        return [Unstopped(self)]


class Refusing:
    """Gas for calls that would revert."""

    def __init__(self) -> None:
        self.asked = 0

    def sign(self, node: Node, to: bytes, data: bytes) -> Call:
        self.asked += 1
        raise NodeRefuses(3, "execution reverted")

    def is_used(self, node: Node, bid: Bid) -> bool:
        raise AssertionError("nothing was sent")

    def again(
        self, node: Node, to: bytes, data: bytes, before: Bid, others: Collection[int]
    ) -> Call | None:
        raise AssertionError("nothing was sent")


class Refills:
    """Warm has 90 of each asset; 20 of one are due once it has marks."""

    def __init__(self, folder: Path, bed: Bed, house: House) -> None:
        self.folder, self.bed, self.house = folder, bed, house
        public = BRANCH.public()
        network = Outside(
            network=NETWORK, kind="evm", nodes=(URL, URL), chain_id=1, coin=COIN,
            branches=(Branch(public.key.hex(), public.code.hex()),), credit_after=1,
            decimals={COIN: 18, TOKEN: 6}, unlock_after=FINAL, lanes=(HOT.hex(),),
            tokens={TOKEN: CONTRACT.hex()},
        )  # fmt: skip
        most = 10**30
        limits = (most, most, 0)
        rules = (
            Rule(NETWORK, "warm", "hot", COIN, HOT, *limits, standing=True),
            Rule(NETWORK, "warm", "hot", TOKEN, HOT, *limits, CONTRACT, standing=True),
        )
        owner = account_of(IDA.public("ida")).hex()
        tier = TierWallet(NETWORK, "warm", SAFE, 1, ("ida",), chain_id=1, safe=WARM.hex(),
                          owners={"ida": owner})  # fmt: skip
        Record.of(folder).append(Entry(0, 1, "ceremony", "", wallets=(tier,)))
        self.gas = Refusing()
        terms = Terms(network, TierPolicy(1, 2, APPROVERS, rules), (), self.gas)
        self.worker = Refilling(folder, house, bed.clock, terms)
        self.safes = [Safe(), Safe()]
        self.worker._node, self.worker._second = self.safes

    @classmethod
    async def open(cls, folder: Path) -> Refills:
        bed = await Bed.open(folder, folds=products())
        made = cls(folder, bed, House(await bed.door(MOVES_GATEWAY)))
        none, most = amount_bytes(0), amount_bytes(10**15)
        lines = tuple(
            wire.NetworkAsset(asset, decimals, none, none, amount_bytes(1), most, 8)
            for asset, decimals in ((COIN, 18), (TOKEN, 6))
        )
        defined = wire.DefineNetwork(NETWORK, "Coin", 1, FINAL, False, COIN, lines)
        for fold in (wire.DEPOSITS, wire.WITHDRAWALS):
            assert await made.house.report(fold, defined) == [0]
        for asset in (COIN, TOKEN):
            held = amount_bytes(90 * UNIT)
            funded = wire.Funded(NETWORK, bytes([asset]) * 32, asset, wire.Tier.WARM, held)
            assert await made.house.report(wire.DEPOSITS, funded) == [0]
        return made

    async def wanted(self, *assets: int) -> None:
        low, target, cap, least, most = (amount_bytes(n * UNIT) for n in (10, 20, 40, 1, 500))
        for asset in assets:
            marks = moves.Marks(NETWORK, asset, low, target, cap, least, most, most, True)
            assert await self.house.report(moves.TIER_MOVES, moves.SetMarks(marks)) == [0]

    async def known(self) -> Sequence[moves.Move]:
        """The oldest first."""
        asked = moves.ListMoves(is_open=False, limit=9)
        found: list[moves.Move] = await self.house.ask(moves.TIER_MOVES, asked)
        return found[::-1]

    async def states(self) -> list[int]:
        return [one.state for one in await self.known()]

    def signed(self, move: moves.Move) -> None:
        """Ida's part of it is in the folder."""
        kept = self.worker._kept.find(move.number)
        assert kept is not None
        assert kept.proposal.transaction is not None
        part = safe.sign(kept.proposal.transaction, IDA, "ida")[1]
        (self.folder / "custody-moves" / f"{move.number}-ida.part").write_bytes(part)
