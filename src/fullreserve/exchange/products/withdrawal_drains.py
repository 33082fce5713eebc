"""What a tick of a drain pays, and what everybody is told of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products import drain
from fullreserve.exchange.products.custody_ledger import Unsound
from fullreserve.exchange.products.custody_wire import Drain
from fullreserve.exchange.products.drain_line import LOOKED_AT, PAID_AT_ONCE, Line, line_of
from fullreserve.exchange.products.drain_log import (
    LOGS_KEPT,
    DrainLog,
    DrainSum,
    DrainTick,
    Entry,
    Pass,
    chained,
    noted,
    plus,
)
from fullreserve.exchange.products.suspension_asking import drain_of
from fullreserve.exchange.products.suspension_state import Refused as Stop
from fullreserve.exchange.products.withdrawal_drained import Drained
from fullreserve.exchange.products.withdrawal_splits import Splits
from fullreserve.exchange.products.withdrawal_state import (
    BY_A_FEW,
    EACH_LETS_GO,
    SMALL_SAVES,
    SMALL_USD,
    STAYS_IN_LANE,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import amount_bytes, amount_int


class Drains(Splits):
    """Queues that are paid out again."""

    def _drain(self, asked: Drain, moment: Moment, view: View) -> Outcome:
        if len(asked.budget) != 16 or asked.slots < 1 or asked.max_wait < 0:
            return REFUSED
        suspension = drain_of(asked.network, asked.asset, view, asked.suspension)
        if self._goes_by_a_few(suspension, asked):
            if not suspension:
                return Outcome(code=Unsound.NOT_PAYABLE)
            drained = self._drained(suspension, asked, view)
            if self._is_too_soon(suspension, asked, drained, moment):
                return Outcome(code=Stop.TOO_SOON)
            return self._look_on(suspension, asked, drained, moment, view)
        line = (asked.network, asked.asset, WithdrawalState.QUEUED)
        numbers = self._known.after(
            0, len(self._known.open), lambda row: (row.network, row.asset, row.state) == line
        )
        drained = self._drained(suspension, asked, view)
        if self._is_too_soon(suspension, asked, drained, moment):
            return Outcome(code=Stop.TOO_SOON)
        queue = [
            one
            for number in numbers
            if (one := self.state.withdrawals[number]).is_approved and drained.has(one)
        ]
        sums: dict[int, int] = {}
        for one in queue:
            sums[one.owner] = sums.get(one.owner, 0) + one.usd
        waiting = [
            drain.Waiting(one.number, one.owner, one.value, sums[one.owner] <= SMALL_USD)
            for one in queue
        ]
        of_network = self.state.credits.setdefault(asked.network, {})
        had = of_network.get(asked.asset, {})
        carried = {owner: amount_int(credit) for owner, credit in had.items()}
        done = drain.tick(waiting, amount_int(asked.budget), asked.slots, carried)
        kept = {owner: amount_bytes(credit) for owner, credit in done.credits.items()}
        self._set(of_network, asked.asset, kept)
        if suspension:
            tick = DrainTick(
                *(moment.sequence, moment.time_ms, asked.budget, asked.slots),
                *((), (), done.numbers, b""),
            )
            self._note_tick(suspension, asked, queue, tick, carried)
        self._pay(done.numbers, drained, moment, view)
        return Outcome()

    def _drained(self, suspension: int, asked: Drain, view: View) -> Drained:
        place = (asked.network, asked.asset)
        released = self.state.released if self.state.edition >= EACH_LETS_GO else None
        held = bool(self._holds(*place))
        return Drained(suspension, place, view, is_held=held, released=released)

    def _is_too_soon(self, suspension: int, asked: Drain, drained: Drained, moment: Moment) -> bool:
        """Whether its line paid a shorter time ago than its plan says."""
        told = self._known.drained.get(suspension, {}).get((asked.network, asked.asset))
        if told is None or told.cursor:
            return False
        return moment.time_ms < told.time_ms + drained.interval_ms

    def _pay(self, numbers: Iterable[int], drained: Drained, moment: Moment, view: View) -> None:
        for number in numbers:
            one = self._change(self.state.withdrawals[number], moment)
            one.is_released = True
            if drained.began:
                before = self.state.released.get(number, ())
                self._set(self.state.released, number, (*before, drained.began))
                if self._is_held_back(one, view):
                    continue  # by another drain, which lets it go in its own time
            self._to_payer(one)

    # A few at a time

    def _goes_by_a_few(self, suspension: int, asked: Drain) -> bool:
        """Not a drain that began before: its log's ticks are of whole queues."""
        if self.state.edition < BY_A_FEW:
            return False
        is_known = asked.asset in self.state.drains.get(suspension, {}).get(asked.network, {})
        return not is_known or (suspension, asked.network, asked.asset) in self._known.lines

    def _look_on(
        self, suspension: int, asked: Drain, drained: Drained, moment: Moment, view: View
    ) -> Outcome:
        key = (suspension, asked.network, asked.asset)
        log, done = self._begun(key, asked.max_wait)
        line = self._known.lines[key]
        fit, had, end = self._behind(done.cursor, asked, line, drained)
        here = {number: number in done.queue and self._is_as(done.queue[number]) for number in fit}
        entered = [self._entry(number, log) for number in fit if not here[number]]
        gone = [number for number in had if not here.get(number)]
        self._note_cuts(suspension, entered)
        self._replace(done, line, gone, entered)
        paid: tuple[int, ...] = ()
        part: drain.Part | None = None
        cursor, slots = end or max(done.cursor, 1), 0
        if not end:
            slots = min(asked.slots, PAID_AT_ONCE)
            waiting = line.in_turn(slots)
            late = [
                each.number
                for each in waiting
                if not self._fits(each.number, drained) or not self._is_as(done.queue[each.number])
            ]
            if late:
                # They left when they had been looked at: the next word pays without them.
                self._replace(done, line, late, ())
                gone, slots = sorted(dict.fromkeys((*gone, *late))), 0
            else:
                (paid, part), cursor = self._paid_in_turn(key, waiting, asked, slots), 0
                self._replace(done, line, paid, ())
                self._lower(done, line, part)
                line.ticked()
        before, done.cursor = done.cursor, cursor
        self._undo.append(lambda: setattr(done, "cursor", before))
        place = (moment.sequence, moment.time_ms, asked.budget, slots)
        splits = self._note_part(suspension, moment.sequence, part)
        tick = chained(log, DrainTick(*place, tuple(entered), tuple(gone), paid, b""), splits)
        log.ticks.append(tick)
        self._undo.append(lambda: log.ticks.__delitem__(-1))
        amount = sum(self.state.withdrawals[number].value for number in paid)
        tranches = int(part is not None)
        told = plus(self._sum_before(*key), log, amount + (part.amount if part else 0), tranches)
        most = self.state.max_wait_of(*key)
        told = replace(told, waiting=len(done.queue), is_by_a_few=True, cursor=cursor)
        told = replace(told, max_wait=most)
        self._set(self._known.drained[suspension], key[1:], told)
        self._pay(paid, drained, moment, view)
        if part is not None:
            self._split(part, drained.began, moment, view)
        return Outcome()

    def _is_as(self, entry: Entry) -> bool:
        """Whether as much of a request waits as its line has; a tranche may have come back."""
        one = self.state.withdrawals.get(entry.number)
        return one is None or one.amount == entry.amount

    def _begun(self, key: tuple[int, int, int], max_wait: int) -> tuple[DrainLog, Pass]:
        """The log of a drain and what it comes to: new ones, when this is its first word."""
        suspension, network, asset = key
        logs = self.state.drains.setdefault(suspension, {}).setdefault(network, {})
        passes = self.state.passes.setdefault(suspension, {}).setdefault(network, {})
        lines = self._known.lines
        if asset not in logs:
            opening = {drain.LANE_S: amount_bytes(0)} if self.state.edition >= SMALL_SAVES else {}
            if max_wait:
                opening[drain.OVERDUE] = amount_bytes(0)
                if self.state.edition >= STAYS_IN_LANE:
                    opening[drain.IN_LANES] = amount_bytes(0)
                elif self.state.edition >= EACH_LETS_GO:
                    opening[drain.FOR_OVERDUE] = amount_bytes(0)
                self._bound_waits(key, max_wait)
            self._set(logs, asset, DrainLog(opening))
            self._set(passes, asset, Pass(credits=dict(opening)))
            self._set(lines, key, line_of(logs[asset], {}, max_wait))
            self._known.drained.setdefault(suspension, {})
            self._forget_drains()
        else:
            # Taken last when the word is taken back: the queue is the old one then.
            most = self.state.max_wait_of(*key)
            self._undo.append(
                lambda: lines.__setitem__(key, line_of(logs[asset], passes[asset].queue, most))
            )
        return logs[asset], passes[asset]

    def _bound_waits(self, key: tuple[int, int, int], max_wait: int) -> None:
        suspension, network, asset = key
        waits = self.state.max_waits
        if suspension not in waits:
            self._set(waits, suspension, {})
        if network not in waits[suspension]:
            self._set(waits[suspension], network, {})
        self._set(waits[suspension][network], asset, max_wait)

    def _behind(
        self, cursor: int, asked: Drain, line: Line, drained: Drained
    ) -> tuple[list[int], list[int], int]:
        """Who may be drained of a few behind a number, who was to be, and the last one.

        0: there is nobody behind them.
        """
        key = (asked.network, asked.asset, WithdrawalState.QUEUED)
        now = self._known.after(
            cursor, LOOKED_AT, lambda row: (row.network, row.asset, row.state) == key
        )
        had = line.after(cursor, LOOKED_AT)
        end = min((each[-1] for each in (now, had) if len(each) == LOOKED_AT), default=0)
        fit = [number for number in now if self._fits(number, drained)]
        if not end:
            return fit, had, 0
        return [each for each in fit if each <= end], [each for each in had if each <= end], end

    def _fits(self, number: int, drained: Drained) -> bool:
        """Whether a request waits for this drain, and for nothing else."""
        one = self.state.withdrawals.get(number)
        return (
            one is not None
            and one.state == WithdrawalState.QUEUED
            and one.is_approved
            and drained.has(one)
        )

    def _entry(self, number: int, log: DrainLog) -> Entry:
        one = self.state.withdrawals[number]
        if one.owner not in log.shares:
            self._set(log.shares, one.owner, number)
        return Entry(number, log.shares[one.owner], one.amount, one.usd)

    def _replace(
        self, done: Pass, line: Line, gone: Iterable[int], entered: Iterable[Entry]
    ) -> None:
        for number in gone:
            line.leave(number)
            self._remove(done.queue, number)
        for entry in entered:
            line.enter(entry)
            self._set(done.queue, entry.number, entry)

    def _paid_in_turn(
        self, key: tuple[int, int, int], waiting: Sequence[drain.Waiting], asked: Drain, slots: int
    ) -> tuple[tuple[int, ...], drain.Part | None]:
        done = self.state.passes[key[0]][key[1]][key[2]]
        waiting = [self._with_cut(key[0], each) for each in waiting]
        shares = dict.fromkeys(one.owner for one in waiting if one.is_overdue or not one.is_small)
        own = (drain.LANE_S, drain.OVERDUE, drain.FOR_OVERDUE, drain.IN_LANES)
        shares |= dict.fromkeys(one for one in own if one in done.credits)
        carried = {share: amount_int(done.credits.get(share, bytes(16))) for share in shares}
        found = drain.tick(waiting, amount_int(asked.budget), slots, carried)
        part = drain.tranche(waiting, slots, found)
        if part is not None:
            (owner,) = (each.owner for each in waiting if each.number == part.number)
            found.credits[owner] = found.credits.get(owner, 0) - part.amount + part.kept
            if part.kept:
                found.credits[drain.OVERDUE] -= part.kept
        for share in shares:
            if share in found.credits:
                self._set(done.credits, share, amount_bytes(found.credits[share]))
            elif share in done.credits:
                self._remove(done.credits, share)
        return found.numbers, part

    # What is told

    def _sum_before(self, suspension: int, network: int, asset: int) -> DrainSum:
        known = self._known.drained[suspension].get((network, asset))
        return known or DrainSum(network, asset, 0, 0, amount_bytes(0), 0, b"", 0)

    def _forget_drains(self) -> None:
        if len(self.state.drains) <= LOGS_KEPT:
            return
        oldest = min(self.state.drains)
        self._remove(self.state.drains, oldest)
        self._remove(self._known.drained, oldest)
        if oldest in self.state.passes:
            self._remove(self.state.passes, oldest)
        if oldest in self.state.max_waits:
            self._remove(self.state.max_waits, oldest)
        if oldest in self.state.split_logs:
            self._remove(self.state.split_logs, oldest)
        for key in [each for each in self._known.lines if each[0] == oldest]:
            self._remove(self._known.lines, key)

    def _note_tick(
        self,
        suspension: int,
        asked: Drain,
        queue: list[Withdrawal],
        tick: DrainTick,
        carried: dict[int, int],
    ) -> None:
        """What a suspension's drain did, for everybody to work out again."""
        logs = self.state.drains.setdefault(suspension, {}).setdefault(asked.network, {})
        log = noted(logs.get(asked.asset, DrainLog()), queue, tick, carried)
        self._set(logs, asked.asset, log)
        self._sum_up(suspension, asked, log, queue)
        self._forget_drains()

    def _sum_up(
        self, suspension: int, asked: Drain, log: DrainLog, queue: list[Withdrawal]
    ) -> None:
        place = (asked.network, asked.asset)
        sums = self._known.drained.setdefault(suspension, {})
        amounts = {one.number: one.value for one in queue}
        amount = sum(amounts[number] for number in log.ticks[-1].paid)
        self._set(sums, place, plus(self._sum_before(suspension, *place), log, amount))
