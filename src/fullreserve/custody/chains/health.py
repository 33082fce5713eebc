"""Whether a chain can be believed: two nodes are asked, and must say the same."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from fullreserve.custody.chains.adapter import Block, Chain
from fullreserve.custody.chains.rpc import NodeDown, NodeProblem

LAG_MAX = 3  # blocks that one node may be behind the other


class State(StrEnum):
    """How a chain is; anything but `ok` stops credits and payments."""

    OK = "ok"
    DOWN = "down"  # a node does not answer
    GARBAGE = "garbage"  # a node answers what makes no sense
    BEHIND = "behind"  # the node that is followed lags behind the other
    SPLIT = "split"  # two nodes hold different chains


class Health(NamedTuple):
    """What was found; `tip` is that of the node that is followed, None when it has none.

    `height` is where two nodes hold different blocks, 0 when they do not; `lag` how many blocks
    the node that is followed is behind the second, or (negative) before it, beyond what is allowed.
    """

    state: State
    tip: Block | None
    detail: str = ""
    height: int = 0
    lag: int = 0

    @property
    def is_ok(self) -> bool:
        return self.state is State.OK


def health(first: Chain, second: Chain | None, lag_max: int = LAG_MAX) -> Health:
    """Compares two nodes of a chain at the newest height that both have.

    Without a second node the first one alone must make sense.
    """
    tip: Block | None = None
    try:
        tip = first.tip()
        if second is None:
            return Health(State.OK, tip)
        other = second.tip()
        common = min(tip.height, other.height)
        one, two = first.block(common), second.block(common)
    except NodeProblem as problem:
        return unread(problem, tip)
    if one is None or two is None or one.hash != two.hash:
        return Health(State.SPLIT, tip, f"two nodes differ at block {common}", common)
    if abs(other.height - tip.height) > lag_max:
        behind = "the node that is followed" if tip.height < other.height else "the second node"
        lag = abs(other.height - tip.height)
        said = f"{behind} is {lag} blocks behind"
        return Health(State.BEHIND, tip, said, lag=other.height - tip.height)
    return Health(State.OK, tip)


def unread(problem: NodeProblem, tip: Block | None = None) -> Health:
    """Of a chain whose node answers nothing, or nothing that can be used."""
    state = State.DOWN if isinstance(problem, NodeDown) else State.GARBAGE
    return Health(state, tip, str(problem))


def two_blocks(first: Chain, second: Chain, height: int) -> tuple[Block, Block] | None:
    """Which blocks two nodes hold at a height, where those differ; NodeProblem."""
    one, two = first.block(height), second.block(height)
    return (one, two) if one is not None and two is not None and one.hash != two.hash else None
