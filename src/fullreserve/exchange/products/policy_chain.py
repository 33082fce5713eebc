"""The chain of the policy's decisions: what of each is hashed, over the digest before it.

`docs/reference/policy-chain.md` says it byte for byte, so that a stranger can work it out again:
what is encoded here, and in which order, is not to change. What becomes of a decision later is not
in it.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from fullreserve.exchange.products.policy_wire import Decision, Review
from fullreserve.exchange.products.risk_rules import Assessment

FIRST = bytes(32)  # the digest before the first decision

_encode = msgspec.msgpack.Encoder().encode
_replace = msgspec.structs.replace


class Link(msgspec.Struct, array_like=True, frozen=True):
    """A decision as it was made, with all that was hashed of it."""

    before: bytes  # the digest of the decision before it
    decision: Decision
    risk: Assessment | None = None  # where there was a table of risks
    review: Review | None = None  # where reviewers are wanted beside its rule's group


def linked(before: bytes, made: Decision, risk: Assessment | None, review: Review | None) -> Link:
    """The next link; `made` has no digest yet, and nobody has approved it."""
    found = Link(before, made, risk, review)
    digest = sha256(before + content(found)).digest()
    return Link(before, _replace(made, digest=digest), risk, review)


def content(link: Link) -> bytes:
    """What is hashed behind the digest before it."""
    bare = _replace(link.decision, digest=b"", approvals=())
    risk = b"" if link.risk is None else _encode(link.risk)
    review = b"" if link.review is None else _encode(link.review)
    return _encode(bare) + risk + review
