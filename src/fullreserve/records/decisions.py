"""What the policy decided: every link of its chain, which the fold itself forgets by and by.

The fold tells no events; it hands over what it decides, once somebody takes it.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, select

from fullreserve.exchange.machine import Machine
from fullreserve.exchange.products.policy_chain import Link
from fullreserve.exchange.products.policy_table import PolicyTable
from fullreserve.records import schema

Row = tuple[Any, ...]

_encode = msgspec.msgpack.Encoder().encode
_link = msgspec.msgpack.Decoder(Link).decode


def keep_decisions(machine: Machine) -> None:
    """From here on what the machine decides is there to be taken."""
    for fold in _policies(machine):
        fold.links = []


def taken_decisions(machine: Machine, until: int) -> list[Row]:
    """The rows of the table `decisions` up to a sequence; they are taken once."""
    found: list[Link] = []
    for fold in _policies(machine):
        links = fold.links or []
        found += (one for one in links if one.decision.number <= until)
        fold.links = [one for one in links if one.decision.number > until]
    return [(*_keys(one), _encode(one)) for one in found]


def _policies(machine: Machine) -> list[PolicyTable]:
    """The fold, where there is one."""
    return [fold for fold in machine.folds if isinstance(fold, PolicyTable)]


def _keys(one: Link) -> tuple[int, int, int]:
    facts = one.decision.facts
    return one.decision.number, facts.owner, facts.request


def read_chain(connection: Connection, behind: int, limit: int) -> list[Link]:
    """Decisions with numbers above `behind`, oldest first."""
    table = schema.decisions
    query = select(table.c.content).where(table.c.number > behind)
    query = query.order_by(table.c.number).limit(limit)
    return [_link(content) for content in connection.scalars(query)]


def read_decisions(connection: Connection, owner: int, request: int) -> list[Link]:
    """Those of a request of an owner, oldest first: more than one where it was judged again."""
    table = schema.decisions
    query = select(table.c.content).where(table.c.request == request, table.c.owner == owner)
    return [_link(content) for content in connection.scalars(query.order_by(table.c.number))]
