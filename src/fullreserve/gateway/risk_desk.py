"""What the gateways tell of a withdrawal's risk: users what is waited for, operators why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from fullreserve.exchange.products.policy_rules import DecisionState
from fullreserve.exchange.products.policy_wire import (
    ANSWERS,
    POLICY,
    Asked,
    GetDecision,
    ListAssessments,
)
from fullreserve.exchange.products.risk_rules import Assessment, Outcome, Reason
from fullreserve.exchange.products.withdrawal_state import Withdrawal, WithdrawalState
from fullreserve.exchange.wire.queries import AskFold
from fullreserve.gateway.context import Context
from fullreserve.gateway.tranches import request_of

CONFIRM, DELAY, CHECK = "confirm", "delay", "check"
WAITS = {DecisionState.CONFIRMING: CONFIRM, DecisionState.DELAYED: DELAY}

_encode = msgspec.msgpack.Encoder().encode


class Held(NamedTuple):
    """`wait`: confirm or delay, check while it is judged once more; `until_ms`: Assessment's."""

    wait: str
    until_ms: int
    since_ms: int


async def asked(context: Context, question: Asked) -> Any:
    """The policy's answer; None where the log has no policy."""
    answer: bytes | None = await context.door.query(AskFold(POLICY, _encode(question)))
    if answer is None:
        return None
    return msgspec.msgpack.decode(answer, type=ANSWERS[type(question)])


async def assessments(context: Context, numbers: Sequence[int]) -> list[Assessment | None]:
    """The risk of each withdrawal; None for one that was not scored."""
    found: list[Assessment | None] | None = await asked(context, ListAssessments(tuple(numbers)))
    return found or [None] * len(numbers)


async def held(context: Context, number: int) -> Held:
    """What a withdrawal that is held waits for."""
    decision = await asked(context, GetDecision(number))
    (found,) = await assessments(context, (number,))
    if decision is None or found is None:
        return Held(CHECK, 0, 0)
    wait = WAITS.get(decision.state, CHECK)
    return Held(wait, 0 if wait == CHECK else found.until_ms, decision.time_ms)


async def wait_row(context: Context, one: Withdrawal) -> dict[str, str]:
    """What its user is told beside its state: what it waits for; "" for one that is not held."""
    if one.state != WithdrawalState.COOLING:
        return {"xWait": "", "xUntilTs": ""}
    known = await held(context, await request_of(context, one.number))
    return {"xWait": known.wait, "xUntilTs": str(known.until_ms) if known.until_ms else ""}


def risk_row(found: Assessment | None) -> dict[str, Any]:
    """What operators are shown: the score with what each reason gave."""
    if found is None:
        return {"score": "", "outcome": "", "met": "", "reasons": [], "untilTs": ""}
    reasons = [
        {"reason": Reason(reason).name.lower(), "points": str(points)}
        for reason, points in found.reasons
    ]
    return {
        "score": str(found.score),
        "outcome": Outcome(found.outcome).name.lower(),
        "met": Outcome(found.met).name.lower() if found.met > Outcome.PASS else "",
        "reasons": reasons,
        "untilTs": str(found.until_ms) if found.until_ms else "",
    }
