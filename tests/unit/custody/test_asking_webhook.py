"""When the worker on duty asks the webhook: by the rules that hold as its word arrives."""

from __future__ import annotations

import pytest

from fullreserve.custody.deciding import SOON_MS, asks_webhook
from fullreserve.exchange.products.policy_rules import Rule, Verb, Webhook
from fullreserve.exchange.products.policy_wire import Change, PolicyView

NOW_MS = 1_700_000_000_000
ASKS = (Rule(1, Verb.BLOCK, webhook=Webhook.NO), Rule(2, Verb.ALLOW))
PLAIN = (Rule(2, Verb.ALLOW),)


@pytest.mark.parametrize(
    ("holds_ms", "is_over", "is_asked"),
    [
        (NOW_MS - 1, False, True),
        (NOW_MS + SOON_MS, False, True),
        (NOW_MS + SOON_MS + 1, False, False),
        (0, False, False),
        (NOW_MS - 1, True, False),
    ],
)
def test_a_change_that_is_due_is_asked_for_as_rules_are(
    holds_ms: int, is_over: bool, is_asked: bool
) -> None:
    """Criterion: VENDOR-6. A word that comes after its moment puts it in force first."""
    change = Change(7, ASKS, 1, 0, 0, is_tightening=False, holds_ms=holds_ms, is_over=is_over)
    assert asks_webhook(PolicyView(1, PLAIN, (change,), b""), NOW_MS) is is_asked
    assert asks_webhook(PolicyView(1, ASKS, (), b""), NOW_MS)
