"""What a tick of a drain pays, and what everybody is told of it."""

from __future__ import annotations

from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products import drain
from fullreserve.exchange.products.custody_wire import Drain
from fullreserve.exchange.products.drain_log import (
    LOGS_KEPT,
    DrainLog,
    DrainSum,
    DrainTick,
    noted,
    plus,
)
from fullreserve.exchange.products.suspension_asking import Stops, drain_of
from fullreserve.exchange.products.suspension_wire import Mode
from fullreserve.exchange.products.withdrawal_rulings import leaving
from fullreserve.exchange.products.withdrawal_state import SMALL_USD, Withdrawal, WithdrawalState
from fullreserve.exchange.products.withdrawal_table import WithdrawalTable
from fullreserve.exchange.wire.commands import amount_bytes, amount_int


class Drains(WithdrawalTable):
    """Queues that are paid out again."""

    def _drain(self, asked: Drain, moment: Moment, view: View) -> Outcome:
        if len(asked.budget) != 16 or asked.slots < 1:
            return REFUSED
        line = (asked.network, asked.asset, WithdrawalState.QUEUED)
        numbers = self._known.after(
            0, len(self._known.open), lambda row: (row.network, row.asset, row.state) == line
        )
        stops = Stops(leaving(by_api=True), asked.network, asked.asset, view)
        queue = [
            one
            for number in numbers
            if (one := self.state.withdrawals[number]).is_approved and _may_be_drained(one, stops)
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
        suspension = drain_of(asked.network, asked.asset, view)
        if suspension:
            tick = DrainTick(
                *(moment.sequence, moment.time_ms, asked.budget, asked.slots),
                *((), (), done.numbers, b""),
            )
            self._note_tick(suspension, asked, queue, tick, carried)
        for number in done.numbers:
            one = self._change(self.state.withdrawals[number], moment)
            one.is_released = True
            self._to_payer(one)
        return Outcome()

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
        if len(self.state.drains) > LOGS_KEPT:
            oldest = min(self.state.drains)
            self._remove(self.state.drains, oldest)
            self._remove(self._known.drained, oldest)

    def _sum_up(
        self, suspension: int, asked: Drain, log: DrainLog, queue: list[Withdrawal]
    ) -> None:
        sums, place = self._known.drained.setdefault(suspension, {}), (asked.network, asked.asset)
        amounts = {one.number: one.value for one in queue}
        amount = sum(amounts[number] for number in log.ticks[-1].paid)
        before = sums.get(place, DrainSum(*place, 0, 0, amount_bytes(0), 0, b"", 0))
        self._set(sums, place, plus(before, log, amount))


def _may_be_drained(one: Withdrawal, stops: Stops) -> bool:
    """Whether nothing but the suspension that drains holds a request back."""
    place = (one.network, one.asset, one.number)
    found = stops.ruled(leaving(by_api=one.by_api), one.owner, place)
    return found.mode not in (Mode.QUEUE, Mode.REJECT)
