"""One listed instrument and rows of events around it, for the tests of market data."""

from collections.abc import Sequence

from fullreserve.door.protocol import Row
from fullreserve.exchange.catalog import Catalog, Instrument
from fullreserve.exchange.wire import commands, events

NOW = 1_700_000_000_000  # 2023-11-14 22:13:20 UTC
BTC, USDT, BTC_USDT = 1, 2, 7


def catalog() -> Catalog:
    """BTC-USDT with price scale 2 and size scale 5."""
    cap = commands.amount_bytes(10**30)
    listed = Catalog()
    listed.apply(
        [
            events.AssetDefined(BTC, "BTC", 8, cap),
            events.AssetDefined(USDT, "USDT", 8, cap),
            events.InstrumentChanged(
                BTC_USDT, "BTC-USDT", BTC, USDT, 2, 5, (commands.TickBand(0, 10),), 1, 1,
                10**12, 10**12, 10**20, 10**15, 0, int(commands.InstrumentState.LIVE), NOW,
            ),
        ]
    )  # fmt: skip
    return listed


def instrument() -> Instrument:
    return catalog().instruments[BTC_USDT]


def row(sequence: int, content: Sequence[events.AnyEvent], *, time_ms: int = NOW) -> Row:
    """A durable row of one command with these events."""
    made = Row(sequence, 1, time_ms, 1, commands.WIRE_VERSION, b"\x90", encode(content))
    assert made.decoded() == list(content)
    return made


def encode(content: Sequence[events.AnyEvent]) -> bytes:
    import msgspec

    return msgspec.msgpack.encode(list(content))


def level(side: commands.Side, price: int, size: int, orders: int = 1) -> events.Level:
    return events.Level(BTC_USDT, int(side), price, size, orders if size else 0)


def trade(
    number: int, price: int, size: int, *, sequence: int = 1, time_ms: int = NOW
) -> events.Trade:
    return events.Trade(sequence, time_ms, BTC_USDT, number, price, size, int(commands.Side.BUY))
