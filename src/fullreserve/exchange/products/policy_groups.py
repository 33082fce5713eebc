"""The approval groups that the policy asks: who writes it, and who approves under it."""

from __future__ import annotations

import msgspec

from fullreserve.exchange.folds import View
from fullreserve.exchange.products.approval_state import CONSOLE, GetGroup, Group, deciding
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.policy_rules import Rule, Verb
from fullreserve.exchange.products.policy_wire import WRITERS
from fullreserve.exchange.wire.queries import AskFold

_group = msgspec.msgpack.Decoder(Group).decode
_encode = msgspec.msgpack.Encoder().encode


def members(number: int, view: View) -> Group:
    """A group as the log has it; an empty one where there is none."""
    answer = view.query(AskFold(Approvals.number, _encode(GetGroup(number))))
    return Group() if answer is None else _group(answer)


def writers_of(view: View, *, is_spared: bool) -> Group:
    """Policy administrators, or the console's group while there are none.

    `is_spared`: also while they hang on each member. Where both always did it is the console's, of
    whom one may tighten; several agree on nothing before they are founded.
    """
    named, console = members(WRITERS, view), members(CONSOLE, view)
    if is_spared:
        found = deciding(named, console)
        return found if found.members else console
    return named if named.is_set_up else console


def hangs(rule: Rule, view: View) -> bool:
    """Whether a rule wants approvals that a group cannot give without each of its members."""
    if rule.verb != Verb.APPROVE:
        return False
    return members(rule.group, view).enabled <= rule.needed
