"""How the fold of withdrawals asks what the policy has decided."""

from __future__ import annotations

import msgspec

from fullreserve.exchange.folds import View
from fullreserve.exchange.products.policy_rules import Category
from fullreserve.exchange.products.policy_wire import (
    POLICY,
    Decision,
    GetDecision,
    ListConcerns,
    ListStates,
    LookedAt,
)
from fullreserve.exchange.products.withdrawal_state import Refused
from fullreserve.exchange.wire.queries import AskFold

_encode = msgspec.msgpack.Encoder().encode
_decision = msgspec.msgpack.Decoder(Decision | None).decode
_number = msgspec.msgpack.Decoder(int).decode
_states = msgspec.msgpack.Decoder(list[int]).decode


def decision_of(withdrawal: int, view: View) -> Decision | None:
    """What the policy says of a withdrawal; None while it was not asked, or where there is none."""
    answer = view.query(AskFold(POLICY, _encode(GetDecision(withdrawal))))
    return None if answer is None else _decision(answer)


def standing_of(withdrawal: int, now_ms: int, view: View) -> int:
    """What has become of a decision by a time; 0: it is to be judged, first or once more."""
    answer = view.query(AskFold(POLICY, _encode(ListStates((withdrawal,), now_ms))))
    return 0 if answer is None else _states(answer)[0]


def looked_at(withdrawal: int, view: View) -> int:
    """The sequence at which people let a withdrawal through; 0: none of them has."""
    answer = view.query(AskFold(POLICY, _encode(LookedAt(withdrawal))))
    return 0 if answer is None else _number(answer)


def concerns_of(withdrawal: int, view: View) -> int:
    """What vendors and the operator's own service doubt of a withdrawal, or could not say."""
    answer = view.query(AskFold(POLICY, _encode(ListConcerns((withdrawal,)))))
    return 0 if answer is None else _states(answer)[0]


def refusal_of(one: Decision) -> int:
    """OKX's code for what the policy refuses."""
    is_bad = one.facts.category == Category.SANCTIONED
    return Refused.ADDRESS_RISK if is_bad else Refused.RISK
