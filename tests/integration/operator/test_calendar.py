"""Windows of maintenance and delistings over the API, from the proposal to what clients see."""

from __future__ import annotations

from typing import Any

from fullreserve.exchange.products.calendar_wire import DAY_MS
from fullreserve.gateway.calendar_keeper import CalendarKeeper
from fullreserve.identity.outbox import Kind
from tests.integration.operator.bed import Console
from tests.integration.rest.bed import Answer

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
