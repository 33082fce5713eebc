"""Deposits and withdrawals, each in its newest state, from the folds that decide them.

The folds tell no events; they know what has changed since a sequence. They forget what was done
long ago, and the records keep it.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from fullreserve.exchange.machine import Machine
from fullreserve.exchange.products.custody_wire import DEPOSITS, WITHDRAWALS, Destination
from fullreserve.exchange.products.deposit_state import Deposit, ListDeposits
from fullreserve.exchange.products.withdrawal_state import (
    ListWithdrawals,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.wire.queries import AskFold

T = TypeVar("T")
Row = tuple[Any, ...]

ALL = 2**31 - 1

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.decode


def changed_deposits(machine: Machine, after: int, until: int) -> list[Row]:
    """The rows of the table `deposits` that changed between two sequences, the last included."""
    found = _asked(machine, DEPOSITS, ListDeposits(0, after, ALL), Deposit)
    return [
        (one.number, one.owner, one.asset, one.state, one.seen_ms, _encode(one))
        for one in found
        if one.version <= until
    ]


def changed_withdrawals(machine: Machine, after: int, until: int) -> list[Row]:
    """The same of `withdrawals`."""
    found = _asked(machine, WITHDRAWALS, ListWithdrawals(0, after, ALL), Withdrawal)
    return [
        (
            *(one.number, one.owner, one.asset, int(WithdrawalState(one.state).shown)),
            *(one.kind, one.requested_ms),
            *(one.client.hex(), _receiver(one), _encode(one)),
        )
        for one in found
        if one.version <= until
    ]


def _receiver(one: Withdrawal) -> int:
    return one.destination if one.kind == Destination.OWNER else 0


def _asked(machine: Machine, fold: int, question: msgspec.Struct, record: type[T]) -> list[T]:
    """A fold's records, oldest first; none where there is no such fold."""
    answer: bytes | None = machine.query(AskFold(fold, _encode(question)))
    if answer is None:
        return []
    # The checker takes no variable for a type; this one is known when it runs.
    found = _decode(answer, type=list[record])  # type: ignore[valid-type]
    return found[::-1]


def deposit(content: bytes) -> Deposit:
    """What a row of `deposits` holds."""
    return _decode(content, type=Deposit)


def withdrawal(content: bytes) -> Withdrawal:
    """What a row of `withdrawals` holds."""
    return _decode(content, type=Withdrawal)
