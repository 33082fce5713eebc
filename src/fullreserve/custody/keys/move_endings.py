"""Whether a move between tiers can still be paid: what every node shows of its coins or its nonce.

For operators who have agreed that one is to end. What is not proven is said, and ends nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fullreserve.custody.chains.adapter import Chain, Plan
from fullreserve.custody.chains.rpc import Node
from fullreserve.custody.keys.kept_moves import Kept
from fullreserve.custody.keys.move_standing import Taken, standing
from fullreserve.custody.networks import Network
from fullreserve.exchange.products.tier_moves_wire import Move, MoveState

LOOKED_BACK = 1_000  # blocks in which who spent a sweep's coins is looked for


class NotProven(ValueError):
    """It may still be paid, or nobody can tell; the message says why."""


class Ending(NamedTuple):
    """`txid` is what took its coins or nonce; a Safe's is named by the digest that was signed."""

    state: MoveState
    txid: bytes
    said: str


def of_refill(
    network: Network, nodes: Sequence[Node], move: Move, kept: Kept, now_ms: int
) -> Ending:
    """Of a move out of a tier that people command; NotProven, NodeProblem."""
    proposal = kept.proposal
    if proposal.binding != move.binding:
        raise NotProven("what is kept of it has other coins or another nonce than it is bound to")
    final = network.unlock_after
    seen = [standing(node, proposal, kept.since, final) for node in nodes]
    if all(one is None for one in seen):
        return _unused(move, now_ms, is_sent=bool(kept.sent))
    return _used(seen, final)


def of_sweep(
    network: Network,
    chains: Sequence[Chain],
    move: Move,
    plan: Plan,
    attempts: Sequence[bytes],
    now_ms: int,
) -> Ending:
    """Of a sweep of hot, by the payer's plan for it; NotProven, NodeProblem."""
    if plan.binding != move.binding:
        raise NotProven("the payer's plan has other coins or another nonce than it is bound to")
    seen = [_seen(chain, network, plan, attempts) for chain in chains]
    if all(one is None for one in seen):
        return _unused(move, now_ms, is_sent=bool(attempts))
    return _used(seen, network.unlock_after)


def _seen(chain: Chain, network: Network, plan: Plan, attempts: Sequence[bytes]) -> Taken | None:
    found = chain.standing(plan, list(attempts))
    if found.height:
        return Taken(found.txid, found.height, found.confirmations, is_ours=found.paid)
    if not found.taken_by:
        return None
    if chain.proves_taken:
        return Taken(found.taken_by, 0, network.unlock_after, is_ours=False)
    tip = chain.tip().height
    taker = chain.spender(plan, max(0, tip - LOOKED_BACK))
    if taker is None:
        raise NotProven("its coins are gone, and no block shows who spent them")
    return Taken(taker.txid, tip - taker.depth + 1, taker.depth, taker.is_ours)


def _unused(move: Move, now_ms: int, *, is_sent: bool) -> Ending:
    if is_sent:
        raise NotProven("no block has its coins or nonce: what was signed can still be paid")
    if now_ms < move.expires_ms:
        minutes = -(-(move.expires_ms - now_ms) // 60_000)
        raise NotProven(f"it can still be signed, for {minutes} minutes; then it lapses by itself")
    said = "nobody signed it in its time; what is decided next has its coins or nonce"
    return Ending(MoveState.LAPSED, b"", said)


def _used(seen: Sequence[Taken | None], final: int) -> Ending:
    found = [one for one in seen if one is not None]
    if len(found) < len(seen) or len({one.txid for one in found}) > 1:
        raise NotProven("the nodes differ about what took its coins or nonce")
    depth = min(one.depth for one in found)
    if depth < final:
        raise NotProven(f"what took its coins or nonce is {depth} of {final} blocks deep")
    name = found[0].txid.hex()
    nodes = "both nodes" if len(seen) > 1 else "the one node there is"
    if all(one.is_ours for one in found):
        return Ending(MoveState.DONE, found[0].txid, f"it was paid by {name}, by {nodes}")
    said = f"{name} took its coins or nonce, {final} blocks deep by {nodes}"
    return Ending(MoveState.OVERTAKEN, found[0].txid, said)
