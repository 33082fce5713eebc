"""Goal: a hot signer on another machine, with nothing of the exchange's but its own copies of the
public files, pays; and nobody is told who has no business with it. Method: anvil, the exchange's
folds and payer, its desk and the signer as processes with a data folder each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from fullreserve import cli
from fullreserve.clock import ManualClock, SystemClock
from fullreserve.custody import keyfile, networks, nodes
from fullreserve.custody.addresses import checksummed
from fullreserve.custody.destinations import Destinations
from fullreserve.custody.exchange_view import LocalView
from fullreserve.custody.house import House
from fullreserve.custody.keys import card, moves, tls, view_wire
from fullreserve.custody.keys.decided_moves import intent_of
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.record import FILE as RECORD
from fullreserve.custody.keys.record import Entry, Record, TierWallet
from fullreserve.custody.keys.remote_view import RemoteView
from fullreserve.custody.keys.tier_signer import Answer, Proposal
from fullreserve.custody.keys.tls import Listener, NotTrusted
from fullreserve.custody.keys.tls_door import Side
from fullreserve.custody.keys.view_wire import AskMove, AskWithdrawals, Told
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.paying import STORE, Paying
from fullreserve.custody.signer_desk import RATE, RATE_MS, TURNS, SignerDesk
from fullreserve.custody.signer_wire import Answer as HotAnswer
from fullreserve.custody.signer_wire import ShowKeys, Spec, content_of
from fullreserve.custody.signing import LANE, branch_name
from fullreserve.custody.store import Store
from fullreserve.custody.tiers.safe import SafeTransaction
from fullreserve.door.protocol import Unavailable
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.tier_moves_wire import TIER_MOVES, Move, MoveState
from fullreserve.exchange.products.withdrawal_state import WithdrawalState
from fullreserve.exchange.wire.commands import amount_bytes
from tests.bed import BTC, USDT, turn
from tests.integration.custody.elsewhere import (
    PASSPHRASE,
    SIGNER,
    Apart,
    Ceremony,
    Process,
    append_strangers,
)
from tests.integration.custody.holders import people
from tests.integration.custody.outsiders import COIN, TERMS, EvmBed
from tests.integration.custody.test_signer import NETWORK as NUMBER
from tests.integration.custody.test_signer import TERMS as PLAIN
from tests.integration.custody.test_signer import network as plain_network
from tests.integration.custody.withdrawing import NOTHING, START_MS, Withdrawing

NETWORK, CHAIN = 1, 31_379
AMOUNT, ROUNDS = 7_000_000, 100
LARGE = amount_bytes(10**15)


@pytest.fixture
def bed() -> Iterator[EvmBed]:
    made = EvmBed(CHAIN, USDT)
    yield made
    made.close()


class Paid:
    """An exchange that pays from lanes whose keys are a signer's elsewhere."""

    def __init__(self, apart: Apart, bed: EvmBed, exchange: Withdrawing, served: Network) -> None:
        self.apart, self.bed, self.exchange = apart, bed, exchange
        home, clock = apart.home, ManualClock(START_MS)
        self.store = Store(home / STORE)
        places = Destinations(exchange.vault)
        self.paying = Paying(served, self.store, exchange.house, places, home, clock)
        self._asked = 0

    @property
    def exchange_print(self) -> str:
        """Of the exchange's certificate."""
        return Record.of(self.apart.ceremony.folder).state.certificates["exchange"]

    async def ask(self) -> tuple[int, bytes]:
        """A withdrawal, and the account that it goes to."""
        self._asked += 1
        target = self._asked.to_bytes(20, "big")
        return await self.exchange.ask(NETWORK, USDT, AMOUNT, checksummed(target)), target

    async def state(self, number: int, rounds: int = ROUNDS) -> int:
        """Once it is paid, or after so many rounds of the payer."""
        for _ in range(rounds):
            await self.paying.round()
            state = (await self.exchange.found(number)).state
            if state == WithdrawalState.SUCCESS:
                return state
            self.bed.mine()
        return state

    def holds(self, account: bytes) -> int:
        """Of the token, by the node."""
        data = b"\x70\xa0\x82\x31" + account.rjust(32, b"\0")
        call = {"to": "0x" + self.bed.token.hex(), "data": "0x" + data.hex()}
        return int(self.bed.node.call("eth_call", call, "latest"), 16)


def served_by(bed: EvmBed, *signers: str) -> Network:
    branch = bed.root.public()
    return Network(
        network=NETWORK, kind="evm", nodes=(bed.url,),
        branches=(Branch(branch.key.hex(), branch.code.hex()),), coin=COIN,
        decimals={COIN: 18, USDT: 6}, chain_id=CHAIN, tokens={USDT: bed.token.hex()},
        credit_after=TERMS.credit_after, unlock_after=TERMS.unlock_after,
        lanes=tuple(one.hex() for one in bed.keys), signers=signers,
    )  # fmt: skip


PORT = nodes.free_port()


@pytest.fixture
async def paid(bed: EvmBed, tmp_path: Path) -> AsyncIterator[Paid]:
    """The keys of all lanes are ann's, on port PORT; the exchange asks her by TLS alone."""
    ceremony = Ceremony(tmp_path / "ceremony")
    ceremony.hold("ann", "payer", "exchange")
    async with Apart(tmp_path, ceremony) as apart:
        served = served_by(bed, f"tls:ann@127.0.0.1:{PORT}")
        networks.keep(apart.home, [served])
        ceremony.give(apart.home, "payer", "exchange")
        own = apart.away("ann", [served])
        secrets = {f"{LANE}{n}": key.secret for n, key in enumerate(bed.keys.values())}
        secrets[branch_name(NETWORK)] = bed.root.secret + bed.root.code
        keyfile.seal(own / "keys", secrets, PASSPHRASE)
        assets = [
            wire.NetworkAsset(asset, digits, NOTHING, NOTHING, NOTHING, LARGE, 6)
            for asset, digits in ((USDT, 6), (COIN, 18))
        ]
        terms = wire.DefineNetwork(NETWORK, "ERC20", 2, 3, False, COIN, tuple(assets))
        exchange = await Withdrawing.open(apart.home, terms)
        made = Paid(apart, bed, exchange, served)
        yield made
        made.store.close()
        await exchange.close()


async def test_a_signer_with_a_folder_of_its_own_pays(paid: Paid) -> None:
    """Either side may be killed and come again. Criterion: CUST-FAR-1, CUST-FAR-4."""
    apart, tokens = paid.apart, AMOUNT * 10**6 // 10**8
    signer = await apart.signer("ann", PORT)  # before there is an exchange
    number, target = await paid.ask()
    assert await paid.state(number, 2) != WithdrawalState.SUCCESS
    desk = await apart.desk()
    assert await paid.state(number) == WithdrawalState.SUCCESS
    assert paid.holds(target) == tokens
    await signer.kill()
    number, target = await paid.ask()
    assert await paid.state(number, 2) != WithdrawalState.SUCCESS
    await desk.kill()
    await apart.signer("ann", PORT)
    await apart.desk()
    assert await paid.state(number) == WithdrawalState.SUCCESS
    assert paid.holds(target) == tokens
    own = {name for name in names_in(apart.folder / "ann") if "sqlite" not in name}
    wanted = {"custody.json", "custody-keys.jsonl", "custody-certificates", "keys", "own.sock"}
    assert own == {*wanted, "custody-taken-ann"}


async def test_a_signer_pays_by_no_record_with_another_exchange(
    paid: Paid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it runs and as it starts, until its owner takes one. Criterion: CUST-EXCHANGE-3."""
    apart, copy = paid.apart, paid.apart.folder / "ann" / RECORD
    stranger = Ceremony(tmp_path / "stranger")
    stranger.hold("exchange")
    signer = await apart.signer("ann", PORT, "the first record is taken")
    await signer.until("signer serves")
    assert f"certificate {paid.exchange_print}" in signer.said
    await apart.desk()
    kept = append_strangers(copy, stranger)
    number, target = await paid.ask()
    assert await paid.state(number, 2) != WithdrawalState.SUCCESS
    assert "entry 2 (ceremony): it names the" in await signer.until("refused by TLS")
    await signer.kill()
    signer = await apart.signer("ann", PORT, "")
    assert await signer.ended() == 1
    assert f"and not of certificate {paid.exchange_print} as before" in signer.said
    assert "ann has not taken the record" in signer.said
    copy.write_bytes(kept)
    signer = await apart.signer("ann", PORT)
    assert "the first record" not in signer.said
    assert await paid.state(number) == WithdrawalState.SUCCESS
    assert paid.holds(target) == AMOUNT * 10**6 // 10**8
    # A key that was lost is followed by one that its owner has named.
    apart.ceremony.hold("exchange")
    apart.ceremony.give(apart.home, "payer", "exchange")
    monkeypatch.setenv("FULLRESERVE_DATA", str(apart.folder / "ann"))
    take = ["custody", "take-record", str(apart.home / RECORD), "ann"]
    number, target = await paid.ask()
    assert await paid.state(number, 2) != WithdrawalState.SUCCESS
    assert cli.main(take) == 1
    assert await paid.state(number, 2) != WithdrawalState.SUCCESS
    assert cli.main([*take, "--exchange", paid.exchange_print]) == 0
    assert await paid.state(number) == WithdrawalState.SUCCESS
    assert paid.holds(target) == AMOUNT * 10**6 // 10**8


@pytest.mark.parametrize("names", [("payer",), ("payer", "exchange"), ("exchange",)])
async def test_a_running_signer_answers_nobody_by_a_forged_copy(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    """Not its proof of an address either. Criterion: CUST-EXCHANGE-4."""
    ceremony, stranger = Ceremony(tmp_path / "ceremony"), Ceremony(tmp_path / "stranger")
    ceremony.hold("ann", "payer", "exchange")
    stranger.hold(*names)
    async with Apart(tmp_path, ceremony) as apart:
        own, port = apart.away("ann", [plain_network()]), nodes.free_port()
        keyfile.seal(own / "keys", {f"{LANE}0": b"\x07" * 32}, PASSPHRASE)
        signer = await apart.signer("ann", port)

        async def shows(folder: Path, name: str = "payer") -> bool:
            """Whether it shows its keys to who has this certificate."""
            side = Side(folder, name, serves=False).now()
            where = tls.Endpoint("ann", "127.0.0.1", port)
            asked = msgspec.json.encode(ShowKeys(NUMBER, b"\x01" * 32))
            try:
                told = await asyncio.to_thread(tls.ask, where, *side, asked)
            except OSError:  # it closes before any TLS
                return False
            assert not msgspec.json.decode(told, type=HotAnswer).refusal
            return True

        ceremony.give(apart.home, "payer")
        assert await shows(apart.home)
        kept = append_strangers(own / RECORD, stranger)
        forged = {}
        for name in names:
            forged[name] = tmp_path / f"as-{name}"
            forged[name].mkdir()
            stranger.give(forged[name], name)
            (forged[name] / RECORD).write_bytes((own / RECORD).read_bytes())
            assert not await shows(forged[name], name)
        assert not await shows(apart.home)
        assert "entry 2 (ceremony): it names the certificate" in await signer.until("refused by")
        (own / RECORD).write_bytes(kept)
        assert await shows(apart.home)
        # What proves itself needs nobody who takes it: a certificate of the same key.
        for name in ("payer", "exchange"):
            ceremony.renew(name)
            ceremony.give(own)
            assert await shows(apart.home)  # the one before, which counts until it ends
            ceremony.give(apart.home, "payer")
            assert await shows(apart.home)
        for name, folder in forged.items():
            assert not await shows(folder, name)


WALLET = TierWallet(NUMBER, "warm", "safe", 2, ("bob", "cyd"))


class Desk:
    """The desk over the exchange of `test_signer`, asked by names and by certificates."""

    server: asyncio.Server

    def __init__(self, apart: Apart, exchange: Withdrawing) -> None:
        self.apart, self.exchange = apart, exchange
        self.clock = ManualClock(START_MS)
        served = msgspec.structs.replace(plain_network(), signers=("tls:ann@h:1", "here.sock"))
        other = msgspec.structs.replace(served, network=9, signers=("tls:eve@h:1",))
        self.side = Side(apart.home, "exchange", serves=True)
        view = LocalView(House(exchange.door), Destinations(exchange.vault))
        self.desk = SignerDesk(view, [served, other], self.side.record, self.clock)
        self.listener = Listener(self.desk.answer, self.side.now, SystemClock(),
                                 view_wire.QUESTION_MAX)  # fmt: skip

    def stop(self) -> None:
        self.server.close()

    async def told(self, name: str, question: bytes | msgspec.Struct) -> Told:
        asked = question if isinstance(question, bytes) else msgspec.json.encode(question)
        return view_wire.decode_told(await self.desk.answer(name, asked))

    def view(self, name: str) -> RemoteView:
        """As who has this name's certificate sees it."""
        folder = self.apart.folder / name
        folder.mkdir(exist_ok=True)
        self.apart.ceremony.give(folder, name)
        side = Side(folder, name, Ceremony.phrase(name), serves=False)
        return RemoteView(side, f"tls:exchange@127.0.0.1:{self.apart.port}")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    ceremony = Ceremony(tmp_path / "ceremony")
    names = ("ann", "bob", "eve", "mal", "payer", "exchange")
    cards = [card.make(one.device, one.name, "file") for one in people(3)]
    ceremony.hold(*names, wallets=(WALLET,), cards=cards)
    async with Apart(tmp_path, ceremony) as apart:
        ceremony.give(apart.home, "payer", "exchange")
        exchange = await Withdrawing.open(apart.home, PLAIN)
        made = Desk(apart, exchange)
        made.server = await made.listener.listen("127.0.0.1", apart.port)
        yield made
        made.stop()
        await exchange.close()


TARGET = checksummed(b"\x33" * 20)


async def bound(desk: Desk) -> tuple[int, int]:
    """One that is to be paid, and one that waits."""
    house = desk.exchange.house
    due = await desk.exchange.ask(NUMBER, USDT, 10**8, TARGET)
    assert await house.report(wire.WITHDRAWALS, wire.Bound(due, b"\x01" * 32)) == [0]
    return due, await desk.exchange.ask(NUMBER, USDT, 10**8, TARGET)


async def test_a_signer_is_told_where_to_pay_what_is_to_be_paid_alone(desk: Desk) -> None:
    """Criterion: CUST-FAR-2. Nothing else of its owner, over the wire."""
    due, waits = await bound(desk)
    paid, open_, none = await desk.view("ann").withdrawals([due, waits, waits + 99])
    assert paid is not None
    assert (paid.number, paid.address, paid.binding) == (due, TARGET, b"\x01" * 32)
    assert open_ is not None
    assert (open_.number, open_.address, open_.binding) == (waits, "", b"")
    assert none is None
    rates = await desk.view("ann").rates([USDT, BTC, 99])
    assert rates == await desk.exchange.house.usd_rates([USDT, BTC, 99])
    assert rates
    owner = (await desk.exchange.found(due)).owner
    assert owner not in msgspec.structs.astuple(paid)


async def test_who_has_no_business_with_it_is_told_nothing(desk: Desk) -> None:
    """Criterion: CUST-FAR-3. By name, and by certificate over the wire."""
    due, _ = await bound(desk)
    for name in ("payer", "bob", "mal", "exchange", "here.sock"):
        told = await desk.told(name, AskWithdrawals((due,)))
        assert told == Told(refusal=f"{name} signs for no network that custody.json asks it for "
                            "by TLS")  # fmt: skip
    assert (
        "eve is no signer of network 1" in (await desk.told("eve", AskWithdrawals((due,)))).refusal
    )
    for name in ("payer", "bob"):
        with pytest.raises(Unavailable, match="signs for no network"):
            await desk.view(name).withdrawals([due])
    stranger = Ceremony(desk.apart.folder / "stranger")
    stranger.hold("ann", "exchange")
    folder = desk.apart.folder / "evil"
    folder.mkdir()
    stranger.give(folder, "ann")
    side = Side(folder, "ann", PASSPHRASE, serves=False)
    place = f"tls:exchange@127.0.0.1:{desk.apart.port}"
    with pytest.raises(Unavailable, match="no exchange answers"):
        await RemoteView(side, place).withdrawals([due])


async def test_holders_are_told_of_their_own_networks_moves(desk: Desk) -> None:
    """Criterion: CUST-FAR-3."""
    fold = next(one for one in desk.exchange.bed.folds if one.number == TIER_MOVES)
    for number, network in ((7, NUMBER), (8, 9)):
        one = Move(number, network, USDT, wire.Tier.HOT, wire.Tier.WARM, LARGE, 0, 1, START_MS)
        fold.state.moves[number] = one
    assert (await desk.view("bob").move(7)) == fold.state.moves[7]
    assert (await desk.view("ann").move(7)) == fold.state.moves[7]
    assert await desk.view("bob").move(99) is None
    for name, number in (("bob", 8), ("ann", 8), ("eve", 7), ("mal", 7), ("payer", 7)):
        assert (await desk.told(name, AskMove(number))).refusal


async def test_garbage_and_floods_end_nothing(desk: Desk) -> None:
    """Criterion: CUST-FAR-3. Sizes, numbers and rate are bounded."""
    for garbage in (b"", b"\xff", b"[9]", b"{}", b"[1,[1.5]]", b"[2,null]"):
        assert (await desk.told("ann", garbage)).refusal == "the question cannot be read"
    assert (await desk.told("ann", AskWithdrawals((2**70,)))).refusal
    over = tuple(range(view_wire.NUMBERS_MAX + 1))
    assert "no more than 200" in (await desk.told("ann", AskWithdrawals(over))).refusal
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.apart.port)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    assert not (await reader.read(99)).startswith(b"HTTP")
    writer.close()
    folder = desk.apart.folder / "ann"
    view = desk.view("ann")
    known = Side(folder, "ann", PASSPHRASE, serves=False).now()
    long = b" " * (view_wire.QUESTION_MAX + 1)
    where = view._where
    with pytest.raises(NotTrusted):
        await asyncio.to_thread(tls.ask, where, known.trust, known.context, long)
    desk.clock.advance(1_000)
    asked = [(await desk.told("ann", AskMove(1))).refusal for _ in range(RATE + 1)]
    assert asked == [""] * RATE + [f"ann asks for more than {RATE} in a second"]
    assert not (await desk.told("bob", AskMove(1))).refusal  # a bucket each
    desk.clock.advance(1_000)
    assert await view.move(1) is None


async def test_full_plans_that_are_signed_side_by_side_are_all_told_of(desk: Desk) -> None:
    """Refused they were asked for anew, and so for ever. Criterion: CUST-FAR-8."""
    plan = AskWithdrawals(tuple(range(900, 1_000)))
    asked = [asyncio.ensure_future(desk.told("ann", plan)) for _ in range(10)]
    for _ in range(TURNS):
        await turn(20)
        if all(one.done() for one in asked):
            break
        desk.clock.advance(RATE_MS // 10)
    told = [await one for one in asked]
    assert {(one.refusal, one.withdrawals) for one in told} == {("", (None,) * 100)}


async def test_another_certificate_is_not_taken_for_the_exchange(
    desk: Desk, tmp_path: Path
) -> None:
    """The payer's least of all. Criterion: CUST-FAR-5."""
    due, _ = await bound(desk)
    view = desk.view("ann")
    for name in ("payer", "mal"):
        folder = tmp_path / f"as-{name}"
        folder.mkdir()
        desk.apart.ceremony.give(folder, name)
        side = Side(folder, name, Ceremony.phrase(name), serves=True)
        port = nodes.free_port()
        server = await Listener(desk.desk.answer, side.now, SystemClock()).listen("127.0.0.1", port)
        there = RemoteView(view._side, f"tls:exchange@127.0.0.1:{port}")
        with pytest.raises(Unavailable, match="no exchange answers"):
            await there.withdrawals([due])
        server.close()
    for place in ("tls:payer@h:1", "exchange.sock", "tls:exchange@h"):
        with pytest.raises(NotTrusted):
            RemoteView(view._side, place)


RULE = f"""
version = 1
needed = 2
approvers = ["holder-1", "holder-2", "holder-3"]
[[rule]]
network = {NUMBER}
source = "warm"
target = "hot"
asset = {USDT}
place = "{TARGET}"
amount_max = 9000000
day_max = 9000000
fee_max = 0
standing = true
"""


async def test_a_holders_signer_elsewhere_asks_what_the_log_decided(
    desk: Desk, tmp_path: Path
) -> None:
    """`serve-holder` in a folder of its own. Criterion: CUST-FAR-7."""
    apart, own = desk.apart, desk.apart.away("bob", [plain_network()])
    (own / "policy.toml").write_text(RULE)
    device = FileDevice.create(own / "bob.keys", PASSPHRASE, ["bob"])
    Record.of(own).append(Entry(0, 0, "ceremony", "", (card.make(device, "bob", "file"),)))
    where = f"tls:exchange@127.0.0.1:{apart.port}"
    words = ("serve-holder", str(own / "policy.toml"), "bob", "--keys", str(own / "bob.keys"))
    far = ("--socket", "bob.sock", "--exchange", where)
    secret = 2 * (PASSPHRASE + b"\n")
    process = Process("fullreserve.cli", own, "custody", *words, *far, secret=secret)
    await apart.started(process).start("holder signs")
    place, lane = bytes.fromhex(TARGET[2:]), bytes(20)
    proposed = SafeTransaction(31_337, lane, 3, lane)
    now_ms = SystemClock().wall_ms()
    tiers = (wire.Tier.WARM, wire.Tier.HOT)
    move = Move(7, NUMBER, USDT, *tiers, amount_bytes(10**8), 0, 1, now_ms)
    policy = moves.load(own / "policy.toml", Record.of(own)).digest()
    proposal = Proposal(intent_of(move, plain_network(), place, policy), (), transaction=proposed)

    async def refusal() -> str:
        content = await asyncio.to_thread(
            content_of, own, "bob.sock", msgspec.json.encode(proposal)
        )
        return msgspec.json.decode(content, type=Answer).refusal

    fold = next(one for one in desk.exchange.bed.folds if one.number == TIER_MOVES)
    assert await refusal() == "the exchange has not decided and bound this move"
    bound = msgspec.structs.replace(move, state=MoveState.BOUND, binding=proposal.binding)
    fold.state.moves[7] = bound
    assert await refusal() == f"bob is no owner of the {WALLET.name}"  # so far all was right
    # A copy that somebody put in its place while it runs. Criterion: CUST-EXCHANGE-2.
    stranger = Ceremony(tmp_path / "stranger")
    stranger.hold("exchange")
    kept = append_strangers(own / RECORD, stranger)
    told = await refusal()
    assert "this side does not know the exchange: entry 3 (ceremony): it names the" in told
    assert "bob has not taken the record" in told
    (own / RECORD).write_bytes(kept)
    assert await refusal() == f"bob is no owner of the {WALLET.name}"
    desk.stop()
    assert "no exchange answers" in await refusal()


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def test_a_signer_without_a_vault_makes_none(tmp_path: Path) -> None:
    """It says what is missing. Criterion: CUST-FAR-6."""
    networks.keep(tmp_path, [plain_network()])
    keyfile.seal(tmp_path / "keys", {"lane-0": b"\x07" * 32}, PASSPHRASE)
    before = names_in(tmp_path)
    spec = Spec("one", str(tmp_path / "keys"), str(tmp_path / "one.sock"), str(tmp_path))
    word = msgspec.json.encode(spec).decode()
    process = await Process(SIGNER, tmp_path, word, secret=PASSPHRASE + b"\n").start("")
    assert await process.ended() == 1
    assert "has no identity.db, identity.key" in process.said
    assert "tls:exchange@host:port" in process.said
    assert names_in(tmp_path) == before
