"""Order entry, and what history and balances say of it afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.unified.caller import SYMBOL, Desk, exercises

MAKER, TAKER = 0.0008, 0.001


@exercises(
    "createLimitOrder", "createPostOnlyOrder", "editOrder", "editOrders", "cancelOrder",
    "fetchOrder", "fetchOpenOrders", "fetchCanceledOrders",
)  # fmt: skip
async def a_limit_order_until_it_is_cancelled(desk: Desk) -> None:
    me = desk.me
    order = await me.create_limit_order(SYMBOL, "buy", 2, 90)
    found = await me.fetch_order(order["id"], SYMBOL)
    assert (found["status"], found["price"], found["amount"], found["filled"]) == ("open", 90, 2, 0)
    await me.edit_order(order["id"], SYMBOL, "limit", "buy", 3, 89)
    change = {"symbol": SYMBOL, "type": "limit", "side": "buy", "amount": 4, "price": 88}
    (edited,) = await me.edit_orders([{"id": order["id"], **change}])
    assert edited["id"] == order["id"]
    (open_one,) = await me.fetch_open_orders(SYMBOL)
    seen = open_one["id"], open_one["price"], open_one["amount"], open_one["remaining"]
    assert seen == (order["id"], 88, 4, 4)
    passive = await me.create_post_only_order(SYMBOL, "limit", "buy", 1, 90)
    assert [one["id"] for one in await me.fetch_open_orders(SYMBOL)] == [order["id"], passive["id"]]
    assert (await me.fetch_balance())["USDT"]["used"] == pytest.approx(4 * 88 + 90)
    for one in (order, passive):
        await me.cancel_order(one["id"], SYMBOL)
    assert (await me.fetch_order(order["id"], SYMBOL))["status"] == "canceled"
    assert (await me.fetch_balance())["USDT"]["used"] == 0
    ended = [one["id"] for one in await me.fetch_canceled_orders(SYMBOL)]
    assert ended == [order["id"], passive["id"]]


@exercises("createOrders", "cancelOrders", "cancelOrdersForSymbols", "cancelAllOrdersAfter")
async def many_orders_at_once(desk: Desk) -> None:
    me = desk.me
    row = {"symbol": SYMBOL, "type": "limit", "side": "buy", "amount": 1}
    made = await me.create_orders([{**row, "price": 90 - step} for step in range(4)])
    ids = [order["id"] for order in made]
    assert {order["id"] for order in await me.fetch_open_orders(SYMBOL)} == set(ids)
    gone = await me.cancel_orders(ids[:2], SYMBOL)
    assert [order["id"] for order in gone] == ids[:2]
    await me.cancel_orders_for_symbols([{"id": one, "symbol": SYMBOL} for one in ids[2:]])
    assert await me.fetch_open_orders(SYMBOL) == []
    armed = await me.cancel_all_orders_after(10_000)
    assert int(armed["data"][0]["triggerTime"]) > int(armed["data"][0]["ts"])
    assert (await me.cancel_all_orders_after(0))["data"][0]["triggerTime"] == "0"


@exercises(
    "createOrder", "createMarketOrder", "createMarketBuyOrderWithCost",
    "createMarketSellOrderWithCost", "fetchMyTrades", "fetchOrderTrades", "fetchClosedOrders",
    "fetchBalance", "fetchLedger",
)  # fmt: skip
async def fills_equal_trades_and_balances(desk: Desk) -> None:
    me, other = desk
    before = await me.fetch_balance()
    await other.create_order(SYMBOL, "limit", "sell", 5, 100)
    bought = await me.create_market_buy_order_with_cost(SYMBOL, 300)
    bid = await me.create_order(SYMBOL, "limit", "buy", 3, 100)
    await me.cancel_order(bid["id"], SYMBOL)
    partly = await me.fetch_order(bid["id"], SYMBOL)
    assert (partly["status"], partly["filled"], partly["remaining"]) == ("canceled", 2, 1)
    wanted = await other.create_order(SYMBOL, "limit", "buy", 4, 99)
    sold = await me.create_market_order(SYMBOL, "sell", 1)
    sold_for = await me.create_market_sell_order_with_cost(SYMBOL, 198)
    fills = await me.fetch_my_trades(SYMBOL)
    mine = [order["id"] for order in (bought, bid, sold, sold_for)]
    assert {fill["order"] for fill in fills} == set(mine)
    assert sum(fill["amount"] for fill in fills) == 3 + 2 + 1 + 2
    for order in mine:
        await _fills_add_up(desk, order)
    await _balances_add_up(desk, before, fills)
    closed = {order["id"] for order in await me.fetch_closed_orders(SYMBOL)}
    assert closed == {bought["id"], sold["id"], sold_for["id"]}
    left = await other.fetch_order(wanted["id"], SYMBOL)
    assert (left["status"], left["filled"], left["remaining"]) == ("open", 3, 1)


async def _fills_add_up(desk: Desk, order: str) -> None:
    """An order's amount, cost and fee are the sums of its trades."""
    whole = await desk.me.fetch_order(order, SYMBOL)
    parts = await desk.me.fetch_order_trades(order, SYMBOL)
    assert whole["filled"] == pytest.approx(sum(part["amount"] for part in parts))
    assert whole["cost"] == pytest.approx(sum(part["cost"] for part in parts))
    assert whole["fee"]["cost"] == pytest.approx(sum(part["fee"]["cost"] for part in parts))
    for part in parts:
        rate = TAKER if part["takerOrMaker"] == "taker" else MAKER
        paid_on = part["amount"] if part["side"] == "buy" else part["cost"]
        assert part["fee"]["cost"] == pytest.approx(paid_on * rate, rel=1e-4)
        assert part["fee"]["currency"] == ("SOL" if part["side"] == "buy" else "USDT")


async def _balances_add_up(desk: Desk, before: Any, fills: list[Any]) -> None:
    """What an account has is what it had, and its fills."""
    after = await desk.me.fetch_balance()
    expected = {code: before[code]["total"] for code in ("SOL", "USDT")}
    for fill in fills:
        sign = 1 if fill["side"] == "buy" else -1
        expected["SOL"] += sign * fill["amount"]
        expected["USDT"] -= sign * fill["cost"]
        expected[fill["fee"]["currency"]] -= fill["fee"]["cost"]
    for code, total in expected.items():
        assert after[code]["total"] == pytest.approx(total, abs=1e-7)
        ledger = await desk.me.fetch_ledger(code)
        changes = sum(entry["amount"] for entry in ledger)
        assert changes == pytest.approx(total - before[code]["total"], abs=1e-7)
        assert {entry["referenceId"] for entry in ledger} == {fill["order"] for fill in fills}
        assert after[code]["free"] + after[code]["used"] == pytest.approx(after[code]["total"])
