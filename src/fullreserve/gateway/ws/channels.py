"""Which channels there are: their arguments, and the topic that serves them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from fullreserve.gateway.errors import Problem
from fullreserve.gateway.ws import absent, custody, private, public, reference
from fullreserve.gateway.ws.index import IndexCandles, IndexTickers
from fullreserve.gateway.ws.regular import interval_ms
from fullreserve.gateway.ws.reserves import Proofs, Receipts, Statements
from fullreserve.gateway.ws.shapes import ANY, BUSINESS, LISTED, PRIVATE, PUBLIC, Arg, Shape
from fullreserve.gateway.ws.topics import Silent, Topic
from fullreserve.marketdata.bars import BARS
from fullreserve.marketdata.market import InstrumentMarket

if TYPE_CHECKING:
    from fullreserve.gateway.ws.connection import Connection
    from fullreserve.gateway.ws.server import Server


class Subscription(NamedTuple):
    """A topic that may be joined: equal keys are one topic."""

    channel: str
    key: Hashable
    make: Callable[[], Topic]
    fast: bool = False
    # Keys of topics that a connection cannot have beside this one.
    excludes: tuple[tuple[str, int], ...] = ()  # channel, instrument
    # How often it is told again how things are.
    every_ms: int = 0


_INSTRUMENT = Shape(PUBLIC, names=("instId",), needs_name=True, spot=True)


class OfInstrument(NamedTuple):
    """A public channel with `instId`."""

    make: Callable[[Arg, InstrumentMarket], Topic]
    fast: bool = False
    login: bool = False
    path: str = PUBLIC

    @property
    def shape(self) -> Shape:
        return _INSTRUMENT._replace(path=self.path, login=self.login)


class OfOwner(NamedTuple):
    """A private channel, and the arguments that narrow it."""

    make: type[private.OfOwner]
    types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    # Whether it takes `extraParams`, and says again how things are.
    regular: bool = False

    @property
    def shape(self) -> Shape:
        return Shape(PRIVATE, login=True, types=self.types, names=self.names, spot=True)


FAST_IDLE_BEATS = 6_000  # of 10 ms

OF_INSTRUMENT: dict[str, OfInstrument] = {
    "tickers": OfInstrument(public.Tickers),
    "index-tickers": OfInstrument(IndexTickers),
    "trades": OfInstrument(public.Trades),
    "trades-all": OfInstrument(public.AllTrades, path=BUSINESS),
    "books": OfInstrument(lambda arg, market: public.Books(arg, market, 400)),
    "books-rpi": OfInstrument(lambda arg, market: public.RpiBooks(arg, market, 400)),
    "books5": OfInstrument(lambda arg, market: public.BestLevels(arg, market, 5, named=True)),
    "bbo-tbt": OfInstrument(
        lambda arg, market: public.BestLevels(arg, market, 1, named=False), fast=True
    ),
    "books-l2-tbt": OfInstrument(
        lambda arg, market: public.Books(arg, market, 400, FAST_IDLE_BEATS), fast=True, login=True
    ),
    "books50-l2-tbt": OfInstrument(
        lambda arg, market: public.Books(arg, market, 50, FAST_IDLE_BEATS), fast=True, login=True
    ),
}
CANDLES = {"candle": public.CandleTopic, "index-candle": IndexCandles}
_TYPES = (*LISTED, ANY)
OF_OWNER: dict[str, OfOwner] = {
    "orders": OfOwner(private.Orders, _TYPES, ("instFamily", "instId")),
    "fills": OfOwner(private.Fills, names=("instId",)),
    "positions": OfOwner(private.Positions, _TYPES, ("instFamily", "instId"), regular=True),
    "account": OfOwner(private.Account, names=("ccy",), regular=True),
    "balance_and_position": OfOwner(private.BalanceAndPosition),
}
OF_CUSTODY = {
    "deposit-info": custody.DepositInfo,
    "withdrawal-info": custody.WithdrawalInfo,
}
OF_RESERVES = {
    "x-reserves": Shape(PUBLIC),
    "x-reserves-proof": Shape(PRIVATE, login=True),
    "x-reserves-receipt": Shape(PRIVATE, login=True),
}
OTHERS: dict[str, Shape] = {
    **dict.fromkeys(OF_CUSTODY, Shape(BUSINESS, login=True, names=("ccy",))),
    "instruments": Shape(PUBLIC, types=LISTED),
    "status": Shape(PUBLIC),
    **OF_RESERVES,
    "price-limit": _INSTRUMENT,
    **absent.CHANNELS,
}
# Depth channels that cannot be combined on a connection for one instrument.
EXCLUSIVE = ("books", "books-l2-tbt", "books50-l2-tbt")


def find(server: Server, connection: Connection, arg: Arg) -> Subscription:
    """What an argument asks for; Problem 60011, 60013, 60018, 64000, 64001, 64002, 64003."""
    channel = arg.get("channel", "")
    shape = _shape(channel)
    if shape is None:
        raise _unknown(arg)
    if server.strict:
        _check_path(connection.path, shape.path, channel)
    if arg.get("uly"):
        raise Problem(64000)
    if shape.login and connection.key is None:
        raise Problem(60011)
    if not shape.accepts(server.context.catalog, arg):
        raise _unknown(arg)
    if channel in absent.REFUSED:
        raise Problem(absent.REFUSED[channel], channel)
    if channel in OF_OWNER or channel in OF_CUSTODY:
        return _of_owner(server, connection, channel, arg)
    if channel in OF_INSTRUMENT or channel == "price-limit" or _is_candle(channel):
        return _of_instrument(server, channel, arg)
    if channel == "instruments" and arg["instType"] == "SPOT":
        return Subscription(channel, (channel, "SPOT"), server.make_instruments)
    if channel == "status":
        make = partial(reference.Status, {"channel": channel}, server.context)
        return Subscription(channel, channel, make)
    if channel in OF_RESERVES:
        return _of_reserves(server, connection, channel)
    given = tuple((name, arg[name]) for name in shape.arguments if arg.get(name))
    return Subscription(channel, (channel, given), lambda: Silent({"channel": channel}))


def _shape(channel: str) -> Shape | None:
    if channel in OF_INSTRUMENT:
        return OF_INSTRUMENT[channel].shape
    if channel in OF_OWNER:
        return OF_OWNER[channel].shape
    kind, bar = _candle(channel)
    if bar not in BARS:
        return OTHERS.get(channel)
    if kind in CANDLES:
        return _INSTRUMENT._replace(path=BUSINESS)
    return absent.CANDLES.get(kind)


def _candle(channel: str) -> tuple[str, str]:
    """`index-candle1m` as `index-candle` and `1m`."""
    kind, candle, bar = channel.partition("candle")
    return kind + candle, bar


def _is_candle(channel: str) -> bool:
    return _candle(channel)[0] in CANDLES


def _check_path(path: str, wanted: str, channel: str) -> None:
    if path.endswith(f"/{wanted}"):
        return
    if wanted == BUSINESS:
        raise Problem(64001, channel)
    if path.endswith(f"/{BUSINESS}"):
        raise Problem(64002, channel)
    raise Problem(60018, name=f"channel:{channel}")


def _of_instrument(server: Server, channel: str, arg: Arg) -> Subscription:
    instrument = server.context.catalog.instrument_named[arg["instId"]]
    market = server.context.market.of(instrument.id)
    plain = {"channel": channel, "instId": instrument.symbol}
    key = (channel, instrument.id)
    if channel == "price-limit":
        return Subscription(
            channel, key, lambda: reference.PriceLimit(plain, market, server.context)
        )
    if channel not in OF_INSTRUMENT:
        kind, bar = _candle(channel)
        made = CANDLES[kind]
        return Subscription(channel, key, lambda: server.candle(made(plain, market, BARS[bar])))
    served = OF_INSTRUMENT[channel]
    others = EXCLUSIVE if channel in EXCLUSIVE else ()
    excludes = tuple((other, instrument.id) for other in others if other != channel)
    return Subscription(channel, key, lambda: served.make(plain, market), served.fast, excludes)


def _of_owner(server: Server, connection: Connection, channel: str, arg: Arg) -> Subscription:
    assert connection.key is not None
    uid = connection.key.uid
    if channel in OF_CUSTODY:
        return _of_custody(server, uid, channel, arg)
    served = OF_OWNER[channel]
    given = tuple((name, arg[name]) for name in served.shape.arguments if arg.get(name))
    plain = {"channel": channel, **dict(given), "uid": str(uid)}
    return Subscription(
        channel,
        (channel, uid, given),
        lambda: served.make(plain, uid, server.private),
        every_ms=interval_ms(arg.get("extraParams", "")) if served.regular else 0,
    )


def _of_reserves(server: Server, connection: Connection, channel: str) -> Subscription:
    folder = server.context.folder
    if not OF_RESERVES[channel].login:
        return Subscription(channel, channel, lambda: Statements({"channel": channel}, folder))
    assert connection.key is not None
    uid = connection.key.uid
    plain = {"channel": channel, "uid": str(uid)}
    made = Receipts if channel == "x-reserves-receipt" else Proofs
    return Subscription(channel, (channel, uid), lambda: made(plain, uid, folder))


def _of_custody(server: Server, uid: int, channel: str, arg: Arg) -> Subscription:
    ccy = arg.get("ccy", "")
    plain = {"channel": channel, **({"ccy": ccy} if ccy else {}), "uid": str(uid)}
    made = OF_CUSTODY[channel]
    return Subscription(channel, (channel, uid, ccy), lambda: made(plain, uid, server.context))


def name_of(arg: Arg) -> str:
    """An argument as refusals name it, bounded."""
    return ",".join(f"{name}:{text[:64]}" for name, text in arg.items())[:512]


def _unknown(arg: Arg) -> Problem:
    return Problem(60018, name=name_of(arg))
