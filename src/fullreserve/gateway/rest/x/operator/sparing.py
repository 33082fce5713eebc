"""Whether approvals hang on nobody: who may approve what, and how many of those may be gone."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from fullreserve.exchange.products.approval_state import (
    CONSOLE,
    ApprovalsState,
    Group,
    Refused,
)
from fullreserve.exchange.products.policy_rules import Rule, Verb
from fullreserve.exchange.products.policy_wanted import BESIDE, persons
from fullreserve.exchange.products.policy_wire import POLICY, GetPolicy, PolicyView
from fullreserve.exchange.wire.queries import AskFold
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.x.operator import fold
from fullreserve.identity.desk import Rooms
from fullreserve.identity.roles import Role

_encode = msgspec.msgpack.Encoder().encode
_policy = msgspec.msgpack.Decoder(PolicyView).decode


class Voices(NamedTuple):
    """The console's group, and the roles of those in it whose word counts."""

    group: Group
    roles: dict[int, frozenset[Role]]
    approvals: int = 0  # that a rule of the policy wants at most of this group, or a review does

    def count(self, *roles: Role) -> int:
        """How many have one of these roles, or are admins."""
        wanted = {Role.ADMIN, *roles}
        return sum(bool(wanted & held) for held in self.roles.values())

    def require_approvers(self, roles: tuple[Role, ...]) -> None:
        """Problem 91015 where nobody could approve what those with a role alone decide."""
        needed, there = self.group.threshold + 1, self.count(*roles)
        if self.group.is_set_up and there < needed:
            names = " or ".join(dict.fromkeys((Role.ADMIN, *roles)))
            raise Problem(
                Refused.HANGS,
                allowed=f"{needed} with the role {names} have to count, {there} do; "
                "fullreserve user create-operator makes more",
            )

    def require_spare_without(self, uid: int, role: Role | None = None) -> None:
        """Problem 91015 where any one of the others, or of the admins, could not be gone then.

        `role`: that alone is taken; None: all that they have.
        """
        held = self.roles.get(uid, frozenset())
        left = held - {role} if role is not None else frozenset()
        after = {each: roles for each, roles in self.roles.items() if each != uid}
        if left - {Role.AUDITOR}:
            after[uid] = left
        now = Voices(self.group, after)
        admins = self.group.threshold + 2
        operators = max(admins, self.approvals + 1)
        for word, needed, before, there in (
            ("operators", operators, len(self.roles), len(now.roles)),
            ("admins", admins, self.count(), now.count()),
        ):
            if there < min(before, needed):
                raise Problem(
                    Refused.HANGS,
                    allowed=f"{needed} {word} have to count for any one to be spared, {there} "
                    "would: make another first, or say `anyway`",
                )


async def voices(context: Context) -> Voices:
    """As the log and the vault have them."""
    state, desk = await fold.approvals(context), context.desk
    group = fold.console(state)
    counting = tuple(uid for uid in group.members if group.counts(uid))
    roles = await desk.act(_roles, desk.rooms, counting)
    return Voices(group, roles, await _approvals(context, state))


async def _approvals(context: Context, state: ApprovalsState) -> int:
    """How many approvals a rule of the policy wants of operators at most.

    Beside another group's a reviewer's, by another person than those of the group: as many as the
    group has nobody of its own for are operators too.
    """
    answer: bytes | None = await context.door.query(AskFold(POLICY, _encode(GetPolicy())))
    if answer is None:
        return 0
    rules = [one for one in _policy(answer).rules if one.verb == Verb.APPROVE]
    return max((_of_operators(one, state) for one in rules), default=0)


def _of_operators(rule: Rule, state: ApprovalsState) -> int:
    if rule.group == CONSOLE:
        return rule.needed
    group, operators = state.groups.get(rule.group) or Group(), fold.console(state)
    others = persons(group, operators) - operators.enabled
    return max(BESIDE, rule.needed + BESIDE - others)


def _roles(rooms: Rooms, members: tuple[int, ...]) -> dict[int, frozenset[Role]]:
    return {uid: frozenset(rooms.roles.of(uid)) for uid in members}
