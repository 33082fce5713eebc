"""What the policy's decisions imply: which wait, which were refused, what owners' come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fullreserve.exchange.products.policy_rules import DecisionState
from fullreserve.exchange.products.policy_velocity import Velocity
from fullreserve.exchange.products.policy_wire import COUNTED, Decision


class Index:
    """Kept beside the decisions and worked out from them alone.

    Requests that wait stand in the order of their decisions, those refused in that of their
    refusals.
    """

    def __init__(self, decisions: Iterable[Decision], ended: Mapping[int, int]) -> None:
        self.waiting: dict[int, int] = {}  # request: its decision's number
        self.refused: dict[int, None] = {}
        self.velocity = Velocity()
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
        if one.state == DecisionState.WAITING:
            self.waiting[one.facts.request] = one.number
        self.velocity.enter(one.facts.owner, one.number, one.time_ms, one.facts.usd)

    def end(self, one: Decision) -> None:
        """What waited is refused."""
        del self.waiting[one.facts.request]
        self.refused[one.facts.request] = None
        self.velocity.remove(one.facts.owner, one.number)

    def wait_again(self, one: Decision) -> None:
        """It is not, after all: it goes back to its place."""
        del self.refused[one.facts.request]
        self.waiting[one.facts.request] = one.number
        self.waiting = dict(sorted(self.waiting.items(), key=lambda item: item[1]))
        self.velocity.enter(one.facts.owner, one.number, one.time_ms, one.facts.usd)

    def forget(self, one: Decision) -> None:
        """It is known no more."""
        self.waiting.pop(one.facts.request, None)
        if one.state in COUNTED:
            self.velocity.remove(one.facts.owner, one.number)
        else:
            del self.refused[one.facts.request]
