"""Random logs of a small exchange: every kind of command that moves orders or money."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from fullreserve.exchange import chart
from fullreserve.exchange.wire import commands as c
from fullreserve.exchange.wire.commands import AccountKey, amount_bytes, batch, encode

START_MS = 1_700_000_000_000
BASE, QUOTE, TOKEN = 1, 2, 3
OWNERS = (10_000_001, 10_000_002, 10_000_003, 10_000_004)
# Products of price and size are finer than the quote's ledger on both, by 3 digits and by 1.
PAIRS = ((1, BASE, QUOTE, 2, 7), (2, TOKEN, QUOTE, 3, 4))


class LoggedRow(NamedTuple):
    """A row of the log."""

    sequence: int
    time_ms: int
    commands: bytes


def opening() -> list[c.AnyCommand]:
    """Chart, assets, pairs, owners with money in both rooms; makers of tier 1 get a rebate."""
    cap = amount_bytes(10**24)
    made: list[c.AnyCommand] = [
        *chart.genesis(),
        c.SetFeeTier(0, 0, 0, 50_000, 100_000),
        c.SetFeeTier(0, 0, 1, -20_000, 80_000),
        c.DefineAsset(0, 0, BASE, "BTC", 8, cap),
        c.DefineAsset(0, 0, QUOTE, "USDT", 6, cap),
        c.DefineAsset(0, 0, TOKEN, "FRT", 8, cap),
    ]
    for number, base, quote, price_scale, size_scale in PAIRS:
        ticks = (c.TickBand(0, 1),)
        bounds = (1, 1, 10**9, 10**9, 10**12, 10**6, 0, c.InstrumentState.LIVE)
        made.append(
            c.ListInstrument(
                0, 0, number, f"P-{number}", base, quote, price_scale, size_scale, ticks, *bounds
            )
        )
    for place, owner in enumerate(OWNERS):
        made.append(c.OpenOwner(0, 0, owner, owner, 0, place % 2))
        for asset in (BASE, QUOTE, TOKEN):
            for kind in (chart.FUND, chart.TRADE):
                account = AccountKey(owner, kind, 0)
                made.append(c.Deposit(0, 0, account, asset, amount_bytes(10**13)))
    return made


class Trader:
    """Draws commands; ids of orders are guessed from those that were placed."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._number = 0
        self._names = 0

    def command(self) -> c.AnyCommand:
        self._number += 1
        draws = (self._place, self._cancel, self._amend, self._move, self._group, self._other)
        return self._random.choices(draws, (60, 12, 10, 8, 4, 6))[0](self._number)

    def _owner(self) -> int:
        return self._random.choice(OWNERS)

    def _place(self, number: int) -> c.AnyCommand:
        draw = self._random
        kind = draw.choices(tuple(c.OrderType), (60, 12, 8, 8, 6, 6))[0]
        market = kind == c.OrderType.MARKET
        self._names += 1
        return c.PlaceOrder(
            1,
            number,
            self._owner(),
            draw.choice(PAIRS)[0],
            draw.choice(tuple(c.Side)),
            kind,
            0 if market or kind == c.OrderType.OPTIMAL_LIMIT_IOC else draw.randint(95, 105),
            draw.randint(1, 50_000),
            draw.choice((0, 1)) if market else 0,
            draw.choice(tuple(c.SelfTrade)),
            client_order_id=draw.choice(("", f"n{self._names}", f"n{draw.randint(1, 9)}")),
            tag=draw.choice(("", "bot")),
        )

    def _name(self) -> str:
        return f"n{self._random.randint(1, max(1, self._names))}"

    def _cancel(self, number: int) -> c.AnyCommand:
        draw = self._random
        if draw.random() < 0.2:
            return c.CancelAll(1, number, self._owner(), draw.choice((0, 1, 2)))
        return c.CancelOrder(1, number, self._owner(), draw.choice(PAIRS)[0], 0, self._name())

    def _amend(self, number: int) -> c.AnyCommand:
        draw = self._random
        pair = draw.choice(PAIRS)[0]
        size, price = draw.randint(0, 50_000), draw.choice((0, draw.randint(95, 105)))
        flags = draw.choice((0, 1))
        return c.AmendOrder(1, number, self._owner(), pair, 0, self._name(), size, price, flags)

    def _move(self, number: int) -> c.AnyCommand:
        draw = self._random
        owner = self._owner()
        rooms = [AccountKey(owner, kind, 0) for kind in (chart.FUND, chart.TRADE)]
        draw.shuffle(rooms)
        amount = amount_bytes(draw.randint(1, 10**9))
        asset = draw.choice((BASE, QUOTE, TOKEN))
        kind = draw.randint(0, 3)
        if kind == 0:
            return c.Deposit(1, number, rooms[0], asset, amount, b"salted")
        if kind == 1:
            return c.Withdraw(1, number, rooms[0], asset, amount, b"salted")
        return c.Transfer(1, number, owner, rooms[0], rooms[1], asset, amount)

    def _group(self, number: int) -> c.AnyCommand:
        """Two payments, an account in both, and an order."""
        draw = self._random
        one, two = draw.sample(OWNERS, 2)
        asset = draw.choice((BASE, QUOTE, TOKEN))
        postings = []
        for amount in (draw.randint(1, 99), draw.randint(1, 99)):
            legs = (
                c.Leg(AccountKey(one, chart.TRADE, 0), asset, amount_bytes(-amount)),
                c.Leg(AccountKey(two, chart.TRADE, 0), asset, amount_bytes(amount)),
            )
            postings.append(c.Posting(200, legs))
        orders = self._place(number)
        assert isinstance(orders, c.PlaceOrder)
        return c.Group(1, number, 0, 0, tuple(postings), (orders,))

    def _other(self, number: int) -> c.AnyCommand:
        draw = self._random
        if draw.random() < 0.5:
            return c.CancelAllAfter(1, number, self._owner(), draw.choice((0, 10_000, 20_000)))
        pool = AccountKey(self._owner(), chart.FUND, 0)
        weights = tuple(c.Weight(owner, draw.randint(1, 9)) for owner in OWNERS)
        amount, none = amount_bytes(draw.randint(1, 10**6)), (0, 0)
        rounding = draw.choice(tuple(c.Rounding))
        return c.Distribute(
            1, number, pool, BASE, amount, chart.FUND, 0, rounding, 0, *none, weights, 33
        )


def rows(seed: int, commands: int) -> Iterator[LoggedRow]:
    """A log of the opening and about `commands` random commands in random batches."""
    random = Random(seed)
    trader = Trader(random)
    time_ms, sequence = START_MS, 1
    made = [encode(command) for command in opening()]
    while True:
        yield LoggedRow(sequence, time_ms, batch(made))
        sequence += len(made)
        commands -= len(made)
        if commands <= 0:
            return
        made = [encode(trader.command()) for _ in range(random.randint(1, 12))]
        time_ms += random.choice((0, 1, 7, 400, 70_000))
