"""Transfers on their way: submitted once, however often a client asks.

What a number of the log was used for is looked up before a repeat is believed: a number that was
noted and never sent may have gone to another command after a crash.
"""

from __future__ import annotations

import asyncio

from fullreserve.door.outcome import outcome
from fullreserve.door.protocol import Gone, Limit, Refused
from fullreserve.exchange.wire.commands import AccountKey, Transfer, amount_bytes, amount_int
from fullreserve.exchange.wire.events import Posted, Reply
from fullreserve.gateway.client_ids import Note
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.asset.not_moved import not_moved
from fullreserve.gateway.rest.asset.turns import Turns
from fullreserve.gateway.rest.past import recorded
from fullreserve.gateway.submission import refused
from fullreserve.records.record import TransferRecord

# The core's code for a number from so long ago that its outcome is forgotten.
FORGOTTEN = 50071
# Bits of an account's kind in a note's `source` and `target`; above them is its owner.
KIND_BITS = 8


class Sender:
    """One gateway's transfers."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._door = context.door
        self._notes = context.client_ids
        self._turns = Turns()
        # Those whose client may have hung up, kept until they are through.
        self._tasks: set[asyncio.Task[int]] = set()
        self._notes.forget(context.clock.exchange_ms())
        # A number that was noted and never sent must not be another command's.
        highest, next_number = self._notes.highest(self._door.gateway), self._door.numbers(1)
        if next_number <= highest:
            self._door.numbers(highest - next_number + 1)

    async def moved(self, note: Note) -> int:
        """The id of the transfer that was made; made before, where its `clientId` says so."""
        if note.client:
            # A client that hangs up must not end the turn before the outcome is noted.
            task = asyncio.create_task(self._in_turn(note))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return await asyncio.shield(task)
        result = await self._send(note)
        return await self._id(result, note)

    async def named(self, owner: int, client: str) -> int:
        """The id of the transfer with a `clientId`; 0 for none."""
        note = await asyncio.to_thread(self._notes.find, owner, client)
        return note.transfer if note else 0

    async def client(self, owner: int, transfer: int) -> str:
        """The `clientId` under which an owner asked for a transfer; "" for none that is known."""
        known = await asyncio.to_thread(self._notes.moved_under, owner, (transfer,))
        return known.get(transfer, "")

    async def _in_turn(self, asked: Note) -> int:
        async with self._turns.of((asked.owner, asked.client)):
            return await self._once(asked)

    async def _once(self, asked: Note) -> int:
        note = await asyncio.to_thread(self._notes.take, asked)
        if not note.is_same(asked):
            raise Problem(50071, name="clientId")
        if note.transfer:
            return note.transfer
        if note.gateway != asked.gateway:
            # Only the gateway that numbered it can ask what became of it.
            raise Problem(58124, name=note.client)
        # A number that was sent before may have moved money, whatever becomes of it this time.
        is_first = note.number == asked.number
        result = await self._send(note)
        if await self._is_anothers(result, note):
            note, is_first = await self._renumbered(note), True
            result = await self._send(note)
        if isinstance(result, Refused):
            if result.known and is_first:
                await asyncio.to_thread(self._notes.settle, note, 0)
        elif result.code == FORGOTTEN:
            raise Problem(58124, name=note.client)
        else:
            moved = 0 if result.code else result.order
            await asyncio.to_thread(self._notes.settle, note, moved)
        return await self._id(result, note)

    async def _renumbered(self, note: Note) -> Note:
        number = self._door.numbers(1)
        if not await asyncio.to_thread(self._notes.renumber, note, number):
            raise Problem(58124, name=note.client)
        return note._replace(number=number)

    async def _is_anothers(self, result: Reply | Refused, note: Note) -> bool:
        """Whether a number turns out to have been another command's."""
        if isinstance(result, Refused) or not result.duplicate_of or result.code:
            return False
        return not await self._is_outcome(result, note)

    async def _is_outcome(self, reply: Reply, note: Note) -> bool:
        """Whether what a number was used for before is this transfer and no other command."""
        if reply.order != reply.duplicate_of:
            return False
        found = await self.found(reply.order)
        if found is None:
            raise Problem(58124, name=note.client)
        source = AccountKey(found.source_owner, found.source_kind, found.source_instance)
        target = AccountKey(found.target_owner, found.target_kind, found.target_instance)
        made = (source, target, found.asset, str(found.amount))
        wanted = (account(note.owner, note.source), account(note.owner, note.target))
        return made == (*wanted, note.asset, note.amount)

    async def _send(self, note: Note) -> Reply | Refused:
        owner = note.owner
        command = Transfer(
            note.gateway,
            note.number,
            owner,
            account(owner, note.source),
            account(owner, note.target),
            note.asset,
            amount_bytes(int(note.amount)),
        )
        limits: tuple[Limit, ...] = ()
        if self._context.limits:
            limits = (Limit(("transfer", owner, note.asset), 2, 1000),)
        return await outcome(self._door, command, limits)

    async def _id(self, result: Reply | Refused, note: Note) -> int:
        """The id of the transfer that was made; Problem when none was."""
        if isinstance(result, Refused):
            raise refused(result)
        if result.code:
            asset = self._context.catalog.assets[note.asset]
            sender = account(note.owner, note.source).owner
            raise await not_moved(self._context, result, asset, sender)
        return result.order

    async def found(self, number: int) -> TransferRecord | None:
        """A transfer by its id, from the records, or from the log itself when they lag."""
        record = await recorded(self._context, lambda history: history.transfer(number))
        return record or await self._logged(number)

    async def _logged(self, sequence: int) -> TransferRecord | None:
        """The transfer that a recent command made, from its event."""
        if sequence > self._context.market.sequence:
            return None
        try:
            async for row in self._door.stream(sequence):
                for event in row.decoded():
                    if isinstance(event, Posted) and event.sequence == sequence:
                        return _record(event)
                return None
        except Gone:
            pass
        return None


def place(asking: int, owner: int, kind: int) -> int:
    """An account as one number, as notes keep it: the kind alone where it is one's own."""
    return kind if owner == asking else owner << KIND_BITS | kind


def account(asking: int, place: int) -> AccountKey:
    """The account of a `place`."""
    return AccountKey(place >> KIND_BITS or asking, place & (1 << KIND_BITS) - 1, 0)


def _record(event: Posted) -> TransferRecord | None:
    """A posting with one leg out and one leg in."""
    if len(event.legs) != 2:
        return None
    first, second = sorted(event.legs, key=lambda leg: amount_int(leg.change))
    return TransferRecord(
        0,
        event.sequence,
        event.time_ms,
        event.reason,
        second.asset,
        amount_int(second.change),
        first.account.owner,
        first.account.kind,
        first.account.instance,
        second.account.owner,
        second.account.kind,
        second.account.instance,
    )
