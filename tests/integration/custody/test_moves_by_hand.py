"""Goal: people move coins between script wallets by commands beside a running exchange, nothing
is suspended that was announced; a move that hangs is ended, and a tier's own fees are charged.

Method: the command line, litecoind, an exchange at the data folder, and its watcher's comparison.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from fullreserve.clock import ManualClock, SystemClock
from fullreserve.custody import networks, nodes
from fullreserve.custody.chains.adapter import Payment
from fullreserve.custody.chains.raw_block import read_transaction
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.gifts import Gifts
from fullreserve.custody.keys import moves
from fullreserve.custody.keys.record import FILE, Record
from fullreserve.custody.keys.refilling import Refilling, Terms
from fullreserve.custody.keys.tier_signer import Proposal
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.reconciling import BEHIND_MS, PAYER_STORE, Reconciler
from fullreserve.custody.store import Store
from fullreserve.custody.tiers.wallet import Wallet, WalletAddresses
from fullreserve.custody.tiers.wallet_coins import found
from fullreserve.custody.transfers import salt_of
from fullreserve.custody.watcher import STORE as WATCHER_STORE
from fullreserve.custody.watcher import Watcher
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import suspension_wire as suspensions
from fullreserve.exchange.products.announced_moves import Announced, AnnouncedState
from fullreserve.exchange.products.deposit_state import ListAnnounced, ListUnallotted, Unallotted
from fullreserve.exchange.products.suspension_state import Suspension
from fullreserve.exchange.products.tier_moves_wire import (
    TIER_MOVES,
    GetMove,
    GiveUp,
    ListMoves,
    Marks,
    Move,
    MoveState,
    SetMarks,
)
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from fullreserve.exchange.wire.queries import AskFold
from fullreserve.exchange.worker_files import Unmeasured
from fullreserve.gateway.reconciled import newest
from tests.integration.custody.conftest import BLOCKS, _start_litecoind
from tests.integration.custody.outsiders import UtxoBed
from tests.integration.custody.test_key_changes import Office
from tests.integration.custody.withdrawing import NOTHING, START_MS, Withdrawing

pytestmark = pytest.mark.usefixtures("cheap_passphrases")

NETWORK, LTC, FINAL = 3, 4, 2
HOLDERS, LATE = ("ann", "bob", "cyd", "dan"), ("eve", "fay", "gil")
COINS, AMOUNT, FEE_MOST = 5_000_000, 2_500_000, 50_000
KINDS = {"warm": chart.CHAIN_WARM, "cold": chart.CHAIN_COLD, "hot": chart.CHAIN_HOT}
WALLET = """
[[wallet]]
network = 3
tier = "{tier}"
kind = "utxo"
hrp = "rltc"
threshold = 2
holders = ["ann", "bob", "cyd", "dan"]
recovery_threshold = 2
recovery = ["eve", "fay", "gil"]
older = {older}
born = {born}
"""
RULE = """
[[rule]]
network = 3
source = "{source}"
target = "{target}"
asset = 4
place = "{place}"
amount_max = 3000000
day_max = 90000000
fee_max = 50000
"""


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UtxoBed]:
    try:
        made = UtxoBed(_start_litecoind, tmp_path_factory.mktemp("litecoin"), "rltc", BLOCKS)
    except nodes.NodeMissing as missing:
        pytest.skip(str(missing))
    yield made
    made.close()


@pytest.fixture(scope="module")
def office(bed: UtxoBed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """After the ceremony of a warm and a cold wallet."""
    with pytest.MonkeyPatch.context() as patch:
        made = Office(tmp_path_factory.mktemp("office"), patch)
        made.make_keys((*HOLDERS, *LATE))
        persons = "".join(
            f'[[person]]\nholder = "{name}"\nperson = {number}\nsite = "site {number}"\n'
            for number, name in enumerate((*HOLDERS, *LATE), 1)
        )
        born = bed.node.call("getblockcount")
        wallets = (WALLET.format(tier=tier, older=older, born=born)
                   for tier, older in (("warm", 6), ("cold", 8)))  # fmt: skip
        plan = made.folder / "plan.toml"
        plan.write_text(persons + "".join(wallets))
        made.do("ceremony", plan)
        yield made


class Desk:
    """An exchange whose ledger says what both wallets hold, and people with commands."""

    def __init__(
        self, bed: UtxoBed, office: Office, folder: Path, exchange: Withdrawing, network: Network
    ) -> None:
        self.bed, self.office, self.folder, self.exchange = bed, office, folder, exchange
        self.network, self.clock = network, ManualClock(SystemClock().wall_ms())
        self.house = exchange.house
        payer = folder / PAYER_STORE
        self.reconciler = Reconciler(network, self.house, payer, self.clock)
        self.policy = folder / "policy.toml"
        self.moved = 0

    def wallet(self, tier: str) -> Wallet:
        one = Record.of(self.folder).wallet(NETWORK, tier).wallet
        assert one is not None
        return one

    def held(self, tier: str) -> int:
        """On the chain."""
        one = Record.of(self.folder).wallet(NETWORK, tier)
        assert one.wallet is not None
        tip = self.bed.node.call("getblockcount")
        coins = found(self.bed.node, one.wallet, 3, one.born, tip)
        return sum(each.coin.amount for each in coins)

    async def ledger(self, tier: str) -> int:
        wanted = (KINDS[tier], NETWORK, LTC)
        return -sum(
            amount_int(one.balance)
            for one in await self.house.ledger()
            if (one.kind, one.instance, one.asset) == wanted
        )

    async def fund(self) -> None:
        """Coins in both wallets; the ledger has what is there."""
        self.bed.send([Payment(0, LTC, COINS, self.wallet(tier).place(index))
                       for tier in ("warm", "cold") for index in (0, 1)])  # fmt: skip
        self.bed.mine()
        for tier in (wire.Tier.WARM, wire.Tier.COLD):
            amount = amount_bytes(self.held(tier.name.lower()))
            told = wire.Funded(NETWORK, bytes([tier]) * 32, LTC, tier, amount)
            assert await self.house.report(wire.DEPOSITS, told) == [0]
        places = {
            tier: WalletAddresses(self.wallet(tier), "rltc").text(self.wallet(tier).place(0))
            for tier in ("warm", "cold")
        } | {"hot": self.bed.chain.addresses.address(0)}
        ways = (("warm", "cold"), ("cold", "warm"), ("warm", "hot"))
        rules = (RULE.format(source=source, target=target, place=places[target])
                 for source, target in ways)  # fmt: skip
        head = 'version = 1\nneeded = 2\napprovers = ["eve", "fay", "gil"]\n'
        self.policy.write_text(head + "".join(rules))

    async def do(self, *words: str | Path, code: int = 0) -> str:
        """A command beside the running exchange."""
        return await asyncio.to_thread(lambda: self.office.do(*words, code=code))

    async def propose(self, source: str, target: str, *more: str | Path) -> Path:
        self.moved += 1
        out = self.folder / f"move-{self.moved}.json"
        words: list[str | Path] = ["propose-move", self.policy, "--network", "3", "--asset", "4"]
        words += ["--source", source, "--target", target, "--amount", str(AMOUNT)]
        words += ["--proposer", "ann", *self.keys("ann")]
        said = await self.do(*words, "--out", out, *more)
        assert f"{source} to {target}, 0.025, fee 0.000" in said
        return out

    async def sign(self, out: Path) -> str:
        """Two approve, two sign, and it is sent; the transaction's id."""
        approvals: list[Path] = []
        parts: list[Path] = []
        for name in ("eve", "gil"):
            approvals.append(self.folder / f"{out.stem}-{name}.approval")
            await self.do("approve-move", out, name, *self.keys(name), "--out", approvals[-1])
        for name in ("ann", "cyd"):
            parts.append(self.folder / f"{out.stem}-{name}.part")
            signs = ("sign-move", self.policy, out, name)
            await self.do(*signs, *approvals, *self.keys(name), "--out", parts[-1])
        said = await self.do("finish-move", out, *parts)
        (line,) = [one for one in said.splitlines() if one.startswith("transaction ")]
        return line.removeprefix("transaction ")

    def keys(self, name: str) -> tuple[str, Path]:
        return "--keys", self.office.holders / f"{name}.keys"

    async def announce(self, number: int, source: str, target: str, amount: int = AMOUNT) -> None:
        tiers = (wire.Tier[source.upper()], wire.Tier[target.upper()])
        paid, most = amount_bytes(amount), amount_bytes(FEE_MOST)
        told = wire.Announce(NETWORK, number, LTC, *tiers, paid, NOTHING, most, 3_600_000)
        assert await self.house.report(wire.DEPOSITS, told) == [0]

    async def differs(self) -> set[int]:
        """Tiers in which something does, and still does later."""
        tip = await asyncio.to_thread(self.bed.chain.tip)
        assert await self.reconciler.check(tip) == []
        if self.reconciler._reading is not None:
            told = newest(self.folder, NETWORK)
            assert told.uncompared == "their blocks are still being read"
            assert told.uncompared_why == Unmeasured.READING
            await self.reconciler._reading
            assert await self.reconciler.check(tip) == []
        assert newest(self.folder, NETWORK).uncompared == ""
        self.clock.advance(BEHIND_MS)
        return {one.tier for one in await self.reconciler.check(tip)}

    async def stopped(self) -> list[int]:
        asked = AskFold(suspensions.SUSPENSIONS, msgspec.msgpack.encode(suspensions.ListAll()))
        answer = await self.exchange.door.query(asked)
        every = msgspec.msgpack.decode(answer, type=list[Suspension])
        # The latter: coins were spent by what the payer does not know.
        reasons = (suspensions.Reason.RECONCILIATION_BREAK, suspensions.Reason.SECURITY_INCIDENT)
        return [one.terms.scope.asset for one in every if one.terms.reason in reasons]

    async def states(self) -> dict[int, int]:
        asked = ListAnnounced(is_open=False, limit=9)
        every: list[Announced] = await self.house.ask(wire.DEPOSITS, asked)
        return {one.number: one.state for one in every}


@pytest.fixture
async def desk(
    bed: UtxoBed, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    monkeypatch.setenv("FULLRESERVE_DATA", str(tmp_path))
    shutil.copy(office.data / FILE, tmp_path / FILE)
    branches = [root.public() for root in bed.roots]
    network = Network(
        network=NETWORK, kind="utxo", nodes=(bed.url,), decimals={LTC: 8},
        branches=tuple(Branch(one.key.hex(), one.code.hex()) for one in branches),
        coin=LTC, credit_after=1, unlock_after=FINAL, hrp="rltc",
        genesis=bed.terms.genesis.hex(),
    )  # fmt: skip
    networks.keep(tmp_path, [network])
    line = wire.NetworkAsset(LTC, 8, NOTHING, NOTHING, amount_bytes(1), amount_bytes(10**15), 8)
    terms = wire.DefineNetwork(NETWORK, "Litecoin", 1, FINAL, False, LTC, (line,))
    exchange = await Withdrawing.open(tmp_path, terms)
    # Commands go by the world's time.
    exchange.bed.clock.advance(SystemClock().wall_ms() - START_MS)  # type: ignore[attr-defined]
    made = Desk(bed, office, tmp_path, exchange, network)
    await made.fund()
    yield made
    await exchange.close()


async def test_an_announced_move_goes_by_commands_to_cold_and_back(desk: Desk) -> None:
    """Criterion: CUST-ANNOUNCE-2, CUST-ANNOUNCE-5. Nothing differs at any step."""
    assert await desk.differs() == set()
    for number, (source, target) in enumerate((("warm", "cold"), ("cold", "warm")), 1):
        out = await desk.propose(source, target)
        await desk.announce(number, source, target)
        assert await desk.differs() == set()
        name = await desk.sign(out)
        desk.bed.mine()
        assert await desk.differs() == set()
        assert (await desk.states())[number] == AnnouncedState.SEEN
        early = await desk.do("post-move", out, name, code=1)
        assert f"1 of {FINAL} confirmations" in early
        desk.bed.mine(FINAL - 1)
        # An announcement of the same terms that is made later is another move's.
        for first in ("The ledger has it.", "The ledger had that transaction already."):
            posted = await desk.do("post-move", out, name)
            assert f"{first}\nAnnounced move {number} has ended with it." in posted
            await desk.announce(10 + number, source, target)
        assert (await desk.states())[10 + number] == AnnouncedState.ANNOUNCED
        assert (await desk.states())[number] == AnnouncedState.POSTED
        assert await desk.differs() == set()
        for tier in (source, target):
            assert await desk.ledger(tier) == desk.held(tier)
    assert await desk.stopped() == []


@pytest.mark.parametrize("amount", [0, AMOUNT - 100_000], ids=["unannounced", "another-amount"])
async def test_any_other_move_suspends_and_is_posted_as_such(desk: Desk, amount: int) -> None:
    """Criterion: CUST-ANNOUNCE-2, CUST-ANNOUNCE-5"""
    if amount:
        await desk.announce(1, "warm", "cold", amount)
    out = await desk.propose("warm", "cold")
    name = await desk.sign(out)
    desk.bed.mine()
    assert await desk.differs() == {wire.Tier.WARM, wire.Tier.COLD}
    assert await desk.stopped() == [LTC]
    desk.bed.mine(FINAL - 1)
    assert "It had not been announced" in await desk.do("post-move", out, name)
    assert await desk.differs() == set()
    # Nor is it what is announced from now on.
    await desk.announce(2, "warm", "cold")
    assert "It had not been announced" in await desk.do("post-move", out, name)
    assert set((await desk.states()).values()) <= {AnnouncedState.ANNOUNCED}


async def test_what_hangs_is_overtaken_and_ended_by_commands(desk: Desk) -> None:
    """Criterion: CUST-HANG-3, CUST-HANG-4. Its coins are spent by `--instead-of`, then it ends."""
    low, most = amount_bytes(1_000_000), amount_bytes(9_000_000)
    marks = Marks(NETWORK, LTC, low, amount_bytes(2_000_000), most, amount_bytes(1_000), most, most)
    assert await desk.house.report(TIER_MOVES, SetMarks(marks)) == [0]
    record = Record.of(desk.folder)
    terms = Terms(desk.network, moves.load(desk.policy, record), ())
    worker = Refilling(desk.folder, desk.house, desk.exchange.bed.clock, terms)
    for _ in range(2):
        await worker.round()
    asked = ListMoves(is_open=True, limit=9)
    (hangs,) = await desk.house.ask(TIER_MOVES, asked)
    assert hangs.state == MoveState.BOUND
    number = str(hangs.number)
    assert "has no such move" in await desk.do("end-move", "999999", code=1)
    assert "still be signed, for " in await desk.do("end-move", number, code=1)
    handed = desk.folder / "custody-moves" / f"{number}.move"
    out = await desk.propose("warm", "hot", "--instead-of", handed)
    both = [msgspec.json.decode(one.read_bytes(), type=Proposal).spend for one in (handed, out)]
    first, other = ([coin.outpoint() for coin in one.inputs] for one in both if one is not None)
    assert set(first) <= set(other)
    name = await desk.sign(out)
    assert "still be signed" in await desk.do("end-move", number, code=1)
    desk.bed.mine()
    assert f"1 of {FINAL} blocks deep" in await desk.do("end-move", number, code=1)
    desk.bed.mine(FINAL - 1)
    unagreed = await desk.do("end-move", number, code=1)
    assert f"{name} took its coins" in unagreed
    assert "two operators have to agree first" in unagreed
    assert await desk.house.report(TIER_MOVES, GiveUp(hangs.number)) == [0]
    assert "this was a dry run" in await desk.do("end-move", number, "--dry-run")
    # By a holder's copy as well, where the worker's own files are lost.
    copied = desk.folder / "copy.move"
    shutil.copy(handed, copied)
    shutil.rmtree(desk.folder / "custody-moves")
    assert "name a holder's copy" in await desk.do("end-move", number, code=1)
    said = await desk.do("end-move", number, "--move-file", copied)
    assert "It has ended: overtaken." in said
    ended: Move | None = await desk.house.ask(TIER_MOVES, GetMove(hangs.number))
    assert ended is not None
    assert ended.state == MoveState.OVERTAKEN
    assert "it has ended already: overtaken" in await desk.do("end-move", number, code=1)


async def test_what_a_rotation_cost_is_charged_to_its_tier_once(desk: Desk) -> None:
    """Criterion: CUST-CHARGE-1, CUST-POST-3. The ledger has what the chain has."""
    job = desk.folder / "rotate.json"
    before, cards = desk.held("warm"), desk.office.cards
    await asyncio.to_thread(desk.office.make_keys, ["hal"])
    words = ("replace-holder", "bob", cards / "hal.json", "--person", "9")
    await desk.do(*words, "--out", job)
    made = desk.folder / "rotate-3-warm.json"
    parts = []
    for name in ("ann", "dan"):
        parts.append(desk.folder / f"{name}.part")
        given = (*desk.keys(name), "--card", cards / "hal.json")
        await desk.do("sign", made, name, *given, "--out", parts[-1])
    said = await desk.do("finish", made, *parts)
    desk.bed.mine()
    fee = before - desk.held("warm")
    assert 0 < fee < FEE_MOST
    (name,) = [word for word in said.split() if len(word) == 64 and _is_paid(desk, word)]
    charge = ("charge-tier", "3", "warm", name)
    assert f"1 of {FINAL} confirmations" in await desk.do(*charge, code=1)
    desk.bed.mine(FINAL - 1)
    # Each node is asked, and the second has none of these blocks yet.
    both = (desk.bed.url, desk.bed.other_url)
    networks.keep(desk.folder, [msgspec.structs.replace(desk.network, nodes=both)])
    assert "does not show that transaction" in await desk.do(*charge, code=1)
    desk.bed.agree()
    said = await desk.do(*charge)
    assert f"The ledger has it.\nIts fee was {fee} of asset 4." in said
    assert await desk.ledger("warm") == desk.held("warm")
    # A transaction that the ledger has posts nothing, and looks like no success.
    refused = await desk.do(*charge, code=1)
    assert "the ledger has that transaction already: nothing was posted" in refused
    funds = ("fund-tier", "3", "warm", "4", str(desk.held("warm")), name)
    assert "brought nothing of asset 4 from outside" in await desk.do(*funds, code=1)
    assert await desk.ledger("warm") == desk.held("warm")
    assert await desk.ledger("cold") == desk.held("cold")
    unknown = await desk.do("charge-tier", "9", "warm", name, code=1)
    assert "network 9 is not in custody.json" in unknown


async def test_a_strangers_coins_are_booked_as_the_nodes_show_them(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: CHAINS-GIFT-1, CUST-FUND-1, CUST-POST-3, CUST-ALLOT-1. Our own moves are none."""
    store = Store(desk.folder / "watcher.sqlite")
    gifts = Gifts(desk.network, store, desk.house, salt_of(desk.folder), desk.folder)
    watcher = Watcher(desk.network, store, desk.house, salt_of(desk.folder), gifts=gifts)
    await watcher.round()
    await desk.sign(await desk.propose("warm", "cold"))
    desk.bed.mine()
    await watcher.round()
    assert store.gifts.all(NETWORK) == []
    warm, hot = desk.wallet("warm").place(1), desk.network.addresses().place(0)
    both = [Payment(0, LTC, amount, place) for amount, place in ((COINS, warm), (7_000, hot))]
    desk.bed.send(both)
    desk.bed.mine()
    await watcher.round()
    given = {one.tier: one for one in store.gifts.all(NETWORK)}
    assert {tier: one.amount for tier, one in given.items()} == {
        wire.Tier.WARM: COINS,
        wire.Tier.HOT: 7_000,
    }
    name, before = given[wire.Tier.HOT].txid.hex(), await desk.ledger("warm")
    book = ("fund-tier", "3", "warm", "4", str(COINS), name, "--unasked")
    assert f"1 of {FINAL} confirmations" in await desk.do(*book, code=1)
    desk.bed.mine(FINAL - 1)
    wrong = ("fund-tier", "3", "warm", "4", str(COINS + 1), name)
    said = f"it brought {COINS} of asset 4 to the warm tier, not {COINS + 1}"
    assert said in await desk.do(*wrong, code=1)
    for tier, why in (("cold", "brought nothing of asset 4 from outside"),):
        assert why in await desk.do("fund-tier", "3", tier, "4", "5", name, code=1)
    nobody = await desk.do("fund-tier", "3", "warm", "4", "5", "cd" * 32, code=1)
    assert "does not show that transaction" in nobody
    assert await desk.ledger("warm") == before
    assert "The ledger has it." in await desk.do(*book)
    assert await desk.ledger("warm") == before + COINS
    assert "nothing was posted" in await desk.do(*book, code=1)
    assert [one.tier for one in await gifts.open()] == [wire.Tier.HOT]
    assert "The ledger has it." in await desk.do("fund-tier", "3", "hot", "4", "7000", name)
    assert await gifts.open() == []
    # What came unasked is somebody's to be told; the house's own is not.
    assert await unallotted(desk) == [(wire.Tier.WARM, COINS)]
    store.close()
    assert "coins that nobody asked for" in capsys.readouterr().out


async def unallotted(desk: Desk) -> list[tuple[int, int]]:
    """Tier and amount of what the ledger owes to nobody known, the largest first."""
    found: list[Unallotted] = await desk.house.ask(wire.DEPOSITS, ListUnallotted(100))
    return [(one.terms.tier, amount_int(one.left)) for one in found]


async def test_all_that_strangers_sent_to_a_tier_is_booked_by_one_command(desk: Desk) -> None:
    """Criterion: CHAINS-GIFT-6, CUST-FUND-2. What every node shows, once it is final."""
    store = Store(desk.folder / WATCHER_STORE)
    gifts = Gifts(desk.network, store, desk.house, salt_of(desk.folder), desk.folder)
    watcher = Watcher(desk.network, store, desk.house, salt_of(desk.folder), gifts=gifts)
    await watcher.round()
    exchanges: list[int] = []
    told = Node.calls

    def counted(self: Node, asked: Sequence[tuple[str, Sequence[object]]]) -> list[object]:
        exchanges.append(len(asked))
        return told(self, asked)

    place, each = desk.wallet("warm").place(1), 120 * 10**8
    amounts = [each, *range(100_001, 100_006)]
    raw = desk.bed.send([Payment(0, LTC, amount, place) for amount in amounts[:1]])
    inputs = len(read_transaction(raw).spends)
    for amount in amounts[1:]:
        desk.bed.send([Payment(0, LTC, amount, place)])
    desk.bed.mine()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Node, "calls", counted)
        await watcher.round()
    assert (inputs > 2, len(exchanges)) == (True, 1)
    assert sorted(one.amount for one in store.gifts.all(NETWORK)) == sorted(amounts)
    before = await desk.ledger("warm")
    book = ("fund-tier", "3", "warm", "4", "--unasked")
    said = await desk.do(*book)
    assert "The ledger has 0 more: 0 of asset 4 in the warm tier." in said
    assert f"{len(amounts)} more are not final yet" in said
    desk.bed.mine(FINAL - 1)
    # One that no node shows as it was kept is left out.
    false = store.gifts.all(NETWORK)[0]._replace(name=b"f" * 32)
    store.gifts.keep(NETWORK, false)
    said = await desk.do(*book, "--least", str(each))
    assert f"The ledger has 1 more: {each} of asset 4" in said
    said = await desk.do(*book)
    assert f"The ledger has {len(amounts) - 1} more: {sum(amounts) - each} of asset 4" in said
    assert "1 more are not final yet" in said
    assert await desk.ledger("warm") == before + sum(amounts)
    assert "The ledger has 0 more: 0 of asset 4" in await desk.do(*book)
    assert await desk.ledger("warm") == before + sum(amounts)
    assert [(one.number, one.amount) for one in await gifts.open()] == [(1, false.amount)]
    owed = sorted((wire.Tier.WARM, one) for one in amounts)
    assert sorted(await unallotted(desk)) == owed
    assert "or neither with --unasked" in await desk.do("fund-tier", "3", "warm", "4", code=1)
    only = await desk.do("fund-tier", "3", "warm", "4", "5", code=1)
    assert "name an amount and its transaction" in only
    assert "has no asset 9" in await desk.do("fund-tier", "3", "warm", "9", "--unasked", code=1)
    store.close()


async def test_nothing_but_a_fee_is_charged_to_a_tier(desk: Desk) -> None:
    """Criterion: CUST-CHARGE-2. Neither a made-up transaction, nor a move, nor another's."""
    moved = await desk.sign(await desk.propose("warm", "cold"))
    desk.bed.send([Payment(0, LTC, COINS, desk.wallet("warm").place(0))])
    desk.bed.mine(FINAL)
    height = desk.bed.node.call("getblockcount") - FINAL + 1
    block = desk.bed.node.call("getblock", desk.bed.node.call("getblockhash", height))
    (others,) = set(block["tx"][1:]) - {moved}
    before = await desk.ledger("warm"), await desk.ledger("cold")
    for name, why in (
        ("ab" * 32, "does not show that transaction"),
        (moved, f"pays {AMOUNT} elsewhere than to the warm tier: that is no fee"),
        (others, "its input 0, of"),
        (moved + "a", "a transaction is 64 hexadecimal digits; here are 65"),
        ("z" + moved[1:], "a transaction is 64 hexadecimal digits, not 'z"),
    ):
        assert why in await desk.do("charge-tier", "3", "warm", name, code=1)
    assert "is none of the cold tier's" in await desk.do("charge-tier", "3", "cold", moved, code=1)
    networks.keep(desk.folder, [msgspec.structs.replace(desk.network, nodes=())])
    assert "has no node" in await desk.do("charge-tier", "3", "warm", moved, code=1)
    assert (await desk.ledger("warm"), await desk.ledger("cold")) == before


def _is_paid(desk: Desk, name: str) -> bool:
    """Whether a word is the id of a transaction in the newest block."""
    block = desk.bed.node.call("getblock", desk.bed.node.call("getbestblockhash"))
    return name in block["tx"]
