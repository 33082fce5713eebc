"""Where deposits are found by owner, by place in their chains, and by what they wait for.

Worked out from the state alone. No question and no command has to walk all that are open.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import takewhile
from typing import NamedTuple

from fullreserve.exchange.products.changes import ByChange
from fullreserve.exchange.products.deposit_state import (
    BY_ITSELF,
    UNSCREENED,
    Deposit,
    DepositsState,
    DepositState,
    Phase,
)
from fullreserve.exchange.products.ranked import Ranked

# A place in one integer: network, height, number.
NUMBERS, HEIGHTS = 1 << 64, 1 << 40
NETWORKS = NUMBERS * HEIGHTS
ALL = 0  # the key of all deposits' changes, and of what is owed of all assets

Line = tuple[int, int, int]  # owner, network, asset
_Small = tuple[int, int, bytes]  # height, number, transfer


def place_of(one: Deposit) -> int:
    """Where a deposit stands among those that are open: by network, then in block order."""
    return one.network * NETWORKS + one.height * NUMBERS + one.number


class _Known(NamedTuple):
    """What of a deposit stands in the tables."""

    owner: int
    place: int  # 0: no walk comes by
    small: tuple[Line, _Small] | None
    coming: tuple[int, int] | None  # network and asset
    debt: tuple[tuple[int, int], int] | None  # owner and asset; its number
    value: int
    undone: int  # of what its chain took back after it had arrived
    lacked: int  # how much of the break is of it
    place_of_undone: tuple[int, int]  # network and asset


class DepositIndex:
    """Kept beside the state; `enter` is to be called for each deposit that has changed."""

    def __init__(self, state: DepositsState) -> None:
        self._state = state
        self.owners: dict[int, dict[int, int]] = {
            network: {index: owner for owner, index in owners.items()}
            for network, owners in state.addresses.items()
        }
        self.numbers: dict[int, bytes] = {}
        self.unclaimed: dict[bytes, None] = {}
        self.kept: dict[bytes, None] = {}  # from their owners
        self.uncredited: dict[bytes, None] = {}  # of owners and not kept, by their last change
        self.changes: ByChange[bytes] = ByChange()  # by owner
        self.all_changes: ByChange[bytes] = ByChange()
        self._open = Ranked()
        self._unscreened = Ranked()  # by number
        self._at: dict[int, bytes] = {}  # by place
        self._small: dict[Line, list[_Small]] = {}
        self._sums: dict[Line, int] = {}
        self._coming: dict[int, dict[int, int]] = {}
        self._undone: dict[tuple[int, int], int] = {}  # by network and asset
        self._again: dict[tuple[int, int], int] = {}  # of that, what is in a block again
        self._lacked: dict[tuple[int, int], int] = {}
        self._lacked_again: dict[tuple[int, int], int] = {}
        self._debts: dict[
            tuple[int, int], list[int]
        ] = {}  # numbers, by owner and asset, and by owner
        self._deep: dict[int, list[tuple[int, bytes]]] = {}  # heaps, by network
        self._known: dict[bytes, _Known] = {}
        for one in state.deposits.values():
            self.enter(one)
            self.note(one)

    def note(self, one: Deposit) -> None:
        """Puts a deposit to where its last change has it; once that is certain."""
        self.changes.note(one.transfer, one.owner, one)
        self.all_changes.note(one.transfer, ALL, one)

    def enter(self, one: Deposit) -> None:
        """Enters a deposit, or what has become of it."""
        self._leave(one.transfer)
        self.numbers[one.number] = one.transfer
        is_open = one.phase < Phase.UNLOCKED and one.state != DepositState.GONE
        owes = one.transfer in self._state.debts
        place = place_of(one) if is_open or owes else 0
        if place:
            self._open.add(place, 0)
            self._at[place] = one.transfer
        if not one.owner:
            self.unclaimed[one.transfer] = None
        if is_open and one.awaits_screening:
            # Nobody's is screened once it is claimed: no flood of such stands before others.
            self._unscreened.add(one.number, 0)
        is_kept = one.stop not in (0, UNSCREENED) or one.transfer in self._state.said
        if is_open and is_kept:
            self.kept[one.transfer] = None
        if is_open and one.owner and one.phase < Phase.CREDITED and not is_kept:
            self.uncredited[one.transfer] = None
        small = self._enter_small(one)
        coming = self._enter_coming(one)
        debt = ((one.owner, one.asset), one.number) if owes else None
        if debt is not None:
            for key in (debt[0], (one.owner, ALL)):
                insort(self._debts.setdefault(key, []), debt[1])
        if one.phase == Phase.UNLOCKED:
            heappush(self._deep.setdefault(one.network, []), (one.height, one.transfer))
        at, lacked = (one.network, one.asset), self._state.lacked.get(one.transfer, 0)
        undone = self._state.undone.get(one.transfer, 0)
        self._add_undone(at, undone, lacked, is_again=coming is not None)
        self._known[one.transfer] = _Known(
            *(one.owner, place, small, coming, debt, one.value, undone, lacked, at)
        )

    def _add_undone(self, at: tuple[int, int], amount: int, lacked: int, *, is_again: bool) -> None:
        if not amount:
            return
        self._undone[at] = self._undone.get(at, 0) + amount
        self._lacked[at] = self._lacked.get(at, 0) + lacked
        if is_again:
            self._again[at] = self._again.get(at, 0) + amount
            self._lacked_again[at] = self._lacked_again.get(at, 0) + lacked

    def _enter_small(self, one: Deposit) -> tuple[Line, _Small] | None:
        due = one.confirmations >= self._state.networks[one.network].credit_after
        if one.phase != Phase.BOOKED or not due or one.awaits_screening:
            return None
        if self._state.edition >= BY_ITSELF and one.was_credited:
            return None
        line, small = (one.owner, one.network, one.asset), (one.height, one.number, one.transfer)
        insort(self._small.setdefault(line, []), small)
        self._sums[line] = self._sums.get(line, 0) + one.value
        return line, small

    def _enter_coming(self, one: Deposit) -> tuple[int, int] | None:
        if not one.height or one.phase >= Phase.ARRIVED:
            return None
        by_asset = self._coming.setdefault(one.network, {})
        by_asset[one.asset] = by_asset.get(one.asset, 0) + one.value
        return one.network, one.asset

    def forget(self, one: Deposit) -> None:
        """Takes a deposit out of every table."""
        self._leave(one.transfer)
        self.numbers.pop(one.number, None)
        self.changes.drop(one.transfer)
        self.all_changes.drop(one.transfer)

    def _leave(self, transfer: bytes) -> None:
        was = self._known.pop(transfer, None)
        if was is None:
            return
        if was.place:
            self._open.remove(was.place)
            del self._at[was.place]
            if (number := was.place % NUMBERS) in self._unscreened:
                self._unscreened.remove(number)
        self.unclaimed.pop(transfer, None)
        self.kept.pop(transfer, None)
        self.uncredited.pop(transfer, None)
        if was.small is not None:
            line, small = was.small
            mine = self._small[line]
            del mine[bisect_left(mine, small)]
            self._sums[line] -= was.value
            if not mine:
                del self._small[line], self._sums[line]
        if was.coming is not None:
            network, asset = was.coming
            self._coming[network][asset] -= was.value
        is_again = was.coming is not None
        self._add_undone(was.place_of_undone, -was.undone, -was.lacked, is_again=is_again)
        if was.debt is not None:
            owes, number = was.debt
            for key in (owes, (was.owner, ALL)):
                owed = self._debts[key]
                del owed[bisect_left(owed, number)]
                if not owed:
                    del self._debts[key]

    # Reading

    def undone(self, network: int, asset: int) -> int:
        """What arrived, was taken back, and may come again."""
        return self._undone.get((network, asset), 0)

    def again(self, network: int, asset: int) -> int:
        """Of that, what is in a block again and has not arrived."""
        return self._again.get((network, asset), 0)

    def lacked(self, network: int, asset: int) -> int:
        """How much of the break is of what comes again."""
        return self._lacked.get((network, asset), 0)

    def lacked_away(self, network: int, asset: int) -> int:
        """Of that, of what is in no block."""
        return self.lacked(network, asset) - self._lacked_again.get((network, asset), 0)

    def open_on(self, network: int) -> Iterator[bytes]:
        """All of a network that are open, in block order."""
        first = network * NETWORKS
        places = takewhile(lambda place: place < first + NETWORKS, self._open.after(first - 1))
        return (self._at[place] for place in places)

    def open_after(self, place: int) -> Iterator[bytes]:
        """Those behind a place that are open, network by network, in block order."""
        return (self._at[each] for each in self._open.after(place))

    def unscreened_after(self, number: int) -> Iterator[bytes]:
        """Those behind a number that are to be screened, as they came."""
        return (self.numbers[each] for each in self._unscreened.after(number))

    def debts(self, owner: int, asset: int = ALL) -> Iterator[bytes]:
        """Those that an owner owes of an asset, or of all (0), as they came."""
        return (self.numbers[each] for each in self._debts.get((owner, asset), ()))

    def small_sum(self, line: Line) -> int:
        """What of an owner's asset on a network is confirmed and not credited."""
        return self._sums.get(line, 0)

    def small(self, line: Line) -> Iterator[bytes]:
        """Those of that sum, in block order."""
        return (transfer for _, _, transfer in self._small.get(line, ()))

    def is_small(self, transfer: bytes) -> bool:
        """Whether a deposit is in that sum."""
        known = self._known.get(transfer)
        return known is not None and known.small is not None

    def coming(self, network: int) -> dict[int, int]:
        """What is in blocks of a network and has not arrived, by asset."""
        return {asset: value for asset, value in self._coming.get(network, {}).items() if value}

    def deep(self, network: int, floor: int) -> Iterator[bytes]:
        """Those that were done in a block no higher than a floor; each is told once."""
        heap = self._deep.get(network, [])
        while heap and heap[0][0] <= floor:
            height, transfer = heappop(heap)
            one = self._state.deposits.get(transfer)
            if one is not None and (one.phase, one.height) == (Phase.UNLOCKED, height):
                yield transfer
