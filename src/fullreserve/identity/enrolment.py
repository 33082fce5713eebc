"""Operators as members of the approval group: who has a role that decides, by the house's word."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fullreserve.door.outcome import outcome
from fullreserve.door.protocol import Door, Refused
from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import Enrol
from fullreserve.exchange.products.approval_state import CONSOLE, ApprovalsState
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.wire.commands import Product
from fullreserve.exchange.wire.queries import GetFold
from fullreserve.identity.roles import Role, Roles

_encode = msgspec.msgpack.Encoder().encode


class NotEnrolled(Exception):
    """The exchange did not take a member; the message says why.

    `code` is the reply's; 0 where there is none, so that it may be tried again.
    """

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


def deciding(roles: Roles) -> list[int]:
    """Operators whose role is more than to read."""
    return [uid for uid, held in roles.operators().items() if held - {Role.AUDITOR}]


async def enrol(door: Door, uid: int) -> None:
    """Makes an operator a member that counts; NotEnrolled."""
    payload = _encode(Enrol(CONSOLE, uid))
    number = door.numbers(1)
    command = Product(door.gateway, number, Approvals.number, chart.HOUSE, payload)
    result = await outcome(door, command)
    if isinstance(result, Refused):
        raise NotEnrolled(result.message)
    if result.code:
        raise NotEnrolled(f"the command was refused with code {result.code}", result.code)


async def enrol_missing(door: Door, operators: Iterable[int]) -> list[int]:
    """Enrols those that the group has never had, as a crash leaves them; who those were.

    Who was dismissed stays so. NotEnrolled.
    """
    content: bytes | None = await door.query(GetFold(Approvals.number))
    if content is None:
        return []
    group = msgspec.msgpack.decode(content, type=ApprovalsState).groups.get(CONSOLE)
    known = group.members if group else {}
    missing = [uid for uid in operators if uid not in known]
    for uid in missing:
        await enrol(door, uid)
    return missing
