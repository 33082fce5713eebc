"""Windows of maintenance and delistings over the API, from the proposal to what clients see."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fullreserve.exchange.products.calendar_wire import DAY_MS
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    AssignAddress,
    Confirmed,
    Destination,
    Request,
    Seen,
    Tip,
)
from fullreserve.exchange.products.deposit_state import DepositState, ListDeposits
from fullreserve.exchange.products.withdrawal_state import ListWithdrawals, WithdrawalState
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.gateway.calendar_keeper import CalendarKeeper
from fullreserve.gateway.custody_desk import ask, say
from fullreserve.identity.outbox import Kind
from tests.bed import ALICE, BTC
from tests.integration.operator.bed import Console
from tests.integration.rest.bed import Answer
from tests.integration.rest.test_custody import COIN, NETWORK

MINUTE_MS = 60_000


async def agreed(console: Console, kind: str, **terms: Any) -> str:
    """A plan that two agreed on; its number."""
    made = await console.ada.act(f"propose/{kind}", **terms)
    assert (made.code, made.row["kind"]) == ("0", kind), made.json
    done = await console.bea.post("approve", proposal=made.row["proposal"])
    assert done.row["state"] == "done", done.json
    return str((await console.cleo.get("calendar")).data[0]["plan"])


async def ordered(console: Console, kind: str) -> str:
    """The code of an order of BOB's over the market."""
    rest = console.town.rest
    order = {"instId": "BTC-USDT", "tdMode": "cash", "side": "sell", "px": "50000", "sz": "0.1"}
    answer: Answer = await rest.post("trade/order", rest.bob, order | {"ordType": kind})
    return str(answer.row["sCode"])


async def test_e9_3_orders_are_refused_with_50001_until_the_pre_opening(console: Console) -> None:
    """Criterion: CAL-REST-1, CAL-MAINT-1"""
    town, keeper = console.town, CalendarKeeper(console.town.rest.context)
    begin = town.rest.context.clock.exchange_ms() + MINUTE_MS
    times = {"beginTs": begin, "preopenTs": begin + MINUTE_MS, "endTs": begin + 2 * MINUTE_MS}
    plan = await agreed(console, "maintenance", **times, instIds="BTC-USDT")
    await keeper.round()
    assert (await town.rest.get("system/status")).row["state"] == "scheduled"
    assert await ordered(console, "post_only") == "0"
    for state, shown, expected in (
        ("closed", "ongoing", {"limit": "50001", "post_only": "50001"}),
        ("preopen", "pre_open", {"limit": "51022", "ioc": "51022", "post_only": "0"}),
        ("over", "completed", {"limit": "0", "ioc": "0"}),
    ):
        town.clock.advance(MINUTE_MS)
        await keeper.round()
        assert {kind: await ordered(console, kind) for kind in expected} == expected
        (row,) = (await town.rest.get("system/status", state=shown)).data
        assert row["preOpenBegin"] == str(times["preopenTs"])
        listed = (await console.cleo.get("calendar")).row
        assert (listed["plan"], listed["state"], listed["instIds"]) == (plan, state, ["BTC-USDT"])
    assert (await console.ada.act("calendar/call-off", plan=plan)).code == "91012"


async def test_e9_2_an_asset_goes_and_its_holders_are_told(desk: Console) -> None:
    """Criterion: CAL-REST-1, CAL-DELIST-1, CAL-DELIST-2"""
    town, keeper = desk.town, CalendarKeeper(desk.town.rest.context)
    rest = town.rest
    rest.context.pays = lambda: True
    paid = await desk.cleo.act(
        "propose/correction", uid=desk.dan_uid, account="funding", ccy="BTC", amount="2",
        house="treasury", reason="deposit",
    )  # fmt: skip
    assert (await desk.ada.post("approve", proposal=paid.row["proposal"])).code == "0"
    await town.mail()
    now = rest.context.clock.exchange_ms()
    at = now + 2 * MINUTE_MS
    times = {"depositsTs": now + MINUTE_MS, "tradingTs": at, "withdrawalsTs": at + 60 * DAY_MS}
    plan = await agreed(desk, "delisting", ccy="BTC", **times)
    order = await rest.place(rest.bob, "sell", "50000", "0.1")
    await keeper.round()
    assert (await desk.cleo.get("calendar")).row["state"] == "planned"
    town.clock.advance(MINUTE_MS)
    await keeper.round()
    listed = (await desk.cleo.get("calendar")).row
    assert (listed["plan"], listed["state"], listed["depositsStopped"]) == (plan, "going", True)
    (chain,) = (await rest.get("asset/currencies", rest.alice, ccy="BTC")).data
    assert (chain["canDep"], chain["canWd"]) == (False, True)
    assert await ordered(desk, "post_only") == "0"
    town.clock.advance(MINUTE_MS)
    await keeper.round()
    ended = (await rest.get("trade/order", rest.bob, instId="BTC-USDT", ordId=order)).row
    assert (ended["state"], ended["cancelSource"]) == ("canceled", "0")
    assert (await rest.get("trade/orders-pending", rest.bob, instId="BTC-USDT")).data == []
    assert await ordered(desk, "limit") == "51022"
    listed = (await desk.cleo.get("calendar")).row
    assert "BTC-USDT" in listed["instIds"]
    assert [one["days"] for one in listed["notices"]] == ["60"]
    sent = [one for one in await town.mail() if one.kind is Kind.DELISTING]
    assert [one.values["ccy"] for one in sent] == ["BTC"]
    said = (await rest.door.health()).durable
    await keeper.round()
    assert (await rest.door.health()).durable == said
    assert [one for one in await town.mail() if one.kind is Kind.DELISTING] == []
    assert (await rest.get("asset/currencies", rest.alice, ccy="BTC")).row["canWd"] is True


async def test_notices_that_come_late_name_the_end_that_they_move(desk: Console) -> None:
    """Criterion: CAL-DELIST-3"""
    town, keeper = desk.town, CalendarKeeper(desk.town.rest.context)
    rest = town.rest
    paid = await desk.cleo.act(
        "propose/correction", uid=desk.dan_uid, account="funding", ccy="BTC", amount="2",
        house="treasury", reason="deposit",
    )  # fmt: skip
    assert (await desk.ada.post("approve", proposal=paid.row["proposal"])).code == "0"
    now = rest.context.clock.exchange_ms()
    times = {"depositsTs": now + MINUTE_MS, "tradingTs": now + 2 * MINUTE_MS}
    await agreed(desk, "delisting", ccy="BTC", **times, withdrawalsTs=now + 61 * DAY_MS)
    # Nothing was running for longer than all of it should take.
    town.clock.advance(70 * DAY_MS)
    await town.mail()
    for _ in range(6):
        await keeper.round()
    await keeper.settle()
    ends = [one.values["end"] for one in await town.mail() if one.kind is Kind.DELISTING]
    soonest = datetime.fromtimestamp((now + 71 * DAY_MS) // 1000, UTC)
    assert ends == [f"{soonest:%Y-%m-%d %H:%M} UTC"] * 4


def deposit(name: bytes, height: int) -> Seen:
    """A payment of 1 BTC to ALICE's address, in a block."""
    amount = amount_bytes(COIN)
    return Seen(NETWORK, name * 32, BTC, 1, 0, amount, 0, height, bytes([height]) * 32)


async def credited(desk: Console, name: bytes, height: int) -> str:
    """The state of a deposit that came in that block and is confirmed."""
    context = desk.town.rest.context
    for word in (
        Tip(NETWORK, height, bytes([height]) * 32, healthy=True),
        deposit(name, height),
        Tip(NETWORK, height + 1, bytes([height + 1]) * 32, healthy=True),
        Confirmed(NETWORK, name * 32, 2),
    ):
        assert (await say(context, DEPOSITS, word)).code == 0
    return await state_of_deposit(desk, name)


async def state_of_deposit(desk: Console, name: bytes) -> str:
    found = await ask(desk.town.rest.context, DEPOSITS, ListDeposits(ALICE, 0, 9))
    return str(next(one.state for one in found if one.transfer == name * 32))


async def withdrawal(desk: Console) -> int:
    """A request of ALICE's; its state."""
    context = desk.town.rest.context
    fee = amount_bytes(40_000)
    word = Request(NETWORK, BTC, amount_bytes(COIN), fee, Destination.ADDRESS_BOOK, 5)
    reply = await say(context, WITHDRAWALS, word, ALICE)
    assert reply.code == 0
    return await state_of_newest(desk)


async def state_of_newest(desk: Console) -> int:
    listed = ListWithdrawals(ALICE, 0, 1)
    one, *_ = await ask(desk.town.rest.context, WITHDRAWALS, listed)
    return int(one.state)


async def test_a_network_is_maintained_at_its_time_and_opens_by_itself(desk: Console) -> None:
    """Criterion: CAL-NET-3, CAL-NET-4. All wait; deposits are credited from the pre-opening on."""
    town, rest = desk.town, desk.town.rest
    keeper, context = CalendarKeeper(rest.context), rest.context
    context.pays = lambda: True
    assert (await say(context, DEPOSITS, AssignAddress(NETWORK), ALICE)).code == 0
    begin = context.clock.exchange_ms() + MINUTE_MS
    times = {"beginTs": begin, "preopenTs": begin + MINUTE_MS, "endTs": begin + 2 * MINUTE_MS}
    for terms, code in (
        (times | {"chain": "Nowhere"}, "51000"),
        (times | {"chain": "Bitcoin", "endTs": begin}, "51000"),
    ):
        assert (await desk.ada.act("propose/network-maintenance", **terms)).code == code
    plan = await agreed(desk, "network-maintenance", **times, chain="Bitcoin")
    await keeper.round()
    assert await withdrawal(desk) == WithdrawalState.WAITING
    (row,) = (await rest.get("system/status")).data
    assert (row["state"], row["serviceType"]) == ("scheduled", "99")
    assert row["title"] == "Maintenance of Bitcoin: deposits and withdrawals"
    for height, stage, shown, can in (
        (10, "closed", "ongoing", (False, False)),
        (20, "preopen", "pre_open", (True, False)),
        (30, "over", "completed", (True, True)),
    ):
        town.clock.advance(MINUTE_MS)
        await keeper.round()
        said = (await rest.door.health()).durable
        await keeper.round()
        assert (await rest.door.health()).durable == said
        (chain,) = (await rest.get("asset/currencies", rest.alice, ccy="BTC")).data
        assert (chain["canDep"], chain["canWd"]) == can
        assert chain["depEstOpenTime"] == ("" if can[0] else str(times["preopenTs"]))
        assert chain["wdEstOpenTime"] == ("" if can[1] else str(times["endTs"]))
        state = int(await credited(desk, bytes([height]), height))
        assert (state == DepositState.SUSPENDED) == (not can[0]), stage
        expected = WithdrawalState.WAITING if can[1] else WithdrawalState.QUEUED
        assert await state_of_newest(desk) == expected
        assert await withdrawal(desk) == expected
        (row,) = (await rest.get("system/status", state=shown)).data
        assert row["preOpenBegin"] == str(times["preopenTs"])
        listed = (await desk.cleo.get("calendar")).row
        assert (listed["plan"], listed["kind"], listed["state"]) == (plan, "network", stage)
        (public,) = (await rest.get("x/suspensions", state="all")).data
        assert [one["chain"] for one in public["maintenance"]] == ["Bitcoin"]
        assert [one["state"] for one in public["maintenance"]] == [stage]
        open_now = (await rest.get("x/suspensions")).data[0]["maintenance"]
        assert len(open_now) == (stage != "over")
    assert await state_of_deposit(desk, bytes([10])) != str(int(DepositState.SUSPENDED))
    assert (await desk.ada.act("calendar/call-off", plan=plan)).code == "91012"


async def test_a_network_s_window_that_nobody_was_there_for_stops_nothing(desk: Console) -> None:
    """Criterion: CAL-NET-4. The keeper comes back when it is over."""
    town, context = desk.town, desk.town.rest.context
    begin = context.clock.exchange_ms() + MINUTE_MS
    times = {"beginTs": begin, "endTs": begin + MINUTE_MS}
    await agreed(desk, "network-maintenance", **times, chain="Bitcoin")
    town.clock.advance(5 * MINUTE_MS)
    await CalendarKeeper(context).round()
    assert await withdrawal(desk) == WithdrawalState.WAITING
    assert (await desk.cleo.get("calendar")).row["state"] == "over"


async def test_plans_that_cannot_be_are_refused_and_one_is_called_off(console: Console) -> None:
    """Criterion: CAL-PLAN-1"""
    now = console.town.rest.context.clock.exchange_ms()
    for kind, terms, code in (
        ("maintenance", {"beginTs": now - 1, "endTs": now + 9}, "51000"),
        ("maintenance", {"beginTs": now + 9, "endTs": now + 9}, "51000"),
        ("maintenance", {"beginTs": now + 9, "endTs": now + 99, "instIds": "NO-SUCH"}, "51001"),
        ("maintenance", {"beginTs": now + 9, "endTs": 10**18}, "51000"),
        ("delisting", {"ccy": "NOPE", "tradingTs": now + 9}, "51012"),
        ("delisting", {"ccy": "BTC", "tradingTs": now - 9}, "51000"),
        ("delisting", {"ccy": "BTC", "tradingTs": now + 9, "withdrawalsTs": now + 99}, "51000"),
    ):
        assert (await console.ada.act(f"propose/{kind}", **terms)).code == code, terms
    assert (await console.cleo.act("propose/delisting", ccy="BTC", tradingTs=now + 9)).code == (
        "91020"
    )
    soon = now + 10 * MINUTE_MS
    plan = await agreed(console, "maintenance", beginTs=soon, endTs=soon + MINUTE_MS)
    assert (await console.ada.act("calendar/call-off", plan=plan)).data == []
    assert (await console.ada.act("calendar/call-off", plan=plan)).code == "91012"
    assert (await console.town.rest.get("system/status")).data == []
    going = await agreed(console, "delisting", ccy="ETH", tradingTs=soon)
    row = (await console.cleo.get("calendar")).data[0]
    assert (row["ccy"], row["depositsTs"]) == ("ETH", str(soon - 7 * DAY_MS))
    assert row["withdrawalsTs"] == str(soon + 90 * DAY_MS)
    assert (await console.ada.act("calendar/call-off", plan=going)).code == "0"
    assert (await console.cleo.get("calendar")).data[0]["state"] == "called_off"
