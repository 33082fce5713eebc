"""Whose approvals a decision wants: those of its rule's group, and a reviewer's beside them.

From edition 9 of the policy on. A rule says who approves what it matches, and a review wants
somebody to look whatever the rules say: neither takes the other's place, and nobody stands for
both. So whoever's group a rule names, no change of rules takes reviewers out of a request's way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fullreserve.exchange.products.approval_state import Group
from fullreserve.exchange.products.policy_rules import REVIEWERS, Explained, Rule, Verb

BESIDE = 1  # reviewers look at what is under review


class Given(NamedTuple):
    """Who of those that have approved stands for the rule's group, and who for the reviewers."""

    by_group: tuple[int, ...]
    by_reviewers: tuple[int, ...]


def beside(found: Explained, *, is_reviewed: bool) -> int:
    """How many reviewers have to approve beside the rule's group, which is another than theirs."""
    by_others = found.verb == Verb.APPROVE and found.group != REVIEWERS
    return BESIDE if is_reviewed and by_others else 0


def given(approvals: Sequence[int], group: Group, reviewers: Group, looking: int) -> Given:
    """Whom each approval of those who count stands for; each for one of the two.

    Who is of both stands for the rule's group while reviewers enough have approved without, else
    for the reviewers: so all are found that are wanted wherever they can be found.
    """
    own = [who for who in approvals if group.counts(who) and not reviewers.counts(who)]
    looked = [who for who in approvals if reviewers.counts(who) and not group.counts(who)]
    both = [who for who in approvals if reviewers.counts(who) and group.counts(who)]
    lacks = max(0, looking - len(looked)) if looking else 0
    return Given((*own, *both[lacks:]), (*looked, *both[:lacks]) if looking else ())


def hangs_on_one(rule: Rule, group: Group, reviewers: Group) -> bool:
    """Whether what is under review could wait for one person alone, by a rule of another group."""
    if rule.verb != Verb.APPROVE or rule.group == REVIEWERS:
        return False
    count = persons(group, reviewers)
    return reviewers.enabled <= BESIDE or count <= rule.needed + BESIDE


def persons(group: Group, reviewers: Group) -> int:
    """How many count in the one or the other; who is of both is one."""
    return sum(
        group.counts(who) or reviewers.counts(who) for who in {**group.members, **reviewers.members}
    )
