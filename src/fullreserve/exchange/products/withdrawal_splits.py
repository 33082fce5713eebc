"""Requests that a drain pays in tranches, as their owners have agreed.

A tranche is a withdrawal of its own, by the number of the word that made it: approved, paid and
final like any other. It takes its amount and its share of the fee out of its request, which keeps
its place, and so does what is held. The policy decides of the request, whole. A tranche that is not
paid when a suspension comes again goes back into its request.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from fullreserve.exchange.folds import Moment, View
from fullreserve.exchange.products import drain
from fullreserve.exchange.products.custody_wire import NetworkAsset
from fullreserve.exchange.products.drain_line import Line
from fullreserve.exchange.products.drain_log import NO_SPLITS, Cut, Entry, Pass, SplitLog, Tranche
from fullreserve.exchange.products.withdrawal_history import Histories
from fullreserve.exchange.products.withdrawal_state import (
    LEDGER_DIGITS,
    OF_ONE_REQUEST,
    TRANCHES_MAX,
    Split,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import Amount, amount_bytes, amount_int


def split_of(amount: Amount, terms: NetworkAsset) -> Split:
    """How small a tranche of a request of this amount may be."""
    step = 10 ** (LEDGER_DIGITS - terms.digits)
    least = max(amount_int(terms.minimum), -(-amount_int(amount) // TRANCHES_MAX), 1)
    return Split(amount, amount_bytes(-(-least // step) * step), amount_bytes(step))


class Splits(Histories):
    """What drains do with them, and have in their logs."""

    def _note_cuts(self, suspension: int, entered: Iterable[Entry]) -> None:
        for entry in entered:
            split = self.state.splits.get(entry.number)
            known = self.state.split_logs.get(suspension, NO_SPLITS).cuts
            if split is not None and entry.number not in known:
                cuts = self._log_of(suspension).cuts
                self._set(cuts, entry.number, Cut(split.least, split.step))

    def _note_part(self, suspension: int, sequence: int, part: drain.Part | None) -> SplitLog:
        """What the suspension's logs have of tranches, with a tick's."""
        if part is not None:
            tranche = Tranche(part.number, amount_bytes(part.amount))
            self._set(self._log_of(suspension).tranches, sequence, tranche)
        return self.state.split_logs.get(suspension, NO_SPLITS)

    def _log_of(self, suspension: int) -> SplitLog:
        if suspension not in self.state.split_logs:
            self._set(self.state.split_logs, suspension, SplitLog())
        return self.state.split_logs[suspension]

    def _with_cut(self, suspension: int, one: drain.Waiting) -> drain.Waiting:
        cut = self.state.split_logs.get(suspension, NO_SPLITS).cuts.get(one.number)
        if cut is None:
            return one
        return one._replace(least=amount_int(cut.least), step=amount_int(cut.step))

    def _lower(self, done: Pass, line: Line, part: drain.Part | None) -> None:
        if part is None:
            return
        entry = done.queue[part.number]
        rest = replace(entry, amount=amount_bytes(amount_int(entry.amount) - part.amount))
        self._set(done.queue, part.number, rest)
        line.lower(rest)

    def _split(self, part: drain.Part, began: int, moment: Moment, view: View) -> None:
        """Makes a tranche of a request that waits; to the payer, if nothing else holds it."""
        one = self._cut(part, moment)
        one.state, one.is_released = WithdrawalState.QUEUED, True
        by: tuple[int, ...] = ()
        if self.state.edition >= OF_ONE_REQUEST:
            by = self.state.released.get(part.number, ())
            self._requote(part.number)
        self._set(self.state.released, one.number, (*by, began))
        if not self._is_held_back(one, view):
            self._to_payer(one)
        self._enter(one)

    def _cut(self, part: drain.Part, moment: Moment) -> Withdrawal:
        """What is to be a tranche, with its share of the fee; its request is less by that.

        What the request lacks of that fee, its tranche lacks a share of.
        """
        asked = self.state.splits[part.number]
        whole = self._change(self.state.withdrawals[part.number], moment)
        lacks = self.state.lack_of(part.number)
        fee = (amount_int(whole.fee) + lacks) * part.amount // whole.value
        shared = self.state.split_fees.get(part.number)
        if shared is not None:
            # Of the whole, so that a quote of the same fee comes to the same.
            fee = min(fee, amount_int(shared.fee) * part.amount // amount_int(asked.amount))
        less = min(lacks * part.amount // whole.value, fee)
        fee -= less
        one = Withdrawal(
            *(moment.sequence, whole.owner, whole.network, whole.asset),
            *(amount_bytes(part.amount), amount_bytes(fee), whole.kind, whole.destination),
            usd=whole.usd * part.amount // amount_int(asked.amount),
            requested_ms=whole.requested_ms,
            changed_ms=moment.time_ms,
            version=moment.sequence,
            by_api=whole.by_api,
        )
        whole.amount = amount_bytes(whole.value - part.amount)
        whole.fee = amount_bytes(amount_int(whole.fee) - fee)
        self._set(self.state.parts, one.number, part.number)
        self._note_lack(one.number, less)
        self._note_lack(part.number, lacks - less)
        if part.number in self.state.whence:
            self._set(self.state.whence, one.number, self.state.whence[part.number])
        return one

    def _enter(self, one: Withdrawal) -> None:
        self.state.withdrawals[one.number] = one
        self._undo.append(lambda: self._drop(one))
        self._known.note(one)
