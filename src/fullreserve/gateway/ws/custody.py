"""`deposit-info` and `withdrawal-info`: the newest first, then each change.

A master account hears of its sub-accounts too. What has changed is asked of the folds twice a
second, by the number of their last change, so that nothing is said twice and nothing left out.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from msgspec import Struct

from fullreserve.door.protocol import Unavailable
from fullreserve.exchange.products.custody_wire import DEPOSITS, WITHDRAWALS, Destination
from fullreserve.exchange.products.deposit_state import Deposit, ListDeposits
from fullreserve.exchange.products.withdrawal_state import (
    ListReceived,
    ListWithdrawals,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import Line, ask, changed, lines, names_of
from fullreserve.gateway.deposit_waits import waits_of
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.queue_places import NOWHERE, QueuePlaces
from fullreserve.gateway.readers import TooSlow
from fullreserve.gateway.rest.asset.deposits import CONFIRMING, deposit_row
from fullreserve.gateway.rest.asset.receipts import receipt_row
from fullreserve.gateway.rest.asset.withdrawals import clients_of, withdrawal_row
from fullreserve.gateway.rest.denial import denied_as_problem
from fullreserve.gateway.rest.users.master import Family
from fullreserve.gateway.risk_desk import wait_row
from fullreserve.gateway.tranches import parts_of, requests_of, tranche_row
from fullreserve.gateway.wire import encode
from fullreserve.gateway.ws.topics import Arg, Beating, Listener

BEATS = 5  # between two questions; a beat is 100 ms
FIRST = 20  # of the newest
MORE = 100  # changes in one push at most
CHANGES_MAX = 2**31 - 1  # since the last look: all of them
# What only some addresses have; REST leaves it out where it is not, OKX's pushes do not.
NONE_OF_THEM: dict[str, object] = {"addrEx": None, "memo": "", "pmtId": "", "tag": ""}

_Lines = dict[tuple[int, int], Line]
_Rows = list[dict[str, object]]


class Mark(NamedTuple):
    """Up to where what happened to an owner was pushed, and how many had joined by then."""

    joined: int
    seen: int = 0  # the last change
    received: int = 0  # the last of what other users sent
    tips: Mapping[int, int] = MappingProxyType({})  # heights of networks


class _Marks(NamedTuple):
    """The last that was pushed behind, and one that knows who has joined by now."""

    before: Mark
    now: Mark


NOTHING = Mark(-1)  # was pushed yet


class OfCustody(Beating):
    """Of one owner, in one currency or all."""

    def __init__(self, arg: Arg, uid: int, context: Context) -> None:
        super().__init__(arg)
        self._context = context
        self._uid = uid
        self._ccy = arg.get("ccy", "")
        self._marks: dict[int, Mark] = {}  # by owner
        self._joined = 0
        self._beats = 0
        self._task: asyncio.Task[None] | None = None

    def join(self, listener: Listener, time_ms: int) -> None:
        super().join(listener, time_ms)
        # Whoever comes later begins with the newest too.
        self._joined += 1
        self._beats = BEATS

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def beat(self, time_ms: int) -> None:
        self._beats += 1
        if self._beats >= BEATS and self._task is None:
            self._beats = 0
            self._task = asyncio.create_task(self._learn(time_ms))

    async def _learn(self, time_ms: int) -> None:
        try:
            known = {(one.network.network, one.asset.id): one for one in await lines(self._context)}
            owners = [self._uid, *(one.uid for one in self._context.vault.sub_accounts(self._uid))]
            for owner in owners:
                await self._tell(owner, known, time_ms)
        except (Unavailable, TooSlow, Problem):
            return  # the next beat asks again: what was not pushed is not marked
        finally:
            self._task = None

    async def _tell(self, owner: int, known: _Lines, time_ms: int) -> None:
        """Pushes what happened to an owner since his mark, and then moves that."""
        joined = self._joined
        before = self._marks.get(owner, NOTHING)
        marks = _Marks(before, before._replace(joined=joined))
        rows, mark = await self._changed(owner, marks, known)
        name = await self._name(owner) if rows else ""
        if joined != self._joined:
            return  # who came while this was asked has to have the newest: the next beat asks again
        for row in rows:
            row |= {"pTime": str(time_ms), "uid": str(owner), "subAcct": name}
        for at in range(0, len(rows), MORE):
            self.push(f'"data":{encode(rows[at : at + MORE]).decode()}')
        self._marks[owner] = mark

    async def _name(self, owner: int) -> str:
        """A sub-account's name; "" for who listens."""
        if owner == self._uid:
            return ""
        subs = await Family(self._context).all(self._uid)
        return next((one.name for one in subs if one.uid == owner), str(owner))

    async def _changed(self, owner: int, marks: _Marks, known: _Lines) -> tuple[_Rows, Mark]:
        """What is to be pushed, and the mark behind it."""
        found = await self._found(owner, marks, known)
        found.sort(key=lambda one: one.version)
        seen = max([marks.before.seen, *(one.version for one in found)])
        return await self._rows(owner, found, known), marks.now._replace(seen=seen)

    async def _since(
        self, fold: int, question: Callable[..., Struct], after: int, marks: _Marks
    ) -> list[Any]:
        """All that changed after a sequence; for who has joined since a mark the newest too."""
        newest: list[Any] = []
        before, now = marks
        if before.joined != now.joined:
            newest = await ask(self._context, fold, question(0, FIRST))
        if before.joined == NOTHING.joined:
            return newest
        said = await changed(self._context, fold, partial(question, after), CHANGES_MAX)
        return list({one.number: one for one in (*newest, *said)}.values())

    def _is_asked(self, asset: int) -> bool:
        return self._ccy in ("", self._context.catalog.assets[asset].symbol)

    @abstractmethod
    async def _found(self, owner: int, marks: _Marks, known: _Lines) -> list[Any]:
        """What has changed."""

    @abstractmethod
    async def _rows(self, _owner: int, found: list[Any], known: _Lines) -> _Rows:
        """As REST shows them, oldest change first."""


class DepositInfo(OfCustody):
    """`deposit-info`; of what is not complete also each confirmation."""

    async def _changed(self, owner: int, marks: _Marks, known: _Lines) -> tuple[_Rows, Mark]:
        rows, mark = await super()._changed(owner, marks, known)
        question = partial(ListReceived, owner)
        found: list[Withdrawal] = await self._since(
            WITHDRAWALS, question, marks.before.received, marks
        )
        found.sort(key=lambda one: one.version)
        mark = mark._replace(
            received=max([marks.before.received, *(one.version for one in found)]),
            tips=_tips(known),
        )
        sent = [receipt_row(self._context, one) for one in found if self._is_asked(one.asset)]
        return rows + sent, mark

    async def _found(self, owner: int, marks: _Marks, known: _Lines) -> list[Deposit]:
        before, tips = marks.before, _tips(known)
        question = partial(ListDeposits, owner)
        found: list[Deposit] = await self._since(DEPOSITS, question, before.seen, marks)
        if not before.seen or tips == before.tips:
            return found
        newest: list[Deposit] = await ask(self._context, DEPOSITS, question(0, FIRST))
        said = {one.number for one in found}
        counted = [
            one
            for one in newest
            if one.state in CONFIRMING
            and one.height
            and one.number not in said
            and tips.get(one.network) != before.tips.get(one.network)
        ]
        return found + counted

    async def _rows(self, owner: int, found: list[Deposit], known: _Lines) -> _Rows:
        shown = [
            one for one in found if (one.network, one.asset) in known and self._is_asked(one.asset)
        ]
        names = await names_of(self._context, (one.transfer for one in shown))
        waits = await waits_of(self._context, owner, known, shown)
        return [
            self._row(known[one.network, one.asset], one, names) | waits.get(one.number, {})
            for one in shown
        ]

    def _row(self, line: Line, one: Deposit, names: dict[bytes, str]) -> dict[str, object]:
        addresses = self._context.addresses.get(one.network)
        number = one.memo_number if line.network.needs_memo else one.index
        to = addresses.address(number).partition(":")[0] if addresses else ""
        return deposit_row(line, one, to, names)


def _tips(known: _Lines) -> dict[int, int]:
    return {one.network.network: one.tip for one in known.values()}


class WithdrawalInfo(OfCustody):
    """`withdrawal-info`; of what waits in a queue also each change of its place."""

    def __init__(self, arg: Arg, uid: int, context: Context) -> None:
        super().__init__(arg, uid, context)
        self._waiting: dict[int, dict[str, str]] = {}  # as they were pushed last

    async def _found(self, owner: int, marks: _Marks, _known: _Lines) -> list[Withdrawal]:
        question = partial(ListWithdrawals, owner)
        found: list[Withdrawal] = await self._since(WITHDRAWALS, question, marks.before.seen, marks)
        found += await requests_of(self._context, found)
        if not self._waiting:
            return found
        said = {one.number for one in found}
        newest: list[Withdrawal] = await ask(self._context, WITHDRAWALS, question(0, FIRST))
        places = QueuePlaces(self._context)
        return found + [
            one
            for one in newest
            if one.number in self._waiting
            and one.number not in said
            and await self._stands(one, places) != self._waiting[one.number]
        ]

    async def _stands(self, one: Withdrawal, places: QueuePlaces) -> dict[str, str]:
        """Its place, without times that move on with the clock."""
        row = await places.row(one)
        now_ms = self._context.clock.exchange_ms()
        is_due = int(row.get("xEtaFromMs") or 0) <= now_ms
        return {key: value for key, value in row.items() if not (is_due and "Eta" in key)}

    async def _rows(self, owner: int, found: list[Withdrawal], known: _Lines) -> _Rows:
        shown = [one for one in found if self._is_asked(one.asset)]
        clients = await clients_of(self._context, owner, shown)
        names = await names_of(self._context, (one.transfer for one in shown))
        desk, places = self._context.desk, QueuePlaces(self._context)
        parts = await parts_of(self._context, shown)
        rows = []
        for one in shown:
            to = str(one.destination)
            if one.kind == Destination.ADDRESS_BOOK:
                text = desk.act(desk.rooms.addresses.text, one.owner, one.destination)
                to = await denied_as_problem(text)
            asset = self._context.catalog.assets[one.asset]
            line = known.get((one.network, one.asset))
            row = withdrawal_row(asset, line, one, to, names)
            row |= tranche_row(asset, parts[one.number])
            more = {"clientId": clients.get(one.client, "")} | await wait_row(self._context, one)
            place = NOWHERE | await places.row(one)
            self._waiting.pop(one.number, None)
            if one.state == WithdrawalState.QUEUED:
                self._waiting[one.number] = await self._stands(one, places)
            rows.append(NONE_OF_THEM | row | place | more)
        return rows
