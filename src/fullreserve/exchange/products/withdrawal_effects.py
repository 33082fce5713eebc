"""What withdrawals do to the ledger."""

from __future__ import annotations

from fullreserve.exchange import chart
from fullreserve.exchange.products.custody_ledger import DEPOSIT, WITHDRAWAL, leg, posting
from fullreserve.exchange.products.withdrawal_state import Withdrawal
from fullreserve.exchange.wire.commands import Leg, Posting


def held(one: Withdrawal, sign: int = 1) -> tuple[Leg, Leg]:
    """Amount and fee are set aside; with -1 they are free again."""
    return (
        leg(one.owner, chart.FUND, 0, one.asset, -sign * one.total),
        leg(one.owner, chart.HOLD, 0, one.asset, sign * one.total),
    )


def internal(one: Withdrawal) -> tuple[Posting, ...]:
    """To another user at once, through the house, so that each side has its own bill."""
    through = (chart.HOUSE, chart.UNALLOCATED, 0, one.asset)
    return (
        *posting(
            WITHDRAWAL,
            leg(one.owner, chart.FUND, 0, one.asset, -one.value),
            leg(*through, one.value),
        ),
        *posting(
            DEPOSIT,
            leg(*through, -one.value),
            leg(one.destination, chart.FUND, 0, one.asset, one.value),
        ),
    )
