"""What of owners' requests has left for good in 30 days: their history, as the risk score knows it.

A request counts from when its chain has paid it, which nothing takes back: what is asked for, let
through, bound or in a block may still be cancelled, refused, refunded or overtaken, and so could
give whoever asks a history for nothing. Of a request in tranches so much counts as was paid of it.
What goes to another owner never left, and what had no price is of no size.

It is a table of its own: the withdrawals that the fold remembers are as many as anybody makes of
them, by requests that cost nothing.
"""

from __future__ import annotations

from itertools import islice, takewhile

from msgspec.structs import replace

from fullreserve.exchange.folds import Moment
from fullreserve.exchange.products.withdrawal_state import (
    LEFT_MS,
    MOVED_MAX,
    Left,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.products.withdrawal_table import WithdrawalTable
from fullreserve.exchange.wire.commands import amount_int


class Histories(WithdrawalTable):
    """By what is paid; and by what was before there was such a table."""

    def _note_left(self, one: Withdrawal, moment: Moment) -> None:
        """One that is paid now."""
        self._forget_left(moment.time_ms)
        request, usd = self.state.request_of(one.number), self._usd_of(one)
        if not usd:
            return
        before = self.state.left.get(request)
        fresh = Left(one.owner, moment.sequence, moment.time_ms, usd)
        if before is not None:
            fresh = replace(before, usd=before.usd + usd)
        self._set(self.state.left, request, fresh)
        self._known.leave(before, fresh)
        self._undo.append(lambda: self._known.leave(fresh, before))

    def _note_all_left(self, now_ms: int) -> None:
        """Those that are known as the table begins, in the order in which they were paid."""
        for number in self._known.finals:
            one = self.state.withdrawals[number]
            is_paid = one.state == WithdrawalState.SUCCESS and one.network
            if is_paid and one.changed_ms > now_ms - LEFT_MS:
                self._note_left(one, Moment(one.version, one.changed_ms))

    def _usd_of(self, one: Withdrawal) -> int:
        """Of a tranche its own; of the rest of a request in tranches its share."""
        split = self.state.splits.get(one.number)
        return one.usd if split is None else one.usd * one.value // amount_int(split.amount)

    def _forget_left(self, now_ms: int) -> None:
        """What is too old, a few at a time; it is, whatever becomes of the word."""
        left = self.state.left
        few = islice(left.items(), MOVED_MAX)
        old = list(takewhile(lambda item: item[1].time_ms <= now_ms - LEFT_MS, few))
        for request, known in old:
            del left[request]
            self._known.leave(known, None)
