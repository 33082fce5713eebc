"""Goal: a run is shown as it is. Method: E1.4, the day of 26 November 2020 at small and large."""

from __future__ import annotations

from fullreserve.exchange.products.deposit_state import Deposit, Phase
from fullreserve.exchange.products.withdrawal_state import Withdrawal, WithdrawalState
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.gateway.rest.x.flows import Flow, flows

COIN, BTC, OPENED = 10**8, 1, 1_606_377_600_000


def coming(number: int, units: int, at_ms: int = OPENED, phase: int = Phase.UNLOCKED) -> Deposit:
    one = Deposit(
        *(number, 1, bytes(32), BTC, 7, 1, 0, amount_bytes(units * COIN), 0, 5, bytes(32)),
        *(at_ms, at_ms, number),
    )
    one.phase = phase
    return one


def going(number: int, units: int, at_ms: int = OPENED, state: int = 2) -> Withdrawal:
    return Withdrawal(
        *(number, 7, 1, BTC, amount_bytes(units * COIN), amount_bytes(0), 0, 5, 0),
        *(at_ms, at_ms, number),
        state=state,
    )


def test_e1_4_gross_and_net_are_three_figures() -> None:
    """Criterion: SUS-FLOW-1. E1.4: out 29,300, in 21,600, net 7,700 BTC."""
    deposits = [coming(at, 2_160) for at in range(10)]
    withdrawals = [going(at, 2_930) for at in range(10)]
    (flow,) = flows(deposits, withdrawals, OPENED).values()
    assert flow == Flow(21_600 * COIN, 29_300 * COIN)
    assert flow.net_out == 7_700 * COIN


def test_only_what_is_done_since_then_counts() -> None:
    """Criterion: SUS-FLOW-1. Not what is on its way, nor from before."""
    deposits = [coming(1, 5, OPENED - 1), coming(2, 5, phase=Phase.BOOKED)]
    withdrawals = [
        going(1, 5, OPENED - 1),
        going(2, 5, state=WithdrawalState.PENDING),
        going(3, 5, state=WithdrawalState.CANCELED),
    ]
    assert flows(deposits, withdrawals, OPENED) == {}
