"""The folds that a running exchange has beside its core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fullreserve.exchange.folds import Fold
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.calendar import Calendar
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.products.liveness import Liveness
from fullreserve.exchange.products.policy import Policy
from fullreserve.exchange.products.suspensions import Suspensions
from fullreserve.exchange.products.tier_moves import TierMoves
from fullreserve.exchange.products.withdrawals import Withdrawals


def products() -> Sequence[Fold[Any]]:
    """Fresh ones, by number."""
    return (
        *(Approvals(), Deposits(), Withdrawals(), Suspensions(), Liveness(), Policy()),
        *(Calendar(), TierMoves()),
    )
