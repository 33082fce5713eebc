"""Rows of the log as operators read them: commands by name, events, postings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from fullreserve.door.protocol import Gone, Row, Unavailable
from fullreserve.exchange.products.approval_acts import AnyAsk
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.wire.commands import (
    AnyCommand,
    Product,
    amount_int,
    decode_batch,
)
from fullreserve.exchange.wire.events import (
    AnyEvent,
    Balance,
    Posted,
    Reply,
    decode_events,
)
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.log_desk import Busy, NotKept
from fullreserve.gateway.rest.x.operator.accounts_json import (
    account_code,
    amount_text,
    symbol_of,
)

# Of a command that swept a whole book, the rest is left to the journal's export.
EVENTS_MAX = 2000

_payload = msgspec.msgpack.Decoder(AnyAsk)
# Fields of commands and events that hold an amount of 16 bytes.
_AMOUNTS = {
    "amount", "supply_cap", "change", "balance", "hold", "filled_quote", "fee", "fill_fee",
    "base_fee", "quote_fee", "missing",
}  # fmt: skip
AMOUNT_BYTES = 16


class Told(NamedTuple):
    """A row with its events, decoded."""

    sequence: int
    time_ms: int
    commands: list[AnyCommand]
    events: list[AnyEvent]


class Rows:
    """Finds rows: in memory, in the log, or by a replay."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def page(self, first: int, limit: int) -> list[dict[str, Any]]:
        """Rows from the one that holds `first`; what is pruned is passed over."""
        rows: list[dict[str, Any]] = []
        health = await self._context.door.health()
        position = first
        while position <= health.durable and len(rows) < limit:
            try:
                async for row in self._context.door.stream(position, events=False):
                    rows.append(row_json(row))
                    position = row.last + 1
                    if len(rows) == limit or position > health.durable:
                        break
            except Gone as gone:
                position = gone.oldest
            except Unavailable as problem:
                raise Problem(50001, allowed=str(problem)) from None
        return rows

    async def command(self, sequence: int) -> dict[str, Any]:
        """A command with its events and postings; Problem 91023, 91024."""
        health = await self._context.door.health()
        if sequence > health.durable:
            raise Problem(91023, name=f"command: {sequence}")
        told = await self._recent(sequence) or await self._replayed(sequence)
        command = told.commands[sequence - told.sequence]
        events = events_of(told, sequence)
        return {
            "sequence": str(sequence),
            "ts": str(told.time_ms),
            "command": type(command).__name__,
            "fields": fields_of(command),
            "events": [
                {"event": type(one).__name__, "fields": fields_of(one)}
                for one in events[:EVENTS_MAX]
            ],
            "postings": self._postings(events),
        }

    async def _recent(self, sequence: int) -> Told | None:
        """The row while its events are in memory."""
        try:
            async for row in self._context.door.stream(sequence, events=True):
                if row.events is None or not row.sequence <= sequence <= row.last:
                    return None
                return Told(row.sequence, row.time_ms, decode_batch(row.commands), row.decoded())
        except Gone:
            return None
        except Unavailable as problem:
            raise Problem(50001, allowed=str(problem)) from None
        return None

    async def _replayed(self, sequence: int) -> Told:
        log = self._context.log
        if log is None:
            raise Problem(91023, name=f"command in memory: {sequence}")
        try:
            row = await log.row(sequence)
        except Busy:
            raise Problem(91024) from None
        except NotKept as problem:
            raise Problem(91023, name=f"command: {problem}") from None
        return Told(
            row.sequence, row.time_ms, decode_batch(row.commands), decode_events(row.events)
        )

    def _postings(self, events: Sequence[AnyEvent]) -> list[dict[str, Any]]:
        """What changed on each account; the balance is that after the whole command."""
        after = {
            (one.owner, one.kind, one.instance, one.asset): amount_int(one.balance)
            for one in events
            if isinstance(one, Balance)
        }
        legs = [leg for one in events if isinstance(one, Posted) for leg in one.legs]
        catalog, rows = self._context.catalog, []
        for leg in legs:
            key = leg.account
            place = (key.owner, key.kind, key.instance, leg.asset)
            balance = after.get(place)
            rows.append(
                {
                    "uid": str(key.owner),
                    "account": account_code(key.kind),
                    "ccy": symbol_of(catalog, leg.asset),
                    "change": amount_text(catalog, leg.asset, amount_int(leg.change)),
                    "balance": "" if balance is None else amount_text(catalog, leg.asset, balance),
                }
            )
        return rows


def events_of(told: Told, sequence: int) -> list[AnyEvent]:
    """The events of one command of a row: those between two replies.

    What the agenda did before the row's first command stands with that one.
    """
    place, events = told.sequence, []
    for event in told.events:
        if place == sequence:
            events.append(event)
        if isinstance(event, Reply):
            place += 1
            if place > sequence:
                break
    return events


def row_json(row: Row) -> dict[str, Any]:
    """A row with its commands by name."""
    return {
        "sequence": str(row.sequence),
        "count": str(row.count),
        "ts": str(row.time_ms),
        "epoch": str(row.epoch),
        "wireVersion": str(row.wire_version),
        "hash": row.hash.hex(),
        "commands": [
            {
                "sequence": str(row.sequence + at),
                "command": type(command).__name__,
                "fields": fields_of(command),
            }
            for at, command in enumerate(decode_batch(row.commands))
        ],
    }


def fields_of(value: msgspec.Struct) -> dict[str, Any]:
    """The fields of a command or event; a payload that the approvals fold reads is opened."""
    fields = {name: _plain(name, getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Product) and value.fold == Approvals.number:
        try:
            asked = _payload.decode(value.payload)
        except msgspec.DecodeError:
            return fields
        fields["payload"] = {type(asked).__name__: fields_of(asked)}
    return fields


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        plain = fields_of(value)
        # What one of several kinds it is.
        return {"is": type(value).__name__, **plain} if value.__struct_config__.tag else plain
    if isinstance(value, bytes):
        if name in _AMOUNTS and len(value) == AMOUNT_BYTES:
            return str(amount_int(value))
        return value.hex()
    if isinstance(value, tuple | list):
        return [_plain(name, item) for item in value]
    if isinstance(value, bool):
        return value
    return str(value) if isinstance(value, int) else value
