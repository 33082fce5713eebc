"""What left the hot wallet by the plans that a store has, and what by none of them.

That a plan is bound to a nonce or to coins says of no transaction yet that it carried it out: a
plan of which nothing was signed may have been dropped after a backup, and another paid by them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from fullreserve.custody.chains.adapter import Chain, Departed
from fullreserve.custody.store import Kept, Made


class Explained(NamedTuple):
    """`others` left by no plan; by `loose` plans nothing left, signed or bound, and may yet."""

    others: list[Departed]
    loose: list[Kept]


def explained(chain: Chain, plans: Sequence[Made], found: Sequence[Departed]) -> Explained:
    """Tells apart what left, by the plans that there are and what was signed for each."""
    bound: dict[bytes, list[Made]] = {}
    for made in plans:
        bound.setdefault(made.kept.plan.binding, []).append(made)
    others, used = list[Departed](), set[int]()
    for left in found:
        near = (made for binding in left.bindings for made in bound.get(binding, ()))
        by = {made.kept.id for made in near if _is_by(chain, made, left)}
        used |= by
        if not by:
            others.append(left)
    loose = [
        made.kept
        for made in plans
        if not (made.txids or made.kept.is_accepted or made.kept.id in used)
    ]
    return Explained(others, loose)


def _is_by(chain: Chain, made: Made, left: Departed) -> bool:
    """Whether it is what was signed, or pays what the plan does, at whatever fee.

    Fewer payments than the plan's: those that were refused before it was signed are not there.
    """
    if left.attempt.txid in made.txids:
        return True
    paid = Counter(out.payment for out in left.outs)
    return bool(paid) and paid <= Counter(out.payment for out in chain.outs(made.kept.plan))
