"""Whether nonces are free, by every node of a network: the highest that any of them says counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import structlog

from fullreserve.custody.chains.adapter import Chain, Plan
from fullreserve.custody.chains.health import State, health
from fullreserve.custody.chains.rpc import NodeDown, NodeMute, NodeProblem, NodeRefuses
from fullreserve.exchange.worker_files import WhyUnsigned

# As many as payments go by: the node that is followed, and a second one where there is one.
QUORUM = 2

log = structlog.get_logger(__name__)


class Doubt(NamedTuple):
    """Why something is not let go, and in what words."""

    why: WhyUnsigned
    text: str


class Nodes:
    """The nodes of one network, in the order of its file, by which they are called: 1 is the first.

    While one holds other blocks than the first, lags behind it or answers nonsense, none counts as
    free. One that is down, or lets nobody in, stops nothing while QUORUM tell.
    """

    def __init__(self, chains: Sequence[Chain]) -> None:
        self._chains = chains

    def doubts(self, plans: Sequence[Plan]) -> list[Doubt | None]:
        """Of each plan why its nonce does not count as free, if it does not; NodeProblem."""
        first = self._chains[0]
        doubts: list[str] = []
        told: dict[int, list[int]] = {}
        silent: list[str] = []
        for number, chain in enumerate(self._chains, 1):
            try:
                chain.tip()  # of one that is down the other would be said to be at fault
                found = health(first, chain) if number > 1 else None
                if found is not None and found.state not in (State.OK, State.DOWN):
                    said = f"node {number} cannot be believed ({found.state}): {found.detail}"
                    doubts.append(said)
                    continue
                told[number] = [chain.next_nonce(plan) for plan in plans]
            except (NodeDown, NodeMute, NodeRefuses) as problem:
                if number == 1:
                    raise
                silent.append(f"node {number}: {problem}")
            except NodeProblem as problem:
                doubts.append(f"node {number} answers what makes no sense: {problem}")
        if silent:
            log.warning("nodes do not tell which nonces are free", silent=silent)
        return [self._doubt(at, plan, told, doubts) for at, plan in enumerate(plans)]

    def _doubt(
        self, at: int, plan: Plan, told: Mapping[int, Sequence[int]], doubts: Sequence[str]
    ) -> Doubt | None:
        free = {number: counts[at] for number, counts in told.items()}
        of, needed = self._chains[0].nonce_of(plan), min(QUORUM, len(self._chains))
        assert of is not None, "what is bound to coins is let go by nobody"
        if by := [f"node {number}" for number, count in free.items() if count > of[1]]:
            said = f"nonce {of[1]} of its lane is taken on the chain, or about to be, by "
            return Doubt(WhyUnsigned.TAKEN, said + ", ".join(by))
        if doubts:
            return Doubt(WhyUnsigned.NODES, "; ".join(doubts))
        if len(set(free.values())) > 1:
            by = [f"{count} by node {number}" for number, count in free.items()]
            said = "nodes do not agree on the next nonce of its lane: "
            return Doubt(WhyUnsigned.NODES, said + ", ".join(by))
        if len(free) < needed:
            count = len(self._chains)
            said = f"{len(free)} of {count} nodes tell its lane's nonce: {needed} have to"
            return Doubt(WhyUnsigned.NODES, said)
        return None
