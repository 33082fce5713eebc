"""Goal: a user sees why a withdrawal waits, confirms it again in person, or cancels it.

Method: browsers before the whole application; scores come from a table whose only points are for
addresses that look like another, and the house says so of them, as a worker would.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio

from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import Enrol
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, Heed, RequirePolicy
from fullreserve.exchange.products.policy_rules import Category, Rule, Verb
from fullreserve.exchange.products.policy_wire import (
    EDITION,
    POLICY,
    Adopt,
    Found,
    Judge,
    Propose,
    SetRisk,
)
from fullreserve.exchange.products.risk_rules import (
    HOUR_MS,
    Mark,
    Points,
    RiskTable,
    Thresholds,
    Whence,
)
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    Action,
    Level,
    Mode,
    Reason,
    Scope,
    Suspend,
    Terms,
)
from fullreserve.exchange.products.withdrawal_state import EDITION as WITHDRAWALS_EDITION
from fullreserve.exchange.products.withdrawal_state import Asker, GetAsker
from fullreserve.exchange.wire.commands import AccountKey, Transfer, amount_bytes
from fullreserve.gateway import ids
from fullreserve.gateway.custody_desk import CREDENTIALS_STOP_MS, ask, say
from fullreserve.gateway.held_notices import HeldWithdrawals
from fullreserve.gateway.notices import Notices
from fullreserve.identity.address_book import LOCK_MS
from fullreserve.identity.api_key import Permission
from fullreserve.identity.approval_wait import moment
from fullreserve.identity.courier import sentence
from fullreserve.identity.denied import Denied
from fullreserve.identity.desk import Rooms
from fullreserve.identity.outbox import Kind, Outbox
from fullreserve.identity.rules import MINUTE_MS
from tests.bed import BTC, submit
from tests.integration.identity.bed import DEVICE, RULES, Browser, Town
from tests.integration.identity.test_passwords import NEW, reset
from tests.integration.rest.bed import RestBed
from tests.integration.rest.test_custody import COIN, NETWORK, ORDER, Numbers, terms

POINTS = dict.fromkeys(msgspec.structs.asdict(Points()), 0)
STEP_UP, DELAY = Thresholds(1, 9, 10), Thresholds(1, 1, 9)
# What a user is given of a decision: nothing that counts what others do.
OWN_DECISION = {
    *("wdId", "number", "category", "ageMs", "usd", "isReviewed", "verb", "version", "ts"),
    *("state", "digest"),
}


class Held:
    """A person with coins and an address in the book, on an exchange with a policy."""

    def __init__(self, town: Town, home: Browser, uid: int) -> None:
        self.town, self.home, self.uid = town, home, uid
        self.rest: RestBed = town.rest

    @classmethod
    async def open(cls, town: Town) -> Held:
        rest = town.rest
        rest.context.addresses = {NETWORK: Numbers()}
        rest.context.pays = lambda: True
        home = await town.user()
        made = cls(town, home, int((await home.get("x/session")).row["uid"]))
        await made.say(3, terms(NETWORK, "Bitcoin"))
        await made.say(WITHDRAWALS, terms(NETWORK, "Bitcoin"))
        await rest.place(rest.bob, "sell", "40000", "0.1")
        await rest.place(rest.alice, "buy", "40000", "0.1")
        source = AccountKey(chart.HOUSE, chart.TREASURY, 0)
        target = AccountKey(made.uid, chart.FUND, 0)
        number, amount = rest.door.numbers(1), amount_bytes(5 * COIN)
        await submit(
            rest.door,
            [Transfer(rest.door.gateway, number, chart.HOUSE, source, target, BTC, amount)],
        )
        for word in (Found((Rule(1, Verb.ALLOW),)), Adopt(EDITION)):
            await made.say(POLICY, word)
        await made.say(WITHDRAWALS, RequirePolicy(WITHDRAWALS_EDITION))
        desk = rest.context.desk
        book = desk.rooms.addresses
        await desk.act(book.add, made.uid, NETWORK, "addr77", "cold box", LOCK_MS)
        return made

    async def say(self, fold: int, word: msgspec.Struct) -> None:
        reply = await say(self.rest.context, fold, word)
        assert reply.code == 0, reply

    async def asked(self, thresholds: Thresholds) -> str:
        """A withdrawal that was judged to look like another address; its wdId."""
        await self.say(
            POLICY, SetRisk(RiskTable(Points(**POINTS | {"look_alike": 1}), thresholds=thresholds))
        )
        answer = await self.home.post("asset/withdrawal", **ORDER)
        assert answer.code == "0", answer.json
        await self.judged(answer.row["wdId"])
        return str(answer.row["wdId"])

    async def judged(self, text: str) -> None:
        """As the worker does it, once or once more."""
        number = ids.number(text)
        await self.say(POLICY, Judge(number, Category.BOOK, HOUR_MS, marks=Mark.LOOK_ALIKE))
        await self.say(WITHDRAWALS, Heed(number))

    async def row(self, text: str) -> dict[str, str]:
        return dict((await self.home.get("asset/withdrawal-history", f"wdId={text}")).row)


@pytest_asyncio.fixture
async def held(town: Town) -> AsyncIterator[Held]:
    yield await Held.open(town)


async def test_its_user_confirms_it_in_a_session_proven_since(held: Held) -> None:
    """Criterion: RISK-10. Not by the proof of before it, by a key, nor by anybody else."""
    number = await held.asked(STEP_UP)
    shown = await held.row(number)
    assert (shown["state"], shown["xWait"]) == ("0", "confirm")
    now_ms = held.rest.context.clock.exchange_ms()
    assert now_ms < int(shown["xUntilTs"]) <= now_ms + 4 * HOUR_MS
    listed = await held.home.get("asset/withdrawal-history", "state=0")
    assert [row["wdId"] for row in listed.data] == [number]
    status = await held.home.get("asset/deposit-withdraw-status", f"wdId={number}")
    assert status.row["state"].startswith("Waiting to be confirmed")
    confirm = ("x/withdrawals/confirm", {"wdId": number})
    assert (await held.home.post(confirm[0], **confirm[1])).code == "90006"
    other = await held.town.user("bea@example.com")
    assert (await other.post(confirm[0], **confirm[1])).code == "58215"
    bits = Permission.READ_ONLY | Permission.TRADE | Permission.WITHDRAW
    key = held.rest.vault.create_key(held.uid, "Phrase-payer", bits, "payer", ["127.0.0.1"])
    assert (await held.rest.post(confirm[0], key, confirm[1])).code in ("50006", "90011")
    held.town.clock.advance(1)
    await held.home.step_up()
    assert (await held.home.post(confirm[0], **confirm[1])).code == "0"
    again = await held.home.post(confirm[0], **confirm[1])
    assert (again.code, (await held.row(number))["xWait"]) == ("92012", "check")
    await held.judged(number)
    after = await held.row(number)
    assert (after["state"], after["xWait"], after["xUntilTs"]) == ("10", "", "")


async def test_what_is_under_review_asks_its_user_first(held: Held) -> None:
    """Criterion: RISK-18. In review mode; operators look at it once it was confirmed."""
    terms = Terms(
        Action.WITHDRAW, Scope(Level.GLOBAL), mode=Mode.REVIEW, reason=Reason.SECURITY_INCIDENT
    )
    await held.say(SUSPENSIONS, Suspend(terms))
    number = await held.asked(STEP_UP)
    shown = await held.row(number)
    assert (shown["state"], shown["xWait"]) == ("0", "confirm")
    held.town.clock.advance(1)
    await held.home.step_up()
    assert (await held.home.post("x/withdrawals/confirm", wdId=number)).code == "0"
    await held.judged(number)
    shown = await held.row(number)
    assert (shown["state"], shown["xWait"]) == ("4", "")


async def test_a_delayed_one_says_until_when_and_can_be_canceled(held: Held) -> None:
    """Criterion: RISK-10. Nothing is to be confirmed there; nor once it is over."""
    number = await held.asked(DELAY)
    shown = await held.row(number)
    now_ms = held.rest.context.clock.exchange_ms()
    assert (shown["state"], shown["xWait"]) == ("0", "delay")
    assert now_ms < int(shown["xUntilTs"]) <= now_ms + 12 * HOUR_MS
    held.town.clock.advance(1)
    await held.home.step_up()
    refused = await held.home.post("x/withdrawals/confirm", wdId=number)
    assert refused.code == "92012"
    assert (await held.home.post("asset/cancel-withdrawal", wdId=number)).code == "0"
    assert (await held.row(number))["state"] == "-2"
    assert (await held.home.post("x/withdrawals/confirm", wdId=number)).code == "92012"


async def test_who_asks_twice_waits_for_both(held: Held) -> None:
    """Criterion: RISK-19. By the table that an exchange begins with; by a confirmation before."""
    await held.say(POLICY, SetRisk(RiskTable()))
    for amount in ("0.3", "0.6"):
        answer = await held.home.post("asset/withdrawal", **ORDER | {"amt": amount})
        assert answer.code == "0", answer.json
        await held.judged(answer.row["wdId"])
        assert (await held.row(answer.row["wdId"]))["xWait"] == "delay"


async def test_what_is_not_confirmed_in_time_comes_back(held: Held) -> None:
    """Criterion: RISK-10. With the code of risk control; an old session's proof came too late."""
    number = await held.asked(STEP_UP)
    held.town.clock.advance(4 * HOUR_MS)
    await held.home.step_up()
    assert (await held.home.post("x/withdrawals/confirm", wdId=number)).code == "92012"
    await held.say(WITHDRAWALS, Heed(ids.number(number)))
    shown = await held.row(number)
    assert (shown["state"], shown["xReason"]) == ("-1", "58204")


async def whence(held: Held, who: Browser) -> Whence:
    """What the log has of who asked, of the next withdrawal."""
    answer = await who.post("asset/withdrawal", **ORDER | {"amt": "0.01"})
    assert answer.code == "0", answer.json
    found: Asker = await ask(
        held.rest.context, WITHDRAWALS, GetAsker(ids.number(answer.row["wdId"]))
    )
    return found.whence


async def test_the_log_has_for_how_long_device_and_place_are_known(held: Held) -> None:
    """Criterion: RISK-11. The first ones are new to nobody."""
    assert await whence(held, held.home) == Whence(-1, -1)
    held.town.clock.advance(MINUTE_MS)
    abroad = held.town.browser("203.0.113.9")
    assert (await abroad.sign_in()).code == "0"
    assert await whence(held, abroad) == Whence(0, 0)
    held.town.clock.advance(MINUTE_MS)
    assert await whence(held, abroad) == Whence(MINUTE_MS, MINUTE_MS)
    assert await whence(held, held.home) == Whence(-1, -1)
    # The same browser elsewhere, and a session without its device's cookie.
    held.home.address = "192.0.2.4"
    assert await whence(held, held.home) == Whence(-1, 0)
    del held.home.cookies[DEVICE]
    assert await whence(held, held.home) == Whence(0, 0)


async def test_who_has_reset_the_password_is_new_though_nobody_else_is_known(held: Held) -> None:
    """Criterion: RISK-11. A reset forgets all devices and ends all sessions."""
    thief = held.town.browser("203.0.113.9")
    assert await reset(thief) == "0"
    held.town.clock.advance(CREDENTIALS_STOP_MS)
    assert (await thief.sign_in(password=NEW)).code == "0"
    assert await whence(held, thief) == Whence(CREDENTIALS_STOP_MS, CREDENTIALS_STOP_MS)


async def test_whose_devices_have_all_ended_has_no_first_one_again(held: Held) -> None:
    """Criterion: RISK-11. Not at once: who comes back and who comes instead look alike."""
    held.town.clock.advance(RULES.device_ms)
    await held.rest.context.desk.act(Rooms.sweep, held.rest.context.desk.rooms)
    late = held.town.browser("203.0.113.9")
    assert (await late.sign_in()).code == "0"
    assert await whence(held, late) == Whence(0, 0)


async def test_the_log_has_how_old_a_key_is(held: Held) -> None:
    """Criterion: RISK-11"""
    bits = Permission.READ_ONLY | Permission.TRADE | Permission.WITHDRAW
    key = held.rest.vault.create_key(held.uid, "Phrase-payer", bits, "payer", ["127.0.0.1"])
    held.town.clock.advance(MINUTE_MS)
    answer = await held.rest.post("asset/withdrawal", key, ORDER)
    assert answer.code == "0", answer.json
    found: Asker = await ask(
        held.rest.context, WITHDRAWALS, GetAsker(ids.number(answer.row["wdId"]))
    )
    assert found.whence == Whence(key_ms=MINUTE_MS)


async def test_its_user_is_told_once_what_it_waits_for(held: Held) -> None:
    """Criterion: RISK-8, RISK-16. Also behind a kill; one that is left to people says so then."""
    context = held.rest.context
    await held.town.mail()
    first = await held.asked(STEP_UP)
    for _ in range(2):
        await Notices(context, HeldWithdrawals(context)).round()
    (told,) = await held.town.mail()
    assert (told.kind, told.email) == (Kind.WITHDRAWAL_CONFIRM, "ada@example.com")
    until = moment(int((await held.row(first))["xUntilTs"]))
    assert told.values == {"id": first, "amt": ORDER["amt"], "ccy": "BTC", "until": until}
    assert f"before {until}" in sentence(told)
    notices = Notices(context, HeldWithdrawals(context))
    held.town.clock.advance(1)
    await held.home.step_up()
    assert (await held.home.post("x/withdrawals/confirm", wdId=first)).code == "0"
    await held.judged(first)
    await notices.round()
    assert await held.town.mail() == []
    rules = (Rule(1, Verb.APPROVE, CONSOLE, 1),)
    for operator in (10_000_101, 10_000_102):
        await held.say(Approvals.number, Enrol(CONSOLE, operator))
    assert (await say(context, POLICY, Propose(rules), 10_000_101)).code == 0
    second = (await held.home.post("asset/withdrawal", **ORDER)).row["wdId"]
    await held.judged(second)
    await notices.round()
    assert [one.kind for one in await held.town.mail()] == [Kind.WITHDRAWAL_CONFIRM]
    held.town.clock.advance(1)
    await held.home.step_up()
    assert (await held.home.post("x/withdrawals/confirm", wdId=second)).code == "0"
    await held.judged(second)
    await notices.round()
    assert [one.kind for one in await held.town.mail()] == [Kind.WITHDRAWAL_REVIEW]


async def test_a_delay_says_until_when_it_can_be_canceled(held: Held) -> None:
    """Criterion: RISK-16. Nothing is noted as told where the store refuses."""
    context = held.rest.context
    number = await held.asked(DELAY)
    await held.town.mail()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Outbox, "tell_up_to", _refuse)
        with pytest.raises(Denied):
            await Notices(context, HeldWithdrawals(context)).round()
    assert await held.town.mail() == []
    await Notices(context, HeldWithdrawals(context)).round()
    (told,) = await held.town.mail()
    assert (told.kind, told.values["id"]) == (Kind.WITHDRAWAL_DELAY, number)
    assert told.values["until"] == moment(int((await held.row(number))["xUntilTs"]))


async def test_of_what_is_over_by_then_nobody_is_told(held: Held) -> None:
    """Criterion: RISK-16. As behind a start, of what was canceled while no gateway looked."""
    context = held.rest.context
    over = await held.asked(DELAY)
    number = (await held.home.post("asset/withdrawal", **ORDER)).row["wdId"]
    await held.judged(number)
    assert (await held.home.post("asset/cancel-withdrawal", wdId=over)).code == "0"
    await held.town.mail()
    await Notices(context, HeldWithdrawals(context)).round()
    assert [one.values["id"] for one in await held.town.mail()] == [number]


def _refuse(*_args: object) -> None:
    raise sqlite3.OperationalError("database or disk is full")


async def test_a_user_sees_each_decision_of_one_s_own(held: Held) -> None:
    """Criterion: POL-43. The one before the confirmation, too; nobody else sees any."""
    number = await held.asked(STEP_UP)
    town, path, query = held.town, "x/withdrawals/decisions", f"wdId={number}"
    await town.recorded()
    (waiting,) = (await held.home.get(path, query)).data
    assert (waiting["state"], waiting["verb"]) == ("confirming", "allow")
    town.clock.advance(1)
    await held.home.step_up()
    assert (await held.home.post("x/withdrawals/confirm", wdId=number)).code == "0"
    await held.judged(number)
    await town.recorded()
    found = (await held.home.get(path, query)).data
    assert [row["state"] for row in found] == ["confirming", "allowed"]
    assert found[0] == waiting
    assert all(set(row) == OWN_DECISION for row in found)
    other = await town.user("bea@example.com")
    for who, asked in ((other, number), (held.home, ids.text(999)), (held.home, "x")):
        refused = await who.get(path, f"wdId={asked}")
        assert (refused.code, refused.data) == ("58215", []), asked
    assert (await town.browser().get(path, query)).status == 401
