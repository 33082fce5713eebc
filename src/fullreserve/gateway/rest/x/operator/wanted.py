"""Whose approvals decisions of the policy want, and who of those that approved stands for whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from fullreserve.exchange.products.approval_state import ApprovalsState, Group
from fullreserve.exchange.products.policy_rules import REVIEWERS, DecisionState, Verb
from fullreserve.exchange.products.policy_wanted import given
from fullreserve.exchange.products.policy_wire import POLICY, Decision, ListReviews, Review
from fullreserve.exchange.wire.queries import AskFold
from fullreserve.gateway.context import Context
from fullreserve.gateway.rest.x.operator import fold

_encode = msgspec.msgpack.Encoder().encode
_reviews = msgspec.msgpack.Decoder(list[Review | None]).decode


async def wanted(context: Context, decisions: Sequence[Decision]) -> list[list[dict[str, Any]]]:
    """Of each decision rows of `group`, `needed`, `approvals`: the rule's group's, the reviewers'.

    None where people have no word on it.
    """
    question = ListReviews(tuple(one.facts.request for one in decisions))
    answer: bytes | None = await context.door.query(AskFold(POLICY, _encode(question)))
    reviews = [None] * len(decisions) if answer is None else _reviews(answer)
    # Who is of which group matters where two are asked alone.
    state = await fold.approvals(context) if any(reviews) else ApprovalsState()
    return [_rows(one, review, state) for one, review in zip(decisions, reviews, strict=True)]


def _rows(one: Decision, review: Review | None, state: ApprovalsState) -> list[dict[str, Any]]:
    found = one.explained
    if found.verb != Verb.APPROVE:
        return []
    if review is None:
        return [_row(found.group, found.needed, one.approvals)]
    waits = one.state == DecisionState.WAITING
    group, reviewers = (
        _members(state.groups.get(number) or Group(), waits=waits)
        for number in (found.group, REVIEWERS)
    )
    so_far = given(one.approvals, group, reviewers, review.needed)
    return [
        _row(found.group, found.needed, so_far.by_group),
        _row(REVIEWERS, review.needed, so_far.by_reviewers),
    ]


def _members(group: Group, *, waits: bool) -> Group:
    """Whose word counts; of what is decided, whose word counted or may have."""
    return group if waits else Group(members=dict.fromkeys(group.members, True))


def _row(group: int, needed: int, approvals: Sequence[int]) -> dict[str, Any]:
    return {
        "group": str(group),
        "needed": str(needed),
        "approvals": [str(uid) for uid in approvals],
    }
