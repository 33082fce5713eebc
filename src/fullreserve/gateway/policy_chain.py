"""The chain of the policy's decisions as it is told: all that is hashed, or what is a user's own.

Rows for operators hold each hashed number as it is, so that `verifier/decisions.py` works the
digests out again; `docs/reference/policy-chain.md` says what each means.
"""

from __future__ import annotations

from typing import Any

from fullreserve.exchange.products.policy_chain import Link
from fullreserve.exchange.products.policy_rules import (
    UNPRICED_USD,
    Category,
    DecisionState,
    Explained,
    Facts,
    Verb,
)
from fullreserve.exchange.products.risk_rules import Assessment
from fullreserve.gateway import ids

USD = 10**8


def link_row(link: Link) -> dict[str, Any]:
    """All of a decision that is hashed, in the order of hashing, between the two digests."""
    one = link.decision
    return {
        "wdId": str(ids.BASE + one.facts.request),
        "digestBefore": link.before.hex(),
        "number": str(one.number),
        "facts": _facts_row(one.facts),
        "explained": _explained_row(one.explained),
        "version": str(one.version),
        "ts": str(one.time_ms),
        "state": str(int(one.state)),
        "risk": {} if link.risk is None else _risk_row(link.risk),
        "reviewers": "" if link.review is None else str(link.review.needed),
        "digest": one.digest.hex(),
    }


def own_row(link: Link) -> dict[str, Any]:
    """What a request's owner sees: what is his, and the digest by which it is in the chain.

    Not the rules' and the score's reasons, which count what others do; nor the digest before, from
    which somebody with two requests could guess at whose decision stands between them.
    """
    one = link.decision
    return {
        "wdId": ids.text(one.facts.request),
        "number": str(one.number),
        "category": Category(one.facts.category).name.lower(),
        "ageMs": str(one.facts.age_ms),
        "usd": "" if one.facts.usd >= UNPRICED_USD else str(one.facts.usd // USD),
        "isReviewed": one.facts.is_reviewed,
        "verb": Verb(one.explained.verb).name.lower(),
        "version": str(one.version),
        "ts": str(one.time_ms),
        "state": DecisionState(one.state).name.lower(),
        "digest": one.digest.hex(),
    }


def _facts_row(facts: Facts) -> dict[str, Any]:
    return {
        "request": str(facts.request),
        "initiator": str(facts.initiator),
        "owner": str(facts.owner),
        "source": str(int(facts.source)),
        "network": str(facts.network),
        "asset": str(facts.asset),
        "category": str(int(facts.category)),
        "ageMs": str(facts.age_ms),
        "usd": str(facts.usd),
        "share": str(facts.share),
        "webhook": str(int(facts.webhook)),
        "isReviewed": facts.is_reviewed,
    }


def _explained_row(found: Explained) -> dict[str, Any]:
    return {
        "verb": str(int(found.verb)),
        "rule": str(found.rule),
        "group": str(found.group),
        "needed": str(found.needed),
        "trace": [{"rule": str(step.rule), "failed": step.failed} for step in found.trace],
    }


def _risk_row(found: Assessment) -> dict[str, Any]:
    return {
        "score": str(found.score),
        "reasons": [
            {"reason": str(int(reason)), "points": str(points)} for reason, points in found.reasons
        ],
        "outcome": str(int(found.outcome)),
        "met": str(int(found.met)),
        "untilTs": str(found.until_ms),
        "besideUsd": str(found.beside_usd),
        "place": found.place.hex(),
    }
