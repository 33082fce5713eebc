"""Where withdrawals are found by owner, by client id, and by what they wait for.

No question and no command has to walk all that are open: who waits for the same stands in one row,
in the order of numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import merge
from itertools import islice, takewhile
from typing import NamedTuple

from msgspec.structs import replace

from fullreserve.exchange.products.changes import ByChange
from fullreserve.exchange.products.custody_wire import Destination
from fullreserve.exchange.products.drain_line import Line, line_of
from fullreserve.exchange.products.drain_log import NO_SPLITS, DrainSum, Pass, summed
from fullreserve.exchange.products.policy_rules import DecisionState
from fullreserve.exchange.products.policy_velocity import Velocity
from fullreserve.exchange.products.ranked import Before, Ranked
from fullreserve.exchange.products.withdrawal_state import (
    DAY_MS,
    FEES_WALKED,
    FINAL,
    PAYS_DEBTS,
    Left,
    Withdrawal,
    WithdrawalsState,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import amount_int

# What a suspension sends back to its queue, or lets go on from it.
SETTLED = (WithdrawalState.QUEUED, WithdrawalState.WAITING, WithdrawalState.SHORT)
GIVEN_BACK = (WithdrawalState.CANCELED, WithdrawalState.FAILED)


RANKS = 1 << 64  # numbers are below it


def _rank(one: Withdrawal) -> int:
    """By USD, then by number, in one integer."""
    return one.usd * RANKS + one.number


class Row(NamedTuple):
    """What the withdrawals of a row have in common."""

    network: int
    asset: int
    state: int
    is_bound: bool
    is_let_through: bool  # by the policy, where it is asked
    is_asked: bool  # about, to the policy, which has answered


def is_let_through(number: int, state: WithdrawalsState) -> bool:
    """Whether the policy, where it is asked, has nothing against a payment."""
    return not state.asks_policy or state.judged.get(number) == DecisionState.ALLOWED


class Index:
    """Kept beside the state and worked out from it alone; numbers ascend in each of its tables."""

    def __init__(self, state: WithdrawalsState) -> None:
        self._state = state
        self.of_owner: dict[int, dict[int, None]] = {}
        self.of_receiver: dict[int, dict[int, None]] = {}  # within the exchange
        self.clients: dict[tuple[int, bytes], int] = {}
        self.open: dict[int, None] = {}
        self.open_of: dict[int, dict[int, None]] = {}  # by owner
        self.finals: dict[int, None] = {}  # who ended first first
        self.parts_of: dict[int, dict[int, None]] = {}  # tranches, by request
        self.rows: dict[Row, Ranked] = {}
        self.taken: dict[tuple[int, int], Ranked] = {}  # by network and asset; of a day
        self._row_of: dict[int, Row] = {}
        # Queued ones by network and asset, the smallest in USD first; see `_rank`.
        self._smallest: dict[tuple[int, int], Ranked] = {}
        self._rank_of: dict[int, int] = {}
        self.drained: dict[int, dict[tuple[int, int], DrainSum]] = {  # by suspension
            suspension: {
                (network, asset): summed(
                    network, asset, log, state.split_logs.get(suspension, NO_SPLITS)
                )
                for network, by_asset in logs.items()
                for asset, log in by_asset.items()
            }
            for suspension, logs in state.drains.items()
        }
        self.lines: dict[tuple[int, int, int], Line] = {}  # by suspension, network and asset
        for suspension, by_network in state.passes.items():
            for network, by_asset in by_network.items():
                for asset, one_pass in by_asset.items():
                    key = (suspension, network, asset)
                    log = state.drains[suspension][network][asset]
                    self.lines[key] = line_of(log, one_pass.queue, state.max_wait_of(*key))
                    self._told(*key, one_pass)
        self.left = Velocity()  # by owner
        for known in state.left.values():
            self.leave(None, known)
        self.changes: ByChange[int] = ByChange()  # by owner
        self.all_changes: ByChange[int] = ByChange()
        for one in sorted(state.withdrawals.values(), key=lambda one: one.number):
            self.note(one)
        self.order_finals()

    def _told(self, suspension: int, network: int, asset: int, done: Pass) -> None:
        sums = self.drained[suspension]
        more = {"waiting": len(done.queue), "is_by_a_few": True, "cursor": done.cursor}
        more["max_wait"] = self._state.max_wait_of(suspension, network, asset)
        sums[network, asset] = replace(sums[network, asset], **more)

    def note(self, one: Withdrawal) -> None:
        """Enters a withdrawal that is newer than all others."""
        self.of_owner.setdefault(one.owner, {})[one.number] = None
        self.changed(one)
        if one.kind == Destination.OWNER:
            self.of_receiver.setdefault(one.destination, {})[one.number] = None
        if one.client:
            self.clients[one.owner, one.client] = one.number
        if one.number in self._state.parts:
            self.parts_of.setdefault(self._state.parts[one.number], {})[one.number] = None
        self._take(one)
        if one.state in FINAL:
            self.finals[one.number] = None
        else:
            self.open[one.number] = None
            self.open_of.setdefault(one.owner, {})[one.number] = None
            self.place(one)

    def changed(self, one: Withdrawal) -> None:
        """Puts one to where its last change has it; once that is certain."""
        self.changes.note(one.number, one.owner, one)
        self.all_changes.note(one.number, 0, one)

    def drop(self, one: Withdrawal) -> None:
        """Forgets a withdrawal."""
        self.of_owner.get(one.owner, {}).pop(one.number, None)
        self.changes.drop(one.number)
        self.all_changes.drop(one.number)
        if one.kind == Destination.OWNER:
            self.of_receiver.get(one.destination, {}).pop(one.number, None)
        self.clients.pop((one.owner, one.client), None)
        mine = self.parts_of.get(self._state.request_of(one.number), {})
        if mine.pop(one.number, one) is None and not mine:
            del self.parts_of[self._state.request_of(one.number)]
        self._give_back(one)
        if one.number in self.open:
            self._leave(one)
        else:
            del self.finals[one.number]

    def close(self, one: Withdrawal) -> None:
        """It has come to its end."""
        self._leave(one)
        self.finals[one.number] = None
        if self._is_given_back(one):
            self._give_back(one)

    def end_again(self, one: Withdrawal) -> None:
        """What had ended has changed: it ended last."""
        del self.finals[one.number]
        self.finals[one.number] = None

    def order_finals(self) -> None:
        """Puts what has ended in the order of its last change."""
        over = [one for one in self._state.withdrawals.values() if one.state in FINAL]
        over.sort(key=lambda one: (one.version, one.number))
        self.finals = {one.number: None for one in over}

    def open_again(self, one: Withdrawal) -> None:
        """It has not, after all: it goes back to its place."""
        for table in (self.open, self.open_of.setdefault(one.owner, {})):
            table[one.number] = None
            ordered = sorted(table)
            table.clear()
            table.update(dict.fromkeys(ordered))
        self.finals.pop(one.number, None)
        self._give_back(one)
        self._take(one, is_again=True)

    def leave(self, before: Left | None, after: Left | None) -> None:
        """What was paid of a request becomes another sum, or begins or ceases to count."""
        if before is not None:
            self.left.remove(before.owner, before.number)
        if after is not None:
            self.left.enter(after.owner, after.number, after.time_ms, after.usd)

    def place(self, one: Withdrawal) -> None:
        """Puts one that may have changed into its row; to be called for each that has."""
        fresh = Row(
            *(one.network, one.asset, one.state, bool(one.binding)),
            is_let_through(one.number, self._state),
            one.number in self._state.judged,
        )
        is_there = self._row_of.get(one.number) == fresh
        if one.number not in self.open or (
            is_there and self.rows[fresh].amount(one.number) == one.value
        ):
            return
        self._unplace(one.number)
        self._row_of[one.number] = fresh
        self.rows.setdefault(fresh, Ranked()).add(one.number, one.value)
        if fresh.state == WithdrawalState.QUEUED:
            rank = self._rank_of[one.number] = _rank(one)
            self._smallest.setdefault((one.network, one.asset), Ranked()).add(rank, 0)

    def _leave(self, one: Withdrawal) -> None:
        del self.open[one.number]
        mine = self.open_of[one.owner]
        del mine[one.number]
        if not mine:
            del self.open_of[one.owner]
        self._unplace(one.number)

    def _unplace(self, number: int) -> None:
        row = self._row_of.pop(number, None)
        if row is None:
            return
        if number in self._rank_of:
            self._smallest[row.network, row.asset].remove(self._rank_of.pop(number))
        ranked = self.rows[row]
        ranked.remove(number)
        if not len(ranked):
            del self.rows[row]

    def _take(self, one: Withdrawal, *, is_again: bool = False) -> None:
        """A request, whole; not its tranches, which are out of order in time."""
        if not one.network or one.number in self._state.parts:
            return
        if is_again or not self._is_given_back(one):
            self.taken_since(one.network, one.asset, one.requested_ms - DAY_MS)
            split = self._state.splits.get(one.number)
            amount = one.value if split is None else amount_int(split.amount)
            self.taken.setdefault((one.network, one.asset), Ranked()).add(one.number, amount)

    def _is_given_back(self, one: Withdrawal) -> bool:
        """Whether nothing of a request left, as far as is certain."""
        return one.state in GIVEN_BACK and self._state.split_of(one) is None

    def _give_back(self, one: Withdrawal) -> None:
        taken = self.taken.get((one.network, one.asset))
        if taken is not None and one.number in taken:
            taken.remove(one.number)

    # Reading

    def taken_since(self, network: int, asset: int, time_ms: int) -> int:
        """What was asked for after a time, of the last 24 hours, and not given back.

        What is older is forgotten, so that each request is looked at once.
        """
        taken = self.taken.get((network, asset))
        if taken is None:
            return 0
        for number in list(self._before(taken, time_ms)):
            taken.remove(number)
        return taken.total

    def still_taken(self, network: int, asset: int, time_ms: int) -> int:
        """The same for who asks, at whatever time; nothing is forgotten."""
        taken = self.taken.get((network, asset), Ranked())
        return taken.total - sum(map(taken.amount, self._before(taken, time_ms)))

    def _before(self, taken: Ranked, time_ms: int) -> Iterator[int]:
        table = self._state.withdrawals
        return takewhile(lambda one: table[one].requested_ms <= time_ms, taken.after(0))

    def matching(self, wanted: Callable[[Row], bool]) -> dict[Row, Ranked]:
        """The rows that are wanted: as many as there are assets, networks and states at most."""
        return {row: ranked for row, ranked in self.rows.items() if wanted(row)}

    def after(self, number: int, limit: int, wanted: Callable[[Row], bool]) -> list[int]:
        """Those behind a number in the rows that are wanted, in order."""
        return list(islice(self._after(number, wanted), limit))

    def _after(self, number: int, wanted: Callable[[Row], bool]) -> Iterator[int]:
        return merge(*(ranked.after(number) for ranked in self.matching(wanted).values()))

    def smallest(self, network: int, asset: int) -> Withdrawal | None:
        """The smallest in USD that is queued on a network, of an asset or of any (0)."""
        found = (
            next(ranked.after(-1), None)
            for place, ranked in self._smallest.items()
            if place[0] == network and asset in (0, place[1])
        )
        first = min((rank for rank in found if rank is not None), default=None)
        return None if first is None else self._state.withdrawals[first % RANKS]

    def before(self, one: Withdrawal) -> Before:
        """What stands before a withdrawal among those that wait for the same."""
        key = (one.network, one.asset, one.state)
        found = self.matching(lambda row: (row.network, row.asset, row.state) == key)
        places = [ranked.before(one.number) for ranked in found.values()]
        return Before(sum(each.places for each in places), sum(each.total for each in places))

    def settled(self, after: int, limit: int) -> list[int]:
        """Those behind a number that a suspension, or another fee, may concern, in order."""
        if self._state.edition >= PAYS_DEBTS:
            return self.after(after, limit, lambda row: not row.is_bound)
        is_walked = self._state.edition >= FEES_WALKED
        states = (*SETTLED, WithdrawalState.FEE_ROSE) if is_walked else SETTLED
        return self.after(after, limit, lambda row: not row.is_bound and row.state in states)
