"""What the withdrawals imply: whose they are, under which client id, and which are open."""

from __future__ import annotations

from collections.abc import Iterable

from fullreserve.exchange.products.withdrawal_state import FINAL, Withdrawal


class Index:
    """Kept beside the state and worked out from it alone; numbers ascend in each of its tables."""

    def __init__(self, withdrawals: Iterable[Withdrawal]) -> None:
        self.of_owner: dict[int, dict[int, None]] = {}
        self.clients: dict[tuple[int, bytes], int] = {}
        self.open: dict[int, None] = {}
        self.open_of: dict[int, dict[int, None]] = {}  # by owner
        self.finals = 0
        for one in sorted(withdrawals, key=lambda one: one.number):
            self.note(one)

    def note(self, one: Withdrawal) -> None:
        """Enters a withdrawal that is newer than all others."""
        self.of_owner.setdefault(one.owner, {})[one.number] = None
        if one.client:
            self.clients[one.owner, one.client] = one.number
        if one.state in FINAL:
            self.finals += 1
        else:
            self.open[one.number] = None
            self.open_of.setdefault(one.owner, {})[one.number] = None

    def drop(self, one: Withdrawal) -> None:
        """Forgets a withdrawal."""
        self.of_owner.get(one.owner, {}).pop(one.number, None)
        self.clients.pop((one.owner, one.client), None)
        if one.number in self.open:
            self._leave(one)
        else:
            self.finals -= 1

    def close(self, one: Withdrawal) -> None:
        """It has come to its end."""
        self._leave(one)
        self.finals += 1

    def open_again(self, one: Withdrawal) -> None:
        """It has not, after all: it goes back to its place."""
        self.open[one.number] = None
        self.open = dict(sorted(self.open.items()))
        self.open_of.setdefault(one.owner, {})[one.number] = None
        self.finals -= 1

    def _leave(self, one: Withdrawal) -> None:
        del self.open[one.number]
        mine = self.open_of[one.owner]
        del mine[one.number]
        if not mine:
            del self.open_of[one.owner]
