"""Goal: people are told what a stop leaves them. Method: a stop of each kind of withdrawals."""

from __future__ import annotations

import pytest

from fullreserve.exchange.products.suspension_state import Suspension, SuspensionState
from fullreserve.exchange.products.suspension_wire import Action, Level, Mode, Reason, Scope, Terms
from fullreserve.gateway.rest.x.suspension_words import Caps, titles, works


@pytest.mark.parametrize(("action", "scope", "goes_on"), [
    (Action.WITHDRAW, Scope(Level.GLOBAL), (False, False)),
    (Action.API_WITHDRAW, Scope(Level.GLOBAL), (True, False)),
    (Action.WITHDRAW, Scope(Level.CHAIN, 1), (True, True)),
])  # fmt: skip
def test_withdrawals_by_api_stop_with_all_others(
    action: Action, scope: Scope, goes_on: tuple[bool, bool]
) -> None:
    """Criterion: SUS-REST-1."""
    terms = Terms(action, scope, Mode.QUEUE, Reason.SECURITY_INCIDENT)
    one = Suspension(1, terms, SuspensionState.ACTIVE, 0, 0, 0, 1)
    found = works([one])
    assert ("withdraw" in found, "api_withdraw" in found) == goes_on
    assert "trade_all" in found


@pytest.mark.parametrize(("actions", "mode", "caps", "title"), [
    (Action.WITHDRAW, Mode.QUEUE, Caps("", ""), "Withdrawals (SOL): suspended"),
    (Action.WITHDRAW, Mode.REVIEW, Caps("", ""), "Withdrawals (SOL): looked at by people first"),
    (Action.WITHDRAW, Mode.CAP, Caps("300 USD", "3 SOL"),
     ("Withdrawals (SOL): limited, at most 300 USD a user, "
      "at most 3 SOL of all users on each chain in 24 hours")),
    (Action.WITHDRAW | Action.TRADE_OPEN, Mode.CAP, Caps("300 USD", ""),
     "Withdrawals (SOL): limited, at most 300 USD a user in 24 hours; New orders (SOL): suspended"),
    (Action.TRADE_OPEN, Mode.CAP, Caps("300 USD", ""), "New orders (SOL): suspended"),
])  # fmt: skip
def test_what_is_limited_or_reviewed_is_not_called_suspended(
    actions: int, mode: Mode, caps: Caps, title: str
) -> None:
    """Criterion: SUS-REST-11. Of other actions that it stops it is."""
    terms = Terms(actions, Scope(Level.ASSET, asset=1), mode, Reason.MARKET_DISLOCATION)
    found = titles(Suspension(1, terms, SuspensionState.ACTIVE, 0, 0, 0, 1), "SOL", caps)
    assert found["en"] == f"{title} – prices are not reliable"
    assert set(found) == {"en", "ru", "zh"}
