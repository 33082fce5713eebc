"""What the audit log keeps of an operator's request."""

from __future__ import annotations

from fullreserve.gateway.rest.x.operator.guard import what_of
from fullreserve.identity.audit import What


def test_no_request_says_of_itself_which_passkey_signed_it() -> None:
    """Criterion: OP-CONSENT-2. Nor is the signature kept; all else is."""
    asked = {"proposal": "7", "passkey": "01", "ticket": "t", "credential": "c", "note": "why"}
    assert what_of(asked) == What({"proposal": "7"}, "why")
