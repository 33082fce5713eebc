"""What the policy's decisions imply: which wait, which were refused, what owners' come to."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from itertools import takewhile

from fullreserve.exchange.products.policy_rules import DecisionState
from fullreserve.exchange.products.policy_velocity import Velocity
from fullreserve.exchange.products.policy_wire import COUNTED, HELD, Decision
from fullreserve.exchange.products.risk_rules import Assessment


class Index:
    """Kept beside the decisions and worked out from them alone.

    Requests that wait, for people, for their owner to confirm them or for a time, stand in the
    order of their decisions, those refused in that of their refusals. `assessed` is the fold's own
    table.
    """

    def __init__(
        self,
        decisions: Iterable[Decision],
        ended: Mapping[int, int],
        assessed: Mapping[int, Assessment],
    ) -> None:
        self.waiting: dict[int, int] = {}  # request: its decision's number
        self.confirming: dict[int, int] = {}
        self._delayed: dict[int, int] = {}
        self.refused: dict[int, None] = {}
        self._held: dict[int, dict[int, None]] = {}  # by owner
        self.velocity = Velocity()
        self._places = Velocity()  # by address, and by address and owner
        self._assessed = assessed
        refused = []
        for one in decisions:
            if one.state in COUNTED:
                self.enter(one)
            else:
                refused.append((ended.get(one.facts.request, one.number), one.number, one))
        for _, _, one in sorted(refused, key=lambda item: item[:2]):
            self.enter(one)

    def enter(self, one: Decision) -> None:
        """A decision that is newer than all others."""
        if one.state not in COUNTED:
            self.refused[one.facts.request] = None
            return
        table = self._awaited(one)
        if table is not None:
            table[one.facts.request] = one.number
        self._hold(one)
        self._count(one)

    def end(self, one: Decision) -> None:
        """What waited is refused."""
        self._leave(one)
        self.refused[one.facts.request] = None
        self._uncount(one)

    def wait_again(self, one: Decision) -> None:
        """It is not, after all: it goes back to its place."""
        del self.refused[one.facts.request]
        table = self._awaited(one)
        if table is not None:
            table[one.facts.request] = one.number
            ordered = sorted(table.items(), key=lambda item: item[1])
            table.clear()
            table.update(ordered)
        self._hold(one)
        self._count(one)

    def decided(self, one: Decision) -> None:
        """What waited waits no more, and counts on."""
        self._leave(one)
        self._hold(one)

    def awaited(self, after: int, limit: int) -> list[int]:
        """Requests that wait by decisions behind a number, the oldest first; none else is read."""
        found = [
            (number, request)
            for table in (self.waiting, self.confirming, self._delayed)
            for request, number in takewhile(lambda item: item[1] > after, reversed(table.items()))
        ]
        return [request for _, request in sorted(found)[:limit]]

    def held(self, owner: int) -> list[int]:
        """An owner's requests that a score holds, the oldest first."""
        return sorted(self._held.get(owner, ()))

    def forget(self, one: Decision) -> None:
        """It is known no more; its assessment still is."""
        self._leave(one)
        if one.state in COUNTED:
            self._uncount(one)
        else:
            del self.refused[one.facts.request]

    def beside(self, owner: int, place: bytes, time_ms: int) -> int:
        """USD of other owners' requests to an address after a time."""
        if not place:
            return 0
        mine = self._places.since((place, owner), time_ms)
        return self._places.since(place, time_ms) - mine

    def _awaited(self, one: Decision) -> dict[int, int] | None:
        tables = {
            DecisionState.WAITING: self.waiting,
            DecisionState.CONFIRMING: self.confirming,
            DecisionState.DELAYED: self._delayed,
        }
        return tables.get(DecisionState(one.state))

    def _hold(self, one: Decision) -> None:
        if one.state in HELD:
            self._held.setdefault(one.facts.owner, {})[one.facts.request] = None

    def _leave(self, one: Decision) -> None:
        request, owner = one.facts.request, one.facts.owner
        self.waiting.pop(request, None)
        self.confirming.pop(request, None)
        self._delayed.pop(request, None)
        mine = self._held.get(owner, {})
        mine.pop(request, None)
        if not mine:
            self._held.pop(owner, None)

    def _count(self, one: Decision) -> None:
        facts = one.facts
        self.velocity.enter(facts.owner, one.number, one.time_ms, facts.usd)
        for key in self._keys(one):
            self._places.enter(key, one.number, one.time_ms, facts.usd)

    def _uncount(self, one: Decision) -> None:
        self.velocity.remove(one.facts.owner, one.number)
        for key in self._keys(one):
            self._places.remove(key, one.number)

    def _keys(self, one: Decision) -> tuple[Hashable, ...]:
        assessed = self._assessed.get(one.facts.request)
        if assessed is None or not assessed.place:
            return ()
        return (assessed.place, (assessed.place, one.facts.owner))
