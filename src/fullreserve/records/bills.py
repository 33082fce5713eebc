"""Bills: every change of a balance as one row with the balance after it.

The core says what an account holds after each command, not after each of its parts. The balance
after a part is that of the account's `Balance` event less the later parts.
"""

from __future__ import annotations

from typing import Any

from fullreserve.exchange import chart
from fullreserve.exchange.catalog import Instrument
from fullreserve.exchange.wire.commands import Leg, OrderType, Side, amount_int
from fullreserve.exchange.wire.events import Balance, Order, Posted
from fullreserve.records.amount import ZERO, amount_text

Row = tuple[Any, ...]
# Owner, kind, instance and asset.
Account = tuple[int, int, int, int]

# Kind and instance of the account that the core settles fills on.
TRADING = (chart.TRADE, 0)

# OKX's numbers of bill types and subtypes.
TRADE = 2
BUY, SELL = 1, 2
TRANSFER = 1
TRANSFER_IN, TRANSFER_OUT = 11, 12

# Orders without a limit that sets money aside.
_UNBOUNDED = (OrderType.MARKET, OrderType.OPTIMAL_LIMIT_IOC)

# A transfer has two sides, and so has a posting that counts as one.
SIDES = 2

# Ids have 19 digits from the first on, because clients sort them as text. A command has room for
# this many bills; 64 bits then last for 10^14 commands.
FIRST_ID = 10**18
IDS_PER_COMMAND = 1 << 16


class Numbering:
    """Ids of bills: ascending, a function of the log alone, however its rows are batched."""

    def __init__(self) -> None:
        self._next = 0
        self._end = 0

    def begin(self, sequence: int) -> None:
        """The bills from here on belong to the command at `sequence`, or precede its own."""
        self._next = FIRST_ID + sequence * IDS_PER_COMMAND
        self._end = self._next + IDS_PER_COMMAND

    def take(self, count: int) -> int:
        """The first of `count` consecutive ids; OverflowError when a command has too many."""
        first = self._next
        self._next = first + count
        if self._next > self._end:
            raise OverflowError(f"a command has more than {IDS_PER_COMMAND} bills")
        return first


def quote_value(price: int, size: int, instrument: Instrument) -> tuple[int, int]:
    """Price x size in quote ledger units: rounded down and rounded up."""
    product = price * size
    shift = instrument.quote.scale - instrument.price_scale - instrument.size_scale
    if shift >= 0:
        exact = product * 10**shift
        return exact, exact
    return product // 10**-shift, -(-product // 10**-shift)


def traded(order: Order, instrument: Instrument) -> tuple[int, int]:
    """What a fill changes, before its fee: (base, quote) in ledger units.

    A seller gets the value rounded down. A buyer pays it rounded up, but on a limit order never
    more than the fill frees of what the order had set aside for the rest; the remainder goes to the
    house.
    """
    base = order.fill_size * 10 ** (instrument.base.scale - instrument.size_scale)
    down, up = quote_value(order.fill_price, order.fill_size, instrument)
    if order.side == Side.SELL:
        return -base, down
    if down == up or order.type in _UNBOUNDED:
        return base, -up
    rest = order.size - order.filled
    _, before = quote_value(order.price, rest + order.fill_size, instrument)
    _, after = quote_value(order.price, rest, instrument)
    return base, -min(up, before - after)


class Bills:
    """Collects the bills of a row of the log; each waits for its account's `Balance`."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        # Head of the row, change, and what follows the balance; in order.
        self._waiting: dict[Account, list[tuple[Row, int, Row]]] = {}

    def fill(
        self, order: Order, instrument: Instrument, first: int, fee: int, fee_text: str
    ) -> None:
        """The two bills of one side of a match; `first` is the id of the first."""
        base, quote = traded(order, instrument)
        sub_type = BUY if order.side == Side.BUY else SELL
        if order.side == Side.BUY:
            base -= fee
            fees = (fee_text, ZERO)
        else:
            quote -= fee
            fees = (ZERO, fee_text)
        tail = (
            order.instrument,
            order.order,
            order.trade,
            order.fill_price,
            order.fill_size,
            order.liquidity,
            order.client_order_id,
            order.tag,
            0,
            0,
        )
        owner, (kind, instance) = order.owner, TRADING
        stamp = (order.sequence, order.time_ms)
        legs = ((instrument.base.id, base), (instrument.quote.id, quote))
        for place, (asset, change) in enumerate(legs):
            head = (owner, kind, first + place, *stamp, instance, asset, TRADE, sub_type)
            account = (owner, kind, instance, asset)
            self._wait(account, (head, change, (fees[place], *tail)))

    def posted(self, event: Posted, first: int) -> None:
        """A bill for each leg of a posting; `first` is the id of the first."""
        pair = len(event.legs) == SIDES
        for place, leg in enumerate(event.legs):
            change = amount_int(leg.change)
            key = leg.account
            account = (key.owner, key.kind, key.instance, leg.asset)
            sub_type = 0
            if event.reason == TRANSFER:
                sub_type = TRANSFER_IN if change > 0 else TRANSFER_OUT
            other = event.legs[1 - place].account if pair else None
            stamp = (first + place, event.sequence, event.time_ms)
            what = (key.instance, leg.asset, event.reason, sub_type)
            head = (key.owner, key.kind, *stamp, *what)
            sides = (other.owner, other.kind) if other else (0, 0)
            self._wait(account, (head, change, (ZERO, 0, 0, 0, 0, 0, 0, "", "", *sides)))

    def balance(self, event: Balance) -> None:
        """Settles what waits for an account."""
        if not self._waiting:
            return
        account = (event.owner, event.kind, event.instance, event.asset)
        waiting = self._waiting.pop(account, None)
        if waiting is None:
            return
        balance = amount_int(event.balance)
        for head, change, tail in reversed(waiting):
            self.rows.append((*head, amount_text(change), amount_text(balance), *tail))
            balance -= change

    def take(self) -> list[Row]:
        """The rows so far, ascending by id; ValueError if an account's balance was never said."""
        if self._waiting:
            raise ValueError(f"events without the balance of {next(iter(self._waiting))}")
        rows, self.rows = self.rows, []
        rows.sort()
        return rows

    def _wait(self, account: Account, bill: tuple[Row, int, Row]) -> None:
        if bill[1] == 0:
            # Less than a unit of the ledger: nothing changes, and no balance will be said.
            return
        waiting = self._waiting.get(account)
        if waiting is None:
            self._waiting[account] = [bill]
        else:
            waiting.append(bill)


def transfer(event: Posted, bill_id: int) -> Row | None:
    """The row of the table `transfers` if a posting moves one asset between two accounts."""
    if len(event.legs) != SIDES:
        return None
    first, second = event.legs
    if first.asset != second.asset:
        return None
    source, target = (first, second) if amount_int(first.change) < 0 else (second, first)
    return (
        bill_id,
        event.sequence,
        event.time_ms,
        event.reason,
        target.asset,
        amount_text(amount_int(target.change)),
        *_place(source),
        *_place(target),
    )


def _place(leg: Leg) -> tuple[int, int, int]:
    return leg.account.owner, leg.account.kind, leg.account.instance
