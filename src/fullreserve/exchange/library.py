"""The exchange as a library: the same engine as the server's, in memory and deterministic.

Nothing here reads a clock: time stands still until `advance` moves it, so that a program gives the
same events and the same state hash on every run and every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Self, TypeVar

import msgspec

from fullreserve._core import Core
from fullreserve.exchange import chart, decimals
from fullreserve.exchange.catalog import Asset, Catalog, Instrument
from fullreserve.exchange.refusals import WORDS, allowed_text
from fullreserve.exchange.wire import commands as c
from fullreserve.exchange.wire import events as e
from fullreserve.exchange.wire import queries as q

SideName = Literal["buy", "sell"]
OrderTypeName = Literal["limit", "market", "post_only", "ioc", "fok", "optimal_limit_ioc"]

T = TypeVar("T")

GENESIS_MS = 1_700_000_000_000
_SIDES: dict[str, c.Side] = {"buy": c.Side.BUY, "sell": c.Side.SELL}
_TYPES: dict[str, c.OrderType] = {kind.name.lower(): kind for kind in c.OrderType}


class Refusal(Exception):
    """A command that the exchange refused.

    `code` is OKX's. `allowed` is the limit it broke in decimals with its unit, such as `0.5 BTC`,
    "" where there is none; `allowed_units` the same as the integer of the wire.
    """

    def __init__(self, reply: e.Reply, allowed: str) -> None:
        super().__init__(
            f"refused with code {reply.code}: {WORDS.get(reply.code, 'see the documented codes')}"
            + (f"; allowed is {allowed}" if allowed else "")
        )
        self.code = reply.code
        self.allowed = allowed
        self.allowed_units = reply.allowed


class Money(NamedTuple):
    """Decimal strings in the asset's own unit; `available` = `total` - `held`."""

    total: str
    held: str
    available: str


class Fill(NamedTuple):
    """One match of an order; `fee` is what was paid (negative: a rebate) in the asset received."""

    trade: int
    price: str
    size: str
    fee: str
    maker: bool


class Placed(NamedTuple):
    """What became of an order at once; `state` is live, partially_filled, filled or canceled."""

    order: int
    state: str
    filled: str
    fills: tuple[Fill, ...]


class Book(NamedTuple):
    """Levels as (price, size), best first."""

    bids: tuple[tuple[str, str], ...]
    asks: tuple[tuple[str, str], ...]


class Exchange:
    """A spot exchange in memory.

    >>> ex = Exchange.in_memory()
    >>> ex.list_spot("BTC-USDT", tick="0.1", lot="0.00001")
    >>> alice, bob = ex.open_account(), ex.open_account()
    >>> ex.deposit(alice, "USDT", "50000"); ex.deposit(bob, "BTC", "1")
    >>> ex.order(bob, "BTC-USDT", "sell", price="42000", size="0.5").state
    'live'
    >>> ex.order(alice, "BTC-USDT", "buy", "market", size="0.1").filled
    '0.1'
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._time_ms = core.time_ms or GENESIS_MS
        self._catalog = Catalog()
        self._log: list[e.AnyEvent] = []
        self._next_owner = 0
        self._load()

    @classmethod
    def in_memory(cls) -> Self:
        """A new exchange with the standard chart of accounts, no assets and fee tier 1 at zero."""
        exchange = cls(Core())
        exchange.apply(chart.genesis())
        exchange.apply([c.SetFeeTier(0, 0, 1, 0, 0)])
        return exchange

    @classmethod
    def restore(cls, snapshot: bytes) -> Self:
        """An exchange that goes on where `snapshot()` was taken; ValueError if unreadable."""
        return cls(Core.restore(snapshot))

    def _load(self) -> None:
        self._catalog.apply(self.query(q.ListAssets()))
        self._catalog.apply(self.query(q.ListInstruments()))
        owners: list[e.OwnerChanged] = self.query(q.ListOwners(0, 1_000_000))
        highest = max((owner.owner for owner in owners), default=0)
        self._next_owner = max(highest + 1, chart.FIRST_USER)

    # Time and the log

    @property
    def time_ms(self) -> int:
        """Exchange time; moves by `advance` alone."""
        return self._time_ms

    @property
    def sequence(self) -> int:
        """Sequence of the last command."""
        return self._core.sequence

    @property
    def catalog(self) -> Catalog:
        """Assets and instruments, with their scales."""
        return self._catalog

    def advance(self, ms: int) -> list[e.AnyEvent]:
        """Lets time pass, with what falls due in it; the events of that."""
        if ms < 0:
            raise ValueError("time does not go back")
        self._time_ms += ms
        return self.apply([c.Tick(0, 0)])

    def apply(self, commands: Sequence[c.AnyCommand]) -> list[e.AnyEvent]:
        """Applies commands as one batch at the present time; all their events, in order."""
        return self.apply_bytes(c.batch([c.encode(command) for command in commands]))

    def apply_bytes(self, batch: bytes) -> list[e.AnyEvent]:
        """The same with an encoded batch: the fastest way in."""
        data = self._core.apply(self._core.sequence + 1, self._time_ms, batch)
        events = e.decode_events(data)
        self._catalog.apply(events)
        self._log.extend(events)
        return events

    def replay(self, rows: Iterable[tuple[int, bytes]]) -> None:
        """Applies (time_ms, batch) rows of a log to this exchange, without keeping the events."""
        for time_ms, batch in rows:
            self._core.apply(self._core.sequence + 1, time_ms, batch, events=False)
            self._time_ms = time_ms
        self._load()

    def events(self) -> list[e.AnyEvent]:
        """All events since the last call of this method; it forgets them."""
        log, self._log = self._log, []
        return log

    def query(self, query: q.AnyQuery) -> Any:
        """The decoded answer of the core; its type stands in `wire.queries.ANSWERS`."""
        answer = self._core.query(msgspec.msgpack.encode(query))
        return msgspec.msgpack.decode(answer, type=q.ANSWERS[type(query)])

    def state_hash(self) -> str:
        """64 hex digits over the whole state; equal logs give equal hashes."""
        return self._core.state_hash().hex()

    def snapshot(self) -> bytes:
        """The whole state, for `restore`."""
        return self._core.snapshot()

    # Listing and accounts

    def list_asset(self, symbol: str, scale: int = 8) -> Asset:
        """Lists an asset whose ledger has `scale` digits, for ever; the same one if it is there."""
        known = self._catalog.asset_named.get(symbol)
        if known is not None:
            return known
        number = max(self._catalog.assets, default=0) + 1
        self._do(c.DefineAsset(0, 0, number, symbol, scale, c.amount_bytes(10**28)))
        return self._catalog.assets[number]

    def list_spot(
        self,
        symbol: str,
        tick: str,
        lot: str,
        min_size: str | None = None,
        band: str = "0",
    ) -> Instrument:
        """Lists `BASE-QUOTE`, and its assets where they are new.

        `tick` and `lot` fix the scales of prices and sizes; `band` is the allowed relative distance
        from the last price, 0 for none. ValueError, TypeError as for `order`.
        """
        parts = symbol.split("-")
        if len(parts) != 2 or not all(parts):
            raise ValueError(f"symbol is {symbol!r}; allowed is a pair such as 'BTC-USDT'")
        if symbol in self._catalog.instrument_named:
            listed = ", ".join(self._catalog.instrument_named)
            raise ValueError(f"symbol is {symbol!r}; allowed is one that is not listed: {listed}")
        price_scale, size_scale = _digits("tick", tick), _digits("lot", lot)
        tick_units, lot_units = _units("tick", tick, price_scale), _units("lot", lot, size_scale)
        for name, given, units in (("tick", tick, tick_units), ("lot", lot, lot_units)):
            if not units:
                raise ValueError(f"{name} is {given!r}; allowed is a step above 0 such as '0.01'")
        least = _units("min_size", min_size or lot, size_scale)
        band_rate = _rate("band", band)
        base, quote = (self.list_asset(part) for part in parts)
        number = max(self._catalog.instruments, default=0) + 1
        self._do(
            c.ListInstrument(
                gateway=0,
                number=0,
                instrument=number,
                symbol=symbol,
                base=base.id,
                quote=quote.id,
                price_scale=price_scale,
                size_scale=size_scale,
                ticks=(c.TickBand(0, tick_units),),
                lot=lot_units,
                min_size=least,
                max_limit_size=10**9 * 10**size_scale,
                max_market_size=10**9 * 10**size_scale,
                max_market_amount=10**9 * 10**quote.scale,
                max_price=10**8 * 10**price_scale,
                band=band_rate,
                state=c.InstrumentState.LIVE,
            )
        )
        return self._catalog.instruments[number]

    def set_fees(self, maker: str, taker: str, tier: int = 1) -> None:
        """Fee rates of a tier, fractions of the amount received; a negative maker is a rebate."""
        self._do(c.SetFeeTier(0, 0, tier, _rate("maker", maker), _rate("taker", taker)))

    def open_account(self, master: int | None = None, tier: int = 1) -> int:
        """Opens an account (a sub-account of `master`, if given) and returns its number."""
        owner = self._next_owner
        self._do(c.OpenOwner(0, 0, owner, master or owner, 0, tier))
        self._next_owner += 1
        return owner

    def deposit(self, owner: int, asset: str, amount: str) -> None:
        """New supply of an asset, to the owner's trading account; errors as for `order`."""
        listed = self._asset(asset)
        units = c.amount_bytes(_units("amount", amount, listed.scale))
        self._do(c.Deposit(0, 0, c.AccountKey(owner, chart.TRADE, 0), listed.id, units))

    def balances(self, owner: int) -> dict[str, Money]:
        """Balances of the trading account by asset, without empty ones."""
        states: list[q.AccountState] = self.query(q.ListBalances(owner))
        found: dict[str, Money] = {}
        for state in states:
            total, held = c.amount_int(state.balance), c.amount_int(state.hold)
            if state.kind == chart.TRADE and (total or held):
                asset = self._catalog.assets[state.asset]
                found[asset.symbol] = Money(
                    asset.text(total), asset.text(held), asset.text(total - held)
                )
        return found

    # Orders

    def order(
        self,
        owner: int,
        symbol: str,
        side: SideName,
        type: OrderTypeName = "limit",  # noqa: A002  # the field's standard name
        *,
        size: str,
        price: str | None = None,
        client_order_id: str = "",
    ) -> Placed:
        """Places an order, size in base units; Refusal when the exchange does not take it.

        ValueError for an unknown symbol, side or type and for a number that is no plain decimal or
        too precise, TypeError for a number that is no string: each says what is allowed.
        """
        instrument = self._instrument(symbol)
        command = c.PlaceOrder(
            gateway=0,
            number=0,
            owner=owner,
            instrument=instrument.id,
            side=_choice("side", side, _SIDES),
            type=_choice("type", type, _TYPES),
            price=_units("price", price, instrument.price_scale) if price is not None else 0,
            size=_units("size", size, instrument.size_scale),
            client_order_id=client_order_id,
        )
        events = self._do(command, instrument)
        return self._placed(instrument, _reply(events).order, events)

    def cancel(self, owner: int, symbol: str, order: int) -> None:
        """Cancels a pending order; Refusal (51400) when it is finished or unknown."""
        instrument = self._instrument(symbol)
        self._do(c.CancelOrder(0, 0, owner, instrument.id, order), instrument)

    def amend(
        self, owner: int, symbol: str, order: int, size: str | None = None, price: str | None = None
    ) -> Placed:
        """Changes total size or price; a smaller size alone keeps the place in the queue."""
        instrument = self._instrument(symbol)
        new_size = _units("size", size, instrument.size_scale) if size is not None else 0
        new_price = _units("price", price, instrument.price_scale) if price is not None else 0
        command = c.AmendOrder(0, 0, owner, instrument.id, order, "", new_size, new_price)
        events = self._do(command, instrument)
        return self._placed(instrument, order, events)

    def open_orders(self, owner: int) -> list[e.Order]:
        """Pending orders, newest first, in integers of the wire (see `wire.events.Order`)."""
        orders: list[e.Order] = self.query(q.ListOpenOrders(owner, limit=1_000_000))
        return orders

    def book(self, symbol: str, levels: int = 10) -> Book:
        """The best levels of both sides."""
        instrument = self._instrument(symbol)
        depth: q.Depth = self.query(q.GetDepth(instrument.id, levels))

        def rows(side: tuple[q.DepthLevel, ...]) -> tuple[tuple[str, str], ...]:
            return tuple(
                (instrument.price_text(level.price), instrument.size_text(level.size))
                for level in side
            )

        return Book(rows(depth.bids), rows(depth.asks))

    def _placed(self, instrument: Instrument, order: int, events: Sequence[e.AnyEvent]) -> Placed:
        mine = [event for event in events if isinstance(event, e.Order) and event.order == order]
        if not mine:
            return Placed(order, "canceled", "0", ())
        last = mine[-1]
        received = instrument.base if last.side == c.Side.BUY else instrument.quote
        fills = tuple(
            Fill(
                event.trade,
                instrument.price_text(event.fill_price),
                instrument.size_text(event.fill_size),
                received.text(c.amount_int(event.fill_fee)),
                event.liquidity == e.Liquidity.MAKER,
            )
            for event in mine
            if event.cause == e.OrderCause.FILLED
        )
        state = e.OrderState(last.state).name.lower()
        return Placed(order, state, instrument.size_text(last.filled), fills)

    def _do(self, command: c.AnyCommand, instrument: Instrument | None = None) -> list[e.AnyEvent]:
        events = self.apply([command])
        reply = _reply(events)
        if reply.code and instrument is not None:
            raise Refusal(reply, allowed_text(reply.code, reply.allowed, instrument, command))
        if reply.code:
            raise Refusal(reply, str(reply.allowed or ""))
        return events

    def _asset(self, symbol: str) -> Asset:
        return _choice("asset", symbol, self._catalog.asset_named)

    def _instrument(self, symbol: str) -> Instrument:
        return _choice("symbol", symbol, self._catalog.instrument_named)


def _reply(events: Sequence[e.AnyEvent]) -> e.Reply:
    reply = events[-1]
    if not isinstance(reply, e.Reply):
        raise TypeError(f"the last event is {type(reply).__name__}, not the reply")
    return reply


def _choice(name: str, given: object, known: Mapping[str, T]) -> T:
    found = known.get(given) if isinstance(given, str) else None
    if found is None:
        allowed = ", ".join(known) or "none: nothing is listed yet"
        raise ValueError(f"{name} is {given!r}; allowed is {allowed}")
    return found


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        kind = type(value).__name__
        raise TypeError(f"{name} is {value!r} ({kind}); allowed is a decimal string such as '0.5'")
    return value


def _units(name: str, value: object, scale: int) -> int:
    """A named decimal string in units of 10^-scale."""
    try:
        return decimals.parse(_text(name, value), scale)
    except (decimals.NotANumber, decimals.TooPrecise) as wrong:
        digits = f"at most {scale} digits after the point"
        raise type(wrong)(f"{name}: {wrong}; allowed is a plain decimal, {digits}") from None


def _digits(name: str, step: str) -> int:
    """Digits after the point of a step such as 0.01."""
    return len(_text(name, step).partition(".")[2].rstrip("0"))


def _rate(name: str, fraction: str) -> int:
    """Parts per 10^8 of a decimal fraction such as -0.0001."""
    units = _units(name, _text(name, fraction).removeprefix("-"), 8)
    return -units if fraction.startswith("-") else units
