"""`deposit-info` and `withdrawal-info`: the newest first, then each change.

A master account hears of its sub-accounts too. What has changed is asked of the folds twice a
second, by the number of their last change, so that nothing is said twice and nothing left out.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import Any

from fullreserve.door.protocol import Unavailable
from fullreserve.exchange.products.custody_wire import DEPOSITS, WITHDRAWALS, Destination
from fullreserve.exchange.products.deposit_state import Deposit, DepositState, ListDeposits
from fullreserve.exchange.products.withdrawal_state import (
    ListReceived,
    ListWithdrawals,
    Withdrawal,
)
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import Line, ask, lines, names_of
from fullreserve.gateway.readers import TooSlow
from fullreserve.gateway.rest.asset.deposits import CONFIRMING, deposit_row
from fullreserve.gateway.rest.asset.receipts import receipt_row
from fullreserve.gateway.rest.asset.withdrawals import clients_of, withdrawal_row
from fullreserve.gateway.rest.users.master import Family
from fullreserve.gateway.wire import encode
from fullreserve.gateway.ws.topics import Arg, Beating, Listener

BEATS = 5  # between two questions; a beat is 100 ms
FIRST = 20  # of the newest
MORE = 100  # changes in one push
# What only some addresses have; REST leaves it out where it is not, OKX's pushes do not.
NONE_OF_THEM: dict[str, object] = {"addrEx": None, "memo": "", "pmtId": "", "tag": ""}

_Lines = dict[tuple[int, int], Line]


class OfCustody(Beating):
    """Of one owner, in one currency or all."""

    def __init__(self, arg: Arg, uid: int, context: Context) -> None:
        super().__init__(arg)
        self._context = context
        self._uid = uid
        self._ccy = arg.get("ccy", "")
        self._seen: dict[int, int] = {}  # owner: the last change that was pushed
        self._beats = 0
        self._task: asyncio.Task[None] | None = None

    def join(self, listener: Listener, time_ms: int) -> None:
        super().join(listener, time_ms)
        # Whoever comes later begins with the newest too.
        self._seen.clear()
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
                rows = await self._changed(owner, known)
                name = await self._name(owner) if rows else ""
                for row in rows:
                    row |= {"pTime": str(time_ms), "uid": str(owner), "subAcct": name}
                if rows:
                    self.push(f'"data":{encode(rows).decode()}')
        except (Unavailable, TooSlow):
            return  # the next beat asks again
        finally:
            self._task = None

    async def _name(self, owner: int) -> str:
        """A sub-account's name; "" for who listens."""
        if owner == self._uid:
            return ""
        subs = await Family(self._context).all(self._uid)
        return next((one.name for one in subs if one.uid == owner), str(owner))

    async def _changed(self, owner: int, known: _Lines) -> list[dict[str, object]]:
        after, limit = self._seen.get(owner, 0), MORE if owner in self._seen else FIRST
        found = await self._found(owner, after, limit, known)
        self._seen[owner] = max([after, *(one.version for one in found)])
        return await self._rows(owner, sorted(found, key=lambda one: one.version), known)

    def _is_asked(self, asset: int) -> bool:
        return self._ccy in ("", self._context.catalog.assets[asset].symbol)

    @abstractmethod
    async def _found(self, owner: int, after: int, limit: int, known: _Lines) -> list[Any]:
        """What has changed."""

    @abstractmethod
    async def _rows(self, _owner: int, found: list[Any], known: _Lines) -> list[dict[str, object]]:
        """As REST shows them, oldest change first."""


class DepositInfo(OfCustody):
    """`deposit-info`; of what is not complete also each confirmation."""

    def __init__(self, arg: Arg, uid: int, context: Context) -> None:
        super().__init__(arg, uid, context)
        self._tips: dict[int, dict[int, int]] = {}  # owner: heights of networks at the last look
        self._received: dict[int, int] = {}  # owner: the last of what others sent that was pushed

    def join(self, listener: Listener, time_ms: int) -> None:
        super().join(listener, time_ms)
        self._received.clear()

    async def _changed(self, owner: int, known: _Lines) -> list[dict[str, object]]:
        return await super()._changed(owner, known) + await self._sent(owner)

    async def _sent(self, owner: int) -> list[dict[str, object]]:
        """What other users sent since the last look; the fold of withdrawals has it."""
        after, limit = self._received.get(owner, 0), MORE if owner in self._received else FIRST
        question = ListReceived(owner, after, limit)
        found: list[Withdrawal] = await ask(self._context, WITHDRAWALS, question)
        self._received[owner] = max([after, *(one.version for one in found)])
        return [receipt_row(self._context, one) for one in found[::-1] if self._is_asked(one.asset)]

    async def _found(self, owner: int, after: int, limit: int, known: _Lines) -> list[Deposit]:
        found: list[Deposit] = await ask(self._context, DEPOSITS, ListDeposits(owner, after, limit))
        before = self._tips.get(owner, {})
        self._tips[owner] = tips = {one.network.network: one.tip for one in known.values()}
        if not after or tips == before:
            return found
        newest: list[Deposit] = await ask(self._context, DEPOSITS, ListDeposits(owner, 0, FIRST))
        said = {one.number for one in found}
        counted = [
            one
            for one in newest
            if one.state in CONFIRMING
            and one.height
            and one.number not in said
            and tips.get(one.network) != before.get(one.network)
        ]
        return found + counted

    async def _rows(
        self, _owner: int, found: list[Deposit], known: _Lines
    ) -> list[dict[str, object]]:
        shown = [
            one
            for one in found
            if (one.network, one.asset) in known
            and one.state != DepositState.GONE
            and self._is_asked(one.asset)
        ]
        names = await names_of(self._context, (one.transfer for one in shown))
        return [self._row(known[one.network, one.asset], one, names) for one in shown]

    def _row(self, line: Line, one: Deposit, names: dict[bytes, str]) -> dict[str, object]:
        addresses = self._context.addresses.get(one.network)
        number = one.memo_number if line.network.needs_memo else one.index
        to = addresses.address(number).partition(":")[0] if addresses else ""
        return deposit_row(line, one, to, names)


class WithdrawalInfo(OfCustody):
    """`withdrawal-info`."""

    async def _found(self, owner: int, after: int, limit: int, _known: _Lines) -> list[Withdrawal]:
        found: list[Withdrawal] = await ask(
            self._context, WITHDRAWALS, ListWithdrawals(owner, after, limit)
        )
        return found

    async def _rows(
        self, owner: int, found: list[Withdrawal], known: _Lines
    ) -> list[dict[str, object]]:
        shown = [one for one in found if self._is_asked(one.asset)]
        clients = await clients_of(self._context, owner, shown)
        names = await names_of(self._context, (one.transfer for one in shown))
        desk = self._context.desk
        rows = []
        for one in shown:
            to = str(one.destination)
            if one.kind == Destination.ADDRESS_BOOK:
                to = await desk.act(desk.rooms.addresses.text, one.owner, one.destination)
            asset = self._context.catalog.assets[one.asset]
            row = withdrawal_row(asset, known.get((one.network, one.asset)), one, to, names)
            rows.append(NONE_OF_THEM | row | {"clientId": clients.get(one.client, "")})
        return rows
