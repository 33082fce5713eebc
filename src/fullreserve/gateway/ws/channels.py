"""Which channels there are: their arguments, and the topic that serves them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from fullreserve.gateway.errors import Problem
from fullreserve.gateway.ws import private, public, reference
from fullreserve.gateway.ws.topics import Silent, Topic
from fullreserve.marketdata.bars import BARS
from fullreserve.marketdata.market import InstrumentMarket

if TYPE_CHECKING:
    from fullreserve.gateway.ws.connection import Connection
    from fullreserve.gateway.ws.server import Server

Arg = Mapping[str, str]


class Subscription(NamedTuple):
    """A topic that may be joined: equal keys are one topic."""

    channel: str
    key: Hashable
    make: Callable[[], Topic]
    fast: bool = False


class OfInstrument(NamedTuple):
    """A public channel with `instId`."""

    make: Callable[[Arg, InstrumentMarket], Topic]
    fast: bool = False
    login: bool = False


OF_INSTRUMENT: dict[str, OfInstrument] = {
    "tickers": OfInstrument(public.Tickers),
    "trades": OfInstrument(public.Trades),
    "trades-all": OfInstrument(public.AllTrades),
    "books": OfInstrument(lambda arg, market: public.Books(arg, market, 400)),
    "books5": OfInstrument(lambda arg, market: public.BestLevels(arg, market, 5, named=True)),
    "bbo-tbt": OfInstrument(
        lambda arg, market: public.BestLevels(arg, market, 1, named=False), fast=True
    ),
    "books-l2-tbt": OfInstrument(
        lambda arg, market: public.Books(arg, market, 400, 6_000), fast=True, login=True
    ),
    "books50-l2-tbt": OfInstrument(
        lambda arg, market: public.Books(arg, market, 50, 6_000), fast=True, login=True
    ),
}
CANDLE = "candle"
# Private channels and the arguments that narrow them.
PRIVATE: dict[str, tuple[type[private.OfOwner], tuple[str, ...]]] = {
    "orders": (private.Orders, ("instType", "instFamily", "instId")),
    "fills": (private.Fills, ("instId",)),
    "account": (private.Account, ("ccy",)),
    "balance_and_position": (private.BalanceAndPosition, ()),
}
# Clients wait for their acknowledgement, but spot trading has nothing to say on them.
SILENT: dict[str, tuple[str, ...]] = {
    "positions": ("instType", "instFamily", "instId"),
    "orders-algo": ("instType", "instFamily", "instId"),
    "algo-advance": ("instType", "instId", "algoId"),
    "liquidation-warning": ("instType", "instFamily", "instId"),
    "account-greeks": ("ccy",),
}
BUSINESS = frozenset({"trades-all", "orders-algo", "algo-advance"})
# Depth channels that cannot be combined on a connection for one instrument.
EXCLUSIVE = frozenset({"books", "books-l2-tbt", "books50-l2-tbt"})


def find(server: Server, connection: Connection, arg: Arg) -> Subscription:
    """What an argument asks for; Problem 60011, 60018, 64001, 64002, 64004."""
    channel = arg.get("channel", "")
    if server.strict:
        _check_path(connection.path, channel)
    if channel in OF_INSTRUMENT or channel.startswith(CANDLE):
        return _of_instrument(server, connection, channel, arg)
    if channel == "instruments":
        if arg.get("instType") != "SPOT":
            raise _unknown(arg)
        return Subscription(channel, (channel, "SPOT"), server.make_instruments)
    if channel == "status":
        return Subscription(channel, channel, lambda: reference.Status({"channel": channel}))
    if channel in PRIVATE or channel in SILENT:
        return _private(server, connection, channel, arg)
    raise _unknown(arg)


def _check_path(path: str, channel: str) -> None:
    business = channel.startswith(CANDLE) or channel in BUSINESS
    if business != path.endswith("/business"):
        raise Problem(64001 if business else 64002)
    private_path = path.endswith("/private")
    if private_path != (channel in PRIVATE or channel in SILENT) and not business:
        raise Problem(60018, name=f"channel:{channel}")


def _of_instrument(server: Server, connection: Connection, channel: str, arg: Arg) -> Subscription:
    instrument = server.context.catalog.instrument_named.get(arg.get("instId", ""))
    bar = BARS.get(channel.removeprefix(CANDLE)) if channel.startswith(CANDLE) else None
    if instrument is None or (channel not in OF_INSTRUMENT and bar is None):
        raise _unknown(arg)
    market = server.context.market.of(instrument.id)
    plain = {"channel": channel, "instId": instrument.symbol}
    key = (channel, instrument.id)
    if bar is not None:
        return Subscription(
            channel, key, lambda: server.candle(public.CandleTopic(plain, market, bar))
        )
    kind = OF_INSTRUMENT[channel]
    if kind.login and connection.key is None:
        raise Problem(60011)
    if channel in EXCLUSIVE and any(
        (other, instrument.id) in connection.topics for other in EXCLUSIVE - {channel}
    ):
        raise Problem(64004)
    return Subscription(channel, key, lambda: kind.make(plain, market), kind.fast)


def _private(server: Server, connection: Connection, channel: str, arg: Arg) -> Subscription:
    if connection.key is None:
        raise Problem(60011)
    uid = connection.key.uid
    known = PRIVATE[channel][1] if channel in PRIVATE else SILENT[channel]
    given = tuple((name, arg[name]) for name in known if arg.get(name))
    plain = {"channel": channel, **dict(given), "uid": str(uid)}
    key = (channel, uid, given)
    if channel in SILENT:
        return Subscription(channel, key, lambda: Silent(plain))
    made = PRIVATE[channel][0]
    return Subscription(channel, key, lambda: made(plain, uid, server.private))


def _unknown(arg: Arg) -> Problem:
    named = ",".join(f"{name}:{text[:64]}" for name, text in arg.items())
    return Problem(60018, name=named[:512])
