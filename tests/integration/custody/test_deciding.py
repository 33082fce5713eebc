"""Goal: every withdrawal comes before the policy, whoever else asks for however many.

Method: the worker on duty beside an exchange that asks its policy, a round at a time; more requests
that wait for people than it looks at at once, decisions that were forgotten, files that are bad.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from fullreserve.clock import ManualClock
from fullreserve.custody import deciding, duty, holders, vendors
from fullreserve.custody.deciding import Deciding
from fullreserve.custody.destinations import Destinations
from fullreserve.custody.presence import Presence
from fullreserve.custody.setbacks import FIRST_MS, Setbacks
from fullreserve.door.protocol import Unavailable
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import policy_judging
from fullreserve.exchange.products.approval_acts import Enrol
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.policy_rules import (
    Concern,
    DecisionState,
    Rule,
    Verb,
    Webhook,
)
from fullreserve.exchange.products.policy_wire import (
    EDITION,
    POLICY,
    WRITERS,
    Adopt,
    Approve,
    Confirm,
    Decide,
    Decision,
    Found,
    GetDecision,
    ListAssessments,
    ListConcerns,
    Propose,
    ProposeRisk,
    Refused,
    SetRisk,
)
from fullreserve.exchange.products.risk_rules import (
    HOUR_MS,
    Assessment,
    Mark,
    Points,
    Reason,
    RiskTable,
    Thresholds,
)
from fullreserve.exchange.products.withdrawal_state import EDITION as EDITION_OF_WITHDRAWALS
from fullreserve.exchange.products.withdrawal_state import (
    ListUndecided,
    Undecided,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.worker_files import SETBACKS, Setback
from tests.bed import ALICE, BOB, BTC, until
from tests.integration.custody.withdrawing import COIN, NOTHING, Withdrawing
from tests.unit.custody.vendor_service import SECRET, Remote
from tests.unit.exchange.policy_world import facts

CHAIN = 1
ADA = 10_000_011
TENTH = COIN // 10
RULES = (
    Rule(1, Verb.ALLOW, most_usd=10_000 * 10**8),
    Rule(2, Verb.APPROVE, CONSOLE, 1, most_usd=1_000_000 * 10**8),
    Rule(3, Verb.APPROVE, CONSOLE, 2, most_usd=5_000_000 * 10**8),
)


class Judged:
    """ALICE's withdrawals: a tenth of a coin goes by itself, a whole one waits for a person."""

    def __init__(self, folder: Path, exchange: Withdrawing) -> None:
        self.exchange = exchange
        assert isinstance(exchange.bed.clock, ManualClock)
        self.clock = exchange.bed.clock
        self.folder = folder
        self.start()

    @classmethod
    async def open(cls, folder: Path) -> Judged:
        line = wire.NetworkAsset(BTC, 8, NOTHING, NOTHING, amount_bytes(1), amount_bytes(10**15), 8)
        network = wire.DefineNetwork(CHAIN, "Bitcoin", 1, 2, False, BTC, (line,))
        made = cls(folder, await Withdrawing.open(folder, network))
        for member in (ADA, ADA + 1, ADA + 2):
            await made.exchange.say(Enrol(CONSOLE, member), chart.HOUSE, Approvals.number)
        for word in (Found(RULES), Adopt(EDITION)):
            await made.exchange.say(word, chart.HOUSE, POLICY)
        await made.exchange.say(wire.RequirePolicy(1), chart.HOUSE)
        return made

    def start(self, is_compared: Callable[[int], bool] = lambda _network: True) -> None:
        """A fresh worker, as after a start."""
        self.worker = Deciding(
            self.exchange.house,
            Destinations(self.exchange.vault),
            vendors.load(self.folder, self.clock),
            Setbacks(self.folder, self.clock),
            self.clock,
            is_compared,
        )

    async def undecided(self) -> list[Undecided]:
        found: list[Undecided] = await self.exchange.house.ask(wire.WITHDRAWALS, ListUndecided(9))
        return [one for one in found if not one.is_asked]

    async def ask(self, amount: int) -> int:
        return await self.exchange.ask(CHAIN, BTC, amount, "bc1qsomewhere")

    async def state(self, number: int) -> int:
        return (await self.exchange.found(number)).state

    async def decision(self, number: int) -> Decision | None:
        found: Decision | None = await self.exchange.house.ask(POLICY, GetDecision(number))
        return found


@pytest.fixture
async def judged(tmp_path: Path) -> AsyncIterator[Judged]:
    made = await Judged.open(tmp_path)
    yield made
    await made.exchange.close()


@pytest.fixture
def remote() -> Iterator[Remote]:
    made = Remote()
    yield made
    made.close()


async def test_requests_that_wait_for_people_hide_no_others(
    judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: POL-24. A new one is judged at once, an approved one in its turn."""
    monkeypatch.setattr(deciding, "LOOKED_AT", 3)
    waiting = [await judged.ask(COIN) for _ in range(8)]
    for _ in range(4):
        await judged.worker.round()
    assert [await judged.state(number) for number in waiting] == [4] * 8
    small = await judged.ask(TENTH)
    await judged.worker.round()
    found = await judged.decision(small)
    assert found is not None
    assert found.state == DecisionState.ALLOWED
    for number in waiting:
        await judged.exchange.say(Approve(number), ADA, POLICY)
    for _ in range(4):
        await judged.worker.round()
    assert [await judged.state(number) for number in waiting] == [10] * 8


async def test_a_second_reviewer_is_waited_for_as_soon_as_the_first_has_approved(
    judged: Judged,
) -> None:
    """Criterion: POL-38. Nobody but the worker says so, and it says it once."""
    await judged.exchange.say(wire.RequirePolicy(EDITION_OF_WITHDRAWALS), chart.HOUSE)
    number = await judged.ask(50 * COIN)
    await judged.worker.round()
    assert await judged.state(number) == 4
    for who, state in ((ADA, 5), (ADA + 1, 10)):
        await judged.exchange.say(Approve(number), who, POLICY)
        await judged.worker.round()
        assert await judged.state(number) == state
        before = judged.exchange.bed.journal.head.sequence
        await judged.worker.round()
        assert judged.exchange.bed.journal.head.sequence == before


async def test_what_the_policy_has_forgotten_is_judged_again(
    judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: POL-24. It had expired behind many that were refused, and nobody had heard."""
    number = await judged.ask(COIN)
    await judged.worker.round()
    monkeypatch.setattr(policy_judging, "REFUSED_KEPT", 0)
    judged.clock.advance(4 * 3_600_000)
    await judged.exchange.say(Decide(facts(9**9, 10**9)), chart.HOUSE, POLICY)
    assert await judged.decision(number) is None
    monkeypatch.undo()
    await judged.worker.round()
    found = await judged.decision(number)
    assert found is not None
    assert (found.state, await judged.state(number)) == (DecisionState.WAITING, 4)
    await judged.exchange.say(Approve(number), ADA, POLICY)
    await judged.worker.round()
    assert await judged.state(number) == 10


async def test_a_bad_file_of_holders_stops_no_judging(judged: Judged, tmp_path: Path) -> None:
    """Criterion: POL-25. It is said once, and once more when it is right again."""
    path = tmp_path / holders.FILE
    path.write_text("{")
    clock = ManualClock()
    presence = Presence(tmp_path, judged.exchange.house, clock)
    with capture_logs() as logs:
        kept = asyncio.create_task(duty.keep(((400, judged.worker), (400, presence)), clock))
        for _ in range(3):
            number = await judged.ask(TENTH)
            async with asyncio.timeout(30):
                while await judged.decision(number) is None:
                    clock.advance(400)
                    await asyncio.sleep(0)
        path.unlink()

        async def turned() -> None:
            while len(logs) < 2:
                clock.advance(400)
                await asyncio.sleep(0)

        await asyncio.wait_for(turned(), 30)
        assert not kept.done()
        kept.cancel()
    assert [one["event"] for one in logs] == [
        "a duty cannot be done; the others are",
        "the duty is done again",
    ]
    assert (logs[0]["duty"], str(path) in logs[0]["problem"]) == ("presence", True)
    await until(kept.done)


async def test_rules_ask_the_webhook_and_one_that_is_down_lets_nothing_through(
    judged: Judged, remote: Remote, tmp_path: Path
) -> None:
    """Criterion: VENDOR-6. Asked again after a kill, the log has one decision."""
    (tmp_path / "hook.secret").write_bytes(SECRET)
    (tmp_path / "hook.secret").chmod(0o600)
    (tmp_path / vendors.FILE).write_text(
        f'[webhook]\nurl = "{remote.url}"\nsecret = "hook.secret"\ntimeout_ms = 30000\n'
    )
    for member in (ADA, ADA + 1, ADA + 2):
        await judged.exchange.say(Enrol(WRITERS, member), chart.HOUSE, Approvals.number)
    stop = Rule(9, Verb.BLOCK, webhook=Webhook.NO)
    await judged.exchange.say(Propose((stop, *RULES)), ADA, POLICY)
    judged.start()
    states = []
    for answer in ("yes", "no", "nonsense"):
        remote.answer = answer
        number = await judged.ask(TENTH)
        question = (await judged.undecided())[0]
        await judged.worker._judge(question)  # and killed before the log had the answer
        await judged.worker.round()
        found = await judged.decision(number)
        assert found is not None
        states.append((found.state, found.facts.webhook))
    assert states == [
        (DecisionState.ALLOWED, Webhook.YES),
        (DecisionState.BLOCKED, Webhook.NO),
        (DecisionState.WAITING, Webhook.DOWN),
    ]
    concerns = await judged.exchange.house.ask(POLICY, ListConcerns((number,)))
    assert concerns == [Concern.WEBHOOK_DOWN]
    assert {one["request"] for one in remote.asked if one["request"] == str(number)}


async def test_a_vendor_that_is_gone_for_ever_stops_no_withdrawal(
    judged: Judged, tmp_path: Path
) -> None:
    """Criterion: CUST-GONE-11. People let each through, until another has its place."""
    (tmp_path / "hook.secret").write_bytes(SECRET)
    (tmp_path / "hook.secret").chmod(0o600)
    for member in (ADA, ADA + 1, ADA + 2):
        await judged.exchange.say(Enrol(WRITERS, member), chart.HOUSE, Approvals.number)
    stop = Rule(9, Verb.BLOCK, webhook=Webhook.NO)
    await judged.exchange.say(Propose((stop, *RULES)), ADA, POLICY)

    def served(remote: Remote) -> None:
        text = f'[webhook]\nurl = "{remote.url}"\nsecret = "hook.secret"\ntimeout_ms = 500\n'
        (tmp_path / vendors.FILE).write_text(text)
        judged.start()

    gone, other = Remote(), Remote()
    try:
        gone.close()
        served(gone)
        for _ in range(3):
            number = await judged.ask(TENTH)
            await judged.worker.round()
            assert await judged.state(number) == 4
            await judged.exchange.say(Approve(number), ADA, POLICY)
            await judged.worker.round()
            assert await judged.state(number) == 10
        served(other)
        number = await judged.ask(TENTH)
        await judged.worker.round()
        assert await judged.state(number) == 10
    finally:
        other.close()


async def test_a_rule_that_came_while_one_was_vetted_has_the_webhook_asked(
    judged: Judged, remote: Remote, tmp_path: Path
) -> None:
    """Criterion: VENDOR-8. The word is not taken; the next round asks, and that decides."""
    remote.answer = "no"
    (tmp_path / "hook.secret").write_bytes(SECRET)
    (tmp_path / "hook.secret").chmod(0o600)
    (tmp_path / vendors.FILE).write_text(
        f'[webhook]\nurl = "{remote.url}"\nsecret = "hook.secret"\ntimeout_ms = 30000\n'
    )
    for member in (ADA, ADA + 1, ADA + 2):
        await judged.exchange.say(Enrol(WRITERS, member), chart.HOUSE, Approvals.number)
    judged.start()
    number = await judged.ask(TENTH)
    word = await judged.worker._judge((await judged.undecided())[0])
    stop = Rule(9, Verb.BLOCK, webhook=Webhook.NO)
    await judged.exchange.say(Propose((stop, *RULES)), ADA, POLICY)
    assert await judged.exchange.house.report(POLICY, word) == [Refused.WEBHOOK]
    assert (await judged.decision(number), remote.asked) == (None, [])
    await judged.worker.round()
    found = await judged.decision(number)
    assert found is not None
    assert (found.state, found.facts.webhook) == (DecisionState.BLOCKED, Webhook.NO)


async def test_one_that_cannot_be_vetted_stops_no_other(judged: Judged) -> None:
    """Criterion: POL-28. Its entry in the vault is damaged; operators see it until it is not."""
    bad = await judged.ask(TENTH)
    good = await judged.exchange.ask(CHAIN, BTC, TENTH, "bc1qelsewhere")
    db = judged.exchange.vault.store.db
    sealed = db.execute("SELECT number, sealed FROM withdrawal_addresses").fetchall()[0]
    db.execute("UPDATE withdrawal_addresses SET sealed = x'00' WHERE number = ?", sealed[:1])

    def told() -> list[Setback]:
        return msgspec.json.decode((judged.folder / SETBACKS).read_bytes(), type=list[Setback])

    with capture_logs() as logs:
        for times in (1, 2, 3):
            await judged.worker.round()
            await judged.worker.round()  # not due yet
            (one,) = told()
            assert (one.number, one.times) == (bad, times)
            assert one.problem.startswith("a row of the identity vault is damaged (")
            left_ms = one.again_ms - judged.clock.wall_ms()
            judged.clock.advance(left_ms)
    assert one.again_ms - one.since_ms == FIRST_MS * (1 + 2 + 4)
    assert [one["withdrawal"] for one in logs] == [bad]
    assert await judged.decision(bad) is None
    found = await judged.decision(good)
    assert found is not None
    db.execute("UPDATE withdrawal_addresses SET sealed = ? WHERE number = ?", sealed[::-1])
    await judged.worker.round()
    assert told() == []
    assert await judged.decision(bad) is not None


async def test_setbacks_of_what_is_over_go_however_many_wait_for_people(
    judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: POL-28. The list of what is undecided is full, and does not tell."""
    waiting = [await judged.ask(COIN) for _ in range(4)]
    await judged.worker.round()
    canceled = await judged.ask(TENTH)
    await judged.exchange.say(wire.Short(CHAIN, BTC), chart.HOUSE)
    await judged.exchange.say(wire.Cancel(canceled))
    monkeypatch.setattr(deciding, "LOOKED_AT", 1)
    setbacks = judged.worker._setbacks
    for number in (canceled, waiting[3]):
        setbacks.note(number, ValueError())
    await judged.worker.round()
    assert setbacks.numbers() == [waiting[3]]


NO_POINTS = dict.fromkeys(msgspec.structs.asdict(Points()), 0)


def scored(thresholds: Thresholds) -> SetRisk:
    """Points for look-alikes alone."""
    return SetRisk(RiskTable(Points(**NO_POINTS | {"look_alike": 1}), thresholds=thresholds))


async def look_alike(judged: Judged) -> int:
    """A withdrawal to an address that looks like one that was there before."""
    judged.exchange.book.add(ALICE, CHAIN, "bc1qabc0000000xyz", "mine", age_ms=1)
    return await judged.exchange.ask(CHAIN, BTC, TENTH, "bc1qabc1111111xyz")


async def test_the_worker_says_what_it_found_of_a_destination(judged: Judged) -> None:
    """Criterion: RISK-1, RISK-4. One address is one place, whoever has it in a book."""
    await judged.exchange.say(scored(Thresholds()), chart.HOUSE, POLICY)
    number = await look_alike(judged)
    older = await judged.exchange.ask(CHAIN, BTC, TENTH, "bc1qabc0000000xyz")
    await judged.worker.round()
    found: list[Assessment | None] = await judged.exchange.house.ask(
        POLICY, ListAssessments((number, older))
    )
    like, plain = found
    assert like is not None
    assert plain is not None
    assert (like.reasons, plain.reasons) == (((Reason.LOOK_ALIKE, 1),), ())
    judged.exchange.vault.create_user(uid=BOB)
    entry = judged.exchange.book.add(BOB, CHAIN, "bc1qabc1111111xyz", "of BOB")
    elsewhere = judged.exchange.book.add(BOB, CHAIN + 1, "bc1qabc1111111xyz", "of BOB")
    places = Destinations(judged.exchange.vault)
    assert places.place(entry) == like.place
    assert like.place not in (plain.place, places.place(elsewhere))
    assert not places.marks(BOB, entry) & Mark.LOOK_ALIKE


async def test_what_a_score_holds_goes_on_however_often_the_worker_is_killed(
    judged: Judged,
) -> None:
    """Criterion: RISK-9. Behind each of its words, and before the next."""
    killed = 0

    async def round_killed_behind(fold: int) -> None:
        nonlocal killed
        report = judged.exchange.house.report

        async def dies(to: int, *words: msgspec.Struct) -> list[int]:
            codes = await report(to, *words)
            if to == fold and words:
                raise Unavailable("killed")
            return codes

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(judged.exchange.house, "report", dies)
            with suppress(Unavailable):
                await judged.worker.round()
                killed -= 1
        killed += 1
        judged.start()

    async def rounds() -> None:
        for fold in (POLICY, wire.WITHDRAWALS, 0):
            await round_killed_behind(fold)

    await judged.exchange.say(scored(Thresholds(1, 9, 9, delay_hours=1)), chart.HOUSE, POLICY)
    number = await look_alike(judged)
    await rounds()
    assert await judged.state(number) == WithdrawalState.COOLING
    await judged.exchange.say(Confirm(number), ALICE, POLICY)
    stricter = scored(Thresholds(1, 1, 9, delay_hours=1)).table
    await judged.exchange.say(ProposeRisk(stricter), ADA, POLICY)
    await rounds()
    found = await judged.decision(number)
    assert found is not None
    assert (found.state, await judged.state(number)) == (
        DecisionState.DELAYED,
        WithdrawalState.COOLING,
    )
    judged.clock.advance(HOUR_MS)
    await rounds()
    found = await judged.decision(number)
    assert found is not None
    assert (found.state, await judged.state(number)) == (DecisionState.ALLOWED, 10)
    assert killed >= 6


async def test_a_vault_that_cannot_be_read_ends_the_duty(judged: Judged) -> None:
    """Criterion: POL-25. So that it is begun again, and opens the vault anew."""
    await judged.ask(TENTH)
    judged.exchange.vault.store.db.execute("ALTER TABLE withdrawal_addresses RENAME TO elsewhere")
    with pytest.raises(sqlite3.Error):
        await duty._problem(judged.worker)
    assert not judged.worker._setbacks.numbers()


async def test_a_fault_of_ours_in_a_duty_stops_no_other_and_an_end_ends(judged: Judged) -> None:
    """Criterion: POL-25. What says that the exchange is gone, or that all is to end, goes on up."""

    class Faulty:
        def __init__(self, problem: BaseException) -> None:
            self.problem = problem

        async def round(self) -> None:
            raise self.problem

    clock = ManualClock()
    with capture_logs() as logs:
        kept = asyncio.create_task(duty.keep(((1, Faulty(KeyError(7))), (1, judged.worker)), clock))
        number = await judged.ask(TENTH)
        async with asyncio.timeout(30):
            while await judged.decision(number) is None:
                clock.advance(1)
                await asyncio.sleep(0)
        kept.cancel()
        await until(kept.done)
    assert [one["problem"] for one in logs] == ["KeyError in round"]
    for ends in (Unavailable("gone"), SystemExit(1)):
        with pytest.raises(type(ends)):
            await duty._problem(Faulty(ends))
