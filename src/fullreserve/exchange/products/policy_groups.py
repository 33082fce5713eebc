"""The approval groups that the policy asks: who writes it, and who approves under it."""

from __future__ import annotations

import msgspec

from fullreserve.exchange.folds import View
from fullreserve.exchange.products.approval_state import CONSOLE, GetGroup, Group, deciding
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.policy_rules import REVIEWERS, Rule, Verb
from fullreserve.exchange.products.policy_wanted import hangs_on_one
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


def hangs(rule: Rule, view: View, *, is_looked_at: bool) -> bool:
    """Whether a rule wants approvals that a group cannot give without each of its members.

    `is_looked_at`: also those that reviewers give beside it, by other persons.
    """
    if rule.verb != Verb.APPROVE:
        return False
    group = members(rule.group, view)
    if group.enabled <= rule.needed:
        return True
    return is_looked_at and hangs_on_one(rule, group, members(REVIEWERS, view))
