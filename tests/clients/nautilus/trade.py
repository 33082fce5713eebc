"""A trading node of nautilus_trader with its OKX adapter, pointed here by its settings alone.

Reads what it needs as JSON from the environment, asserts what it sees, and prints one line for each
part that holds. The adapter takes its keys and the address of its second socket from the
environment, which whoever starts this program has set.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import timedelta
from decimal import Decimal
from typing import Any

from nautilus_trader.adapters.okx import (
    OKX,
    OKXDataClientConfig,
    OKXExecClientConfig,
    OKXLiveDataClientFactory,
    OKXLiveExecClientFactory,
)
from nautilus_trader.config import (
    InstrumentProviderConfig,
    LiveExecEngineConfig,
    LoggingConfig,
    TradingNodeConfig,
)
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import Bar, OrderBookDeltas, QuoteTick, TradeTick
from nautilus_trader.model.enums import LiquiditySide, OrderSide, OrderStatus
from nautilus_trader.model.events import (
    AccountState,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
)
from nautilus_trader.model.identifiers import InstrumentId, VenueOrderId

from tests.clients.nautilus.desk import WAIT_S, Desk

INSTRUMENT = InstrumentId.from_str("BTC-USDT.OKX")
RESTING = json.loads(os.environ["FULLRESERVE_CLIENT"])["resting"]


def node(loop: asyncio.AbstractEventLoop) -> TradingNode:
    """A node with the adapter's two clients."""
    given = json.loads(os.environ["FULLRESERVE_CLIENT"])
    addresses = {
        "base_url_http": f"http://{given['http']}",
        "base_url_ws": f"ws://{given['ws']}/ws/v5/private",
    }
    both: dict[str, Any] = {
        **addresses,
        "instrument_provider": InstrumentProviderConfig(load_all=True),
    }
    settings = TradingNodeConfig(
        logging=LoggingConfig(log_level="INFO", log_colors=False),
        exec_engine=LiveExecEngineConfig(reconciliation_startup_delay_secs=0.1),
        data_clients={OKX: OKXDataClientConfig(**both)},
        exec_clients={OKX: OKXExecClientConfig(**both)},
    )
    made = TradingNode(config=settings, loop=loop)
    made.add_data_client_factory(OKX, OKXLiveDataClientFactory)
    made.add_exec_client_factory(OKX, OKXLiveExecClientFactory)
    made.build()
    return made


def ok(part: str) -> None:
    # The node's own threads log to the same pipe, and end no line of others.
    os.write(sys.stdout.fileno(), f"\nok {part}\n".encode())


def reconciliation(desk: Desk) -> None:
    """The order that was there before the node is known to it, and is the strategy's."""
    [order] = desk.cache.orders_open(instrument_id=INSTRUMENT)
    assert order.venue_order_id == VenueOrderId(RESTING["ordId"])
    assert order.client_order_id.value == RESTING["clOrdId"]
    assert order.status == OrderStatus.ACCEPTED
    assert (str(order.price), order.quantity) == (RESTING["px"], Decimal(RESTING["sz"]))
    ok("reconciliation")


def account(desk: Desk) -> None:
    """The balances are those of the trading account, less what the open order holds."""
    held = desk.portfolio.account(INSTRUMENT.venue)
    frozen = Decimal(RESTING["px"]) * Decimal(RESTING["sz"])
    total, locked = held.balance_total(USDT), held.balance_locked(USDT)
    assert (total.as_decimal(), locked.as_decimal()) == (10_000_000, frozen)
    assert held.balance_free(BTC).as_decimal() == 100
    ok("account")


async def market_data(desk: Desk) -> Decimal:
    """Every subscription delivers, and so do the requests; the bid."""
    instrument = desk.cache.instrument(INSTRUMENT)
    assert (str(instrument.price_increment), str(instrument.size_increment)) == ("0.1", "0.00001")
    quote = await desk.until(QuoteTick)
    assert 0 < quote.bid_price < quote.ask_price
    trade = await desk.until(TradeTick)
    assert trade.size > 0
    await desk.until(OrderBookDeltas)
    book = desk.cache.order_book(INSTRUMENT)
    assert book.best_bid_price() < book.best_ask_price()
    assert len(book.bids()) > 5
    bar = await desk.until(Bar)
    assert bar.low <= bar.close <= bar.high
    ok("market data")
    return quote.bid_price.as_decimal()


async def history(desk: Desk) -> None:
    """Requests for the past deliver it."""
    now = desk.clock.utc_now()
    desk.request_bars(desk.bars, start=now - timedelta(minutes=30), end=now)
    assert (await desk.until(Bar)).volume >= 0
    ok("history")


def locked(state: AccountState) -> Decimal:
    """What orders hold of the quote asset."""
    return sum(each.locked.as_decimal() for each in state.balances if each.currency == USDT)


def total(state: AccountState) -> Decimal:
    """All of the quote asset."""
    return sum(each.total.as_decimal() for each in state.balances if each.currency == USDT)


async def orders(desk: Desk, bid: Decimal) -> None:
    """A limit order is accepted, changed and canceled; one far from the market is refused."""
    instrument = desk.cache.instrument(INSTRUMENT)
    price = instrument.make_price(bid * Decimal("0.98"))
    quantity = instrument.make_qty(0.1)
    order = desk.order_factory.limit(INSTRUMENT, OrderSide.BUY, quantity, price, post_only=True)
    desk.submit_order(order)
    accepted = await desk.until(OrderAccepted)
    assert accepted.client_order_id == order.client_order_id
    changed = instrument.make_qty(0.2)
    lower = instrument.make_price(bid * Decimal("0.97"))
    desk.modify_order(order, changed, lower)
    held = Decimal(RESTING["px"]) * Decimal(RESTING["sz"]) + lower * changed
    # This version takes the push of a change for a repeated acceptance; the balance tells it.
    await desk.until(AccountState, lambda state: locked(state) == held)
    desk.cancel_order(order)
    await desk.until(OrderCanceled)
    assert order.status == OrderStatus.CANCELED
    far = instrument.make_price(bid * 3)
    refused = desk.order_factory.limit(INSTRUMENT, OrderSide.BUY, quantity, far)
    desk.submit_order(refused)
    assert "price" in (await desk.until(OrderRejected)).reason.lower()
    ok("orders")


async def fills(desk: Desk) -> None:
    """A market order is filled, and the account follows."""
    instrument = desk.cache.instrument(INSTRUMENT)
    quantity = instrument.make_qty(0.01)
    desk.submit_order(desk.order_factory.market(INSTRUMENT, OrderSide.SELL, quantity))
    made, paid = Decimal(0), Decimal(0)
    while made < quantity:
        filled = await desk.until(OrderFilled)
        fee = filled.commission.as_decimal()
        assert (filled.commission.currency, filled.liquidity_side) == (USDT, LiquiditySide.TAKER)
        assert fee > 0
        made += filled.last_qty
        paid += filled.last_qty * filled.last_px - fee
    assert made == quantity
    assert desk.cache.order(filled.client_order_id).status == OrderStatus.FILLED
    await desk.until(AccountState, lambda state: total(state) == 10_000_000 + paid)
    ok("fills")


async def script(running: TradingNode, desk: Desk) -> None:
    task = asyncio.create_task(running.run_async())
    try:
        await asyncio.wait_for(desk.started.wait(), WAIT_S)
        reconciliation(desk)
        account(desk)
        bid = await market_data(desk)
        await history(desk)
        await orders(desk, bid)
        await fills(desk)
    finally:
        await running.stop_async()
        await task


def main() -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    running = node(loop)
    desk = Desk(INSTRUMENT)
    running.trader.add_strategy(desk)
    try:
        loop.run_until_complete(script(running, desk))
    finally:
        running.dispose()


if __name__ == "__main__":
    main()
