"""A random log of operators at work: enrolling, proposing, approving, rejecting, dismissing."""

from __future__ import annotations

import random

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import (
    Admit,
    AnyAct,
    AnyAsk,
    Approve,
    AssignTier,
    Bust,
    Correct,
    Define,
    Dismiss,
    Enrol,
    Propose,
    Reject,
    Release,
    SetThreshold,
)
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.wire.commands import (
    AccountKey,
    AnyCommand,
    Leg,
    OwnerFlag,
    Parameter,
    Product,
    SetFeeTier,
    SetInstrumentState,
    SetOwner,
    SetParameter,
    amount_bytes,
)
from tests.bed import ALICE, BOB, BTC, BTC_USDT, USDT

# Alice is an operator too, so that some acts favour one.
OPERATORS = (ALICE, 10_000_101, 10_000_102, 10_000_103)
MINUTE_MS = 60_000


def ask(gateway: int, number: int, who: int, asked: AnyAsk) -> Product:
    """A product command of an operator."""
    return Product(gateway, number, Approvals.number, who, msgspec.msgpack.encode(asked))


def correct(owner: int, amount: int, asset: int = USDT) -> Correct:
    """A correction against the treasury."""
    treasury = AccountKey(chart.HOUSE, chart.TREASURY, 0)
    return Correct(AccountKey(owner, chart.TRADE, 0), treasury, asset, amount_bytes(amount), 5)


def random_act(draws: random.Random) -> AnyAct:
    """An act of any kind; some are not possible."""
    owner = draws.choice((ALICE, BOB))
    amount = draws.choice((1, -1)) * draws.randrange(1, 10**14)
    sides = (ALICE, BTC, -5), (BOB, BTC, 4), (ALICE, USDT, 9), (BOB, USDT, -10)
    legs = tuple(
        Leg(AccountKey(who, chart.TRADE, 0), asset, amount_bytes(change * 10**6))
        for who, asset, change in sides
    )
    trade = draws.randrange(1, 4)
    fees = amount_bytes(10**6), amount_bytes(10**6)
    return draws.choice(
        (
            correct(owner, amount),
            correct(owner, -amount, BTC),
            Bust(BTC_USDT, trade, legs, BTC, USDT, *fees),
            Define(SetInstrumentState(0, 0, draws.randrange(1, 20), draws.randrange(1, 4))),
            Define(SetParameter(0, 0, Parameter.WALK_MAX, draws.randrange(3) * 100)),
            Define(SetFeeTier(0, 0, draws.randrange(4), 80_000, draws.randrange(200_000))),
            AssignTier(owner, draws.randrange(4)),
            Release(owner, OwnerFlag.FROZEN),
            Admit(CONSOLE, draws.choice(OPERATORS)),
            SetThreshold(CONSOLE, draws.randrange(1, 4)),
        )
    )


def random_asked(draws: random.Random, proposals: list[int], *, spares: bool) -> tuple[int, AnyAsk]:
    """Who asks, and what."""
    who = draws.choice(OPERATORS)
    recent = draws.choice(proposals[-6:]) if proposals else 1
    turn = draws.randrange(20)
    if turn == 0:
        return chart.HOUSE, Enrol(CONSOLE, draws.choice(OPERATORS))
    if turn == 1 and draws.randrange(3) == 0:
        return who, Dismiss(CONSOLE, draws.choice(OPERATORS))
    if turn in (2, 3):
        return who, Reject(recent, draws.randrange(100))
    if turn < 10:
        act, lasts_ms = random_act(draws), draws.choice((1, 3, 10)) * MINUTE_MS
        return who, Propose(act, lasts_ms, 7, spares=spares)
    return who, Approve(recent)


def random_asks(
    draws: random.Random, first: int, proposals: list[int], *, spares: bool = False
) -> list[AnyCommand]:
    """A few commands of operators with numbers from `first` on, and now and then a freeze."""
    commands: list[AnyCommand] = []
    for at in range(draws.randrange(1, 5)):
        number = first + at
        if draws.randrange(12) == 0:
            flags = draws.choice((OwnerFlag.NONE, OwnerFlag.FROZEN))
            commands.append(SetOwner(1, number, ALICE, 0, 1, flags, 0))
        else:
            commands.append(ask(1, number, *random_asked(draws, proposals, spares=spares)))
    return commands


def opening(number: int) -> list[AnyCommand]:
    """All operators but one are members."""
    return [
        ask(1, number + at, chart.HOUSE, Enrol(CONSOLE, uid))
        for at, uid in enumerate(OPERATORS[:3])
    ]
