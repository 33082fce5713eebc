"""The private channels: orders, fills, account, balance_and_position.

Rows of the log are durable when they arrive here, so nothing is pushed that could be lost. What an
owner's channels say is made only while somebody listens.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import structlog

from fullreserve.door.protocol import Row
from fullreserve.exchange.chart import TRADE
from fullreserve.exchange.wire.events import Balance, Order, OrderCause, Posted
from fullreserve.exchange.wire.queries import AccountState, ListBalances
from fullreserve.gateway import orders_json
from fullreserve.gateway.balances import balance_row, detail_row, trading
from fullreserve.gateway.context import Context
from fullreserve.gateway.valuation import Valuation
from fullreserve.gateway.wire import encode
from fullreserve.gateway.ws.topics import Arg, Listener, Topic
from fullreserve.marketdata import trade_ids
from fullreserve.records.overlay import fill_of

log = structlog.get_logger(__name__)

# How long until an answer that failed is asked for again.
ASK_AGAIN_MS = 1_000

# asset -> the owner's trading account in it
Accounts = dict[int, AccountState]


class Move(NamedTuple):
    """What a row did to an owner's trading accounts: their states after it."""

    accounts: Accounts
    time_ms: int
    traded: bool  # by orders alone
    fills: list[Order]


class OfOwner(Topic):
    """A channel of one owner."""

    def __init__(self, arg: Arg, uid: int, feed: PrivateFeed) -> None:
        super().__init__(arg)
        self._arg = arg
        self.uid = uid
        self._feed = feed
        feed.add(self)

    def close(self) -> None:
        self._feed.remove(self)

    def ordered(self, order: Order) -> None:
        """An order of the owner changed."""

    def moved(self, move: Move) -> None:
        """Trading accounts of the owner changed."""

    def _push_data(self, data: object) -> None:
        self.push(f'"data":[{encode(data).decode()}]')


class Orders(OfOwner):
    """`orders`: one message for each change of an order, a fill by itself."""

    def ordered(self, order: Order) -> None:
        if self._matches(order):
            last = self._feed.market.of(order.instrument).tape.last
            price = 0 if last is None else last.price
            feed = self._feed
            self._push_data(orders_json.order_push(feed.catalog, order, price, feed.valuation))

    def _matches(self, order: Order) -> bool:
        kind, name = self._arg.get("instType", "ANY"), self._arg.get("instId")
        symbol = self._feed.catalog.instruments[order.instrument].symbol
        return kind in ("ANY", "SPOT") and name in (None, symbol)


class Fills(Orders):
    """`fills`: one message for each fill."""

    def ordered(self, order: Order) -> None:
        if order.cause != OrderCause.FILLED or not self._matches(order):
            return
        fill = orders_json.fill_row(self._feed.catalog, fill_of(order))
        names = (
            "instId", "fillSz", "fillPx", "side", "ts", "ordId", "tradeId", "execType", "clOrdId",
        )  # fmt: skip
        self._push_data({name: fill[name] for name in names} | {"count": "1"})


class Positions(OfOwner):
    """`positions`: spot trading has none, and says so at the start and again at an interval."""

    def join(self, listener: Listener, time_ms: int) -> None:
        super().join(listener, time_ms)
        listener.write(self.again())

    def again(self) -> bytes:
        """That there are none."""
        return self.message('"eventType":"snapshot","curPage":1,"lastPage":true,"data":[]')


class Balances(OfOwner, ABC):
    """A channel that starts with all of an owner's balances and continues with changed ones."""

    def __init__(self, arg: Arg, uid: int, feed: PrivateFeed) -> None:
        super().__init__(arg, uid, feed)
        self._accounts: Accounts | None = None
        self._early: Accounts = {}
        self._asking: asyncio.Task[None] | None = None

    def join(self, listener: Listener, time_ms: int) -> None:
        super().join(listener, time_ms)
        if self._accounts is not None:
            listener.write(self._snapshot(self._accounts))
        elif self._asking is None:
            self._asking = asyncio.create_task(self._ask())

    def close(self) -> None:
        super().close()
        if self._asking is not None:
            self._asking.cancel()

    async def _ask(self) -> None:
        """Asks until there is an answer; then all who joined meanwhile start from it."""
        while True:
            try:
                states = await self._feed.door.query(ListBalances(self.uid))
                accounts = {state.asset: state for state in states if state.kind == TRADE}
                # Rows come in order, and none up to the answer's sequence comes after the answer;
                # so what came meanwhile is the answer's own state, or newer.
                accounts.update(self._early)
                snapshot = self._snapshot(accounts)
            except Exception:  # without an answer the channel would stay silent for ever
                log.exception("balances cannot be read; they are asked for again", uid=self.uid)
                await self._feed.clock.wait_ms(ASK_AGAIN_MS)
            else:
                break
        self._accounts = accounts
        self.write(snapshot)

    def moved(self, move: Move) -> None:
        if self._accounts is None:
            self._early.update(move.accounts)
            return
        shown = self._narrow(self._told(move.accounts, self._accounts))
        self._accounts.update(move.accounts)
        if shown:
            self._changed(move._replace(accounts=shown))

    def _told(self, accounts: Accounts, _before: Accounts) -> Accounts:
        """What of the changed accounts the channel tells."""
        return accounts

    def _narrow(self, accounts: Accounts) -> Accounts:
        name = self._arg.get("ccy")
        if name is None:
            return accounts
        assets = self._feed.catalog.assets
        return {a: state for a, state in accounts.items() if assets[a].symbol == name}

    @abstractmethod
    def _snapshot(self, accounts: Accounts) -> bytes:
        """The message that a subscriber starts from."""

    @abstractmethod
    def _changed(self, move: Move) -> None:
        """Sends what a command did to the accounts."""


class Account(Balances):
    """`account`: the balance object, all currencies first, then those that changed.

    All of them come again at an interval, with their worth at the time.
    """

    def again(self) -> bytes | None:
        """As a new subscriber would be told."""
        return None if self._accounts is None else self._snapshot(self._accounts)

    def _snapshot(self, accounts: Accounts) -> bytes:
        shown = {state.asset: state for state in trading(self._narrow(accounts).values())}
        time_ms = max((state.updated_ms for state in accounts.values()), default=0)
        data = self._data(shown, accounts, time_ms)
        return self.message(f'"eventType":"snapshot","curPage":1,"lastPage":true,"data":[{data}]')

    def _changed(self, move: Move) -> None:
        assert self._accounts is not None
        data = self._data(move.accounts, self._accounts, move.time_ms)
        self.push(f'"eventType":"event_update","data":[{data}]')

    def _data(self, shown: Accounts, accounts: Accounts, time_ms: int) -> str:
        """The balance object; a changed currency is shown also when it is used up."""
        catalog, valuation = self._feed.catalog, self._feed.valuation
        row = balance_row(catalog, list(accounts.values()), valuation, time_ms)
        row["details"] = [
            detail_row(catalog.assets[asset], state, valuation) for asset, state in shown.items()
        ]
        # The channel names one field otherwise than REST, and strict clients refuse both at once.
        return encode(row).decode().replace('"maxSpotInUse":', '"maxSpotInUseAmt":')


class BalanceAndPosition(Balances):
    """`balance_and_position`: cash balances; spot trading has no positions."""

    def _snapshot(self, accounts: Accounts) -> bytes:
        time_ms = max((state.updated_ms for state in accounts.values()), default=0)
        data = self._data("snapshot", accounts, time_ms)
        return self.message(f'"data":[{encode(data).decode()}]')

    def _told(self, accounts: Accounts, before: Accounts) -> Accounts:
        """Those whose cash changed: an order that only holds some changes none."""
        return {
            asset: state
            for asset, state in accounts.items()
            if asset not in before or before[asset].balance != state.balance
        }

    def _changed(self, move: Move) -> None:
        kind = "filled" if move.traded else "transferred"
        symbols = self._feed.catalog.instruments
        data = self._data(kind, move.accounts, move.time_ms)
        data["trades"] = [
            {"instId": symbols[fill.instrument].symbol, "tradeId": trade_ids.text(fill.trade)}
            for fill in move.fills
        ]
        self._push_data(data)

    def _data(self, kind: str, accounts: Accounts, time_ms: int) -> dict[str, Any]:
        return {
            "pTime": str(time_ms),
            "eventType": kind,
            "balData": [self._balance(state) for state in accounts.values()],
            "posData": [],
            "trades": [],
        }

    def _balance(self, state: AccountState) -> dict[str, str]:
        asset = self._feed.catalog.assets[state.asset]
        cash = asset.text(int.from_bytes(state.balance, "big", signed=True))
        return {"ccy": asset.symbol, "cashBal": cash, "uTime": str(state.updated_ms)}


class PrivateFeed:
    """Hands each durable row's private events to the owners' channels."""

    def __init__(self, context: Context) -> None:
        self.door = context.door
        self.clock = context.clock
        self.catalog = context.catalog
        self.market = context.market
        self.valuation = Valuation(context.catalog, context.market)
        self._owners: dict[int, dict[OfOwner, None]] = {}

    def add(self, topic: OfOwner) -> None:
        self._owners.setdefault(topic.uid, {})[topic] = None

    def remove(self, topic: OfOwner) -> None:
        topics = self._owners.get(topic.uid, {})
        topics.pop(topic, None)
        if not topics:
            self._owners.pop(topic.uid, None)

    def apply(self, row: Row) -> None:
        """Takes a durable row; orders first, each by itself, then balances once for the row."""
        owners = self._owners
        if not owners:
            return
        moved: dict[int, Accounts] = {}
        fills: dict[int, list[Order]] = {}
        posted = False
        for event in row.decoded():
            if type(event) is Order:
                if event.owner in owners:
                    if event.cause == OrderCause.FILLED:
                        fills.setdefault(event.owner, []).append(event)
                    for topic in list(owners[event.owner]):
                        topic.ordered(event)
            elif type(event) is Balance:
                if event.kind == TRADE and event.owner in owners:
                    accounts = moved.setdefault(event.owner, {})
                    accounts[event.asset] = AccountState(
                        event.owner, event.kind, event.instance, event.asset,
                        event.balance, event.hold, row.time_ms,
                    )  # fmt: skip
            elif type(event) is Posted:
                posted = True
        for owner, accounts in moved.items():
            move = Move(accounts, row.time_ms, not posted, fills.get(owner, []))
            for topic in list(owners[owner]):
                topic.moved(move)
