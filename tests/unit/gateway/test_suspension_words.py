"""Goal: people are told what a stop leaves them. Method: a stop of each kind of withdrawals."""

from __future__ import annotations

import pytest

from fullreserve.exchange.products.suspension_state import Suspension, SuspensionState
from fullreserve.exchange.products.suspension_wire import Action, Level, Mode, Reason, Scope, Terms
from fullreserve.gateway.rest.x.suspension_words import works


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
