"""What a scenario does with a running exchange: people, words to the folds, what came of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from fullreserve.app.running import Running
from fullreserve.custody.house import House
from fullreserve.door.protocol import Refused, Result
from fullreserve.exchange import chart
from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.products import withdrawal_state as withdrawals
from fullreserve.exchange.products.custody_wire import (
    DEPOSITS,
    WITHDRAWALS,
    AssignAddress,
    Cancel,
    Destination,
    NetworkAsset,
    Request,
)
from fullreserve.exchange.products.deposit_state import (
    Deposit,
    GetAddress,
    ListDeposits,
    ListNetworks,
    NetworkState,
    Phase,
)
from fullreserve.exchange.products.policy_wire import POLICY, Approve
from fullreserve.exchange.products.settling import survey_queue
from fullreserve.exchange.products.suspension_state import Reading, Surveyed, Suspension
from fullreserve.exchange.products.suspension_wire import (
    SUSPENSIONS,
    GetSurvey,
    ListAll,
    ListReadings,
    Said,
    Survey,
)
from fullreserve.exchange.products.withdrawal_state import (
    ListSums,
    ListWithdrawals,
    Sum,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.wire import commands as c
from fullreserve.exchange.wire.events import Reply
from fullreserve.exchange.wire.queries import AskFold, ListAssets, ListBalances
from fullreserve.simulation.scenario.people import Person

AT_ONCE = 200
LOOK_MS = 250
BUSY = 50_013  # nothing was taken: the records are behind
BUSY_NS = 120 * 10**9
LISTED_MAX = 20_000
BILL_TRANSFER = 1

_encode = msgspec.msgpack.Encoder().encode


class Broken(RuntimeError):
    """Something did not end as it has to; the message says what."""


class Exchange:
    """A running exchange from inside."""

    def __init__(self, running: Running, catalog: Catalog) -> None:
        self.running = running
        self.catalog = catalog
        self.door = running.door
        self.clock = running.clock
        self.states: dict[int, Withdrawal] = {}
        self.approvers: tuple[int, ...] = ()
        self.sent_ns: dict[int, int] = {}  # when each was seen to be given to its chain
        self._seen = 0

    @classmethod
    async def of(cls, running: Running) -> Exchange:
        catalog = Catalog()
        catalog.apply(await running.door.query(ListAssets()))
        return cls(running, catalog)

    async def submit(
        self, commands: Sequence[c.AnyCommand], *, is_patient: bool = True
    ) -> list[Reply]:
        """The replies, in order; what was not taken is an error, or is said again when busy."""
        replies: list[Reply] = []
        until_ns = self.clock.monotonic_ns() + BUSY_NS
        for start in range(0, len(commands), AT_ONCE):
            part = [c.encode(one) for one in commands[start : start + AT_ONCE]]
            result = await self._submit(part)
            while isinstance(result, Refused):
                is_late = self.clock.monotonic_ns() > until_ns
                if result.code != BUSY or is_late or not is_patient:
                    raise Broken(f"the exchange took no commands: {result.message}")
                await self.clock.wait_ms(LOOK_MS)
                result = await self._submit(part)
            replies += result
        return replies

    async def _submit(self, part: list[bytes]) -> Result:
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

        def replied(result: Result) -> None:
            # Who waited may have been cancelled, when the scenario ended.
            if not done.done():
                done.set_result(result)

        self.door.submit(part, replied)
        return await done

    async def say(self, fold: int, *payloads: tuple[int, msgspec.Struct]) -> list[Reply]:
        """Words of owners to a fold."""
        first = self.door.numbers(len(payloads))
        return await self.submit(
            [
                c.Product(self.door.gateway, first + at, fold, owner, _encode(payload))
                for at, (owner, payload) in enumerate(payloads)
            ]
        )

    async def must(self, fold: int, owner: int, payload: msgspec.Struct) -> Reply:
        """One word that is to be taken; Broken with its code."""
        (reply,) = await self.say(fold, (owner, payload))
        if reply.code:
            raise Broken(f"{type(payload).__name__} was refused with code {reply.code}")
        return reply

    async def word(self, operator: int, said: Said) -> Reply:
        """An operator's word on a suspension; then what waits is looked at."""
        reply = await self.must(SUSPENSIONS, operator, said)
        await House(self.door).settle()
        return reply

    async def ask(self, fold: int, question: msgspec.Struct, shape: Any) -> Any:
        answer = await self.door.query(AskFold(fold, _encode(question)))
        assert answer is not None
        return msgspec.msgpack.decode(answer, type=shape)

    async def suspension(self, number: int) -> Suspension:
        found: list[Suspension] = await self.ask(SUSPENSIONS, ListAll(), list[Suspension])
        return next(one for one in found if one.number == number)

    async def survey(self, number: int) -> Reading:
        """Has the queue of a suspension read; Broken with the code."""

        async def ask(question: GetSurvey) -> Surveyed | None:
            found: Surveyed | None = await self.ask(SUSPENSIONS, question, Surveyed | None)
            return found

        async def say(word: Survey) -> int:
            return (await self.must(SUSPENSIONS, chart.HOUSE, word)).code

        await survey_queue(number, ask, say)
        found: list[Reading] = await self.ask(SUSPENSIONS, ListReadings(number), list[Reading])
        return found[-1]

    async def waiting(self) -> int:
        """How many withdrawals wait for a suspension."""
        found: list[Sum] = await self.ask(WITHDRAWALS, ListSums(bound=False), list[Sum])
        return sum(one.count for one in found)

    async def networks(self) -> list[NetworkState]:
        """The networks that the log knows."""
        found: list[NetworkState] = await self.ask(DEPOSITS, ListNetworks(), list[NetworkState])
        return found

    async def terms(self) -> dict[tuple[int, int], NetworkAsset]:
        """By network and asset."""
        return {
            (one.terms.network, line.asset): line
            for one in await self.networks()
            for line in one.terms.assets
        }

    async def deposit_index(self, uid: int, network: int) -> int:
        """The index of a user's deposit address."""
        await self.must(DEPOSITS, uid, AssignAddress(network))
        return int(await self.ask(DEPOSITS, GetAddress(network, uid), int))

    async def deposited(self, uid: int) -> int:
        """What of a user's deposits is credited."""
        question = ListDeposits(uid, 0, LISTED_MAX)
        found: list[Deposit] = await self.ask(DEPOSITS, question, list[Deposit])
        return sum(one.value for one in found if one.phase >= Phase.CREDITED)

    async def balances(self, uid: int) -> dict[tuple[int, int], int]:
        """By kind of account and asset."""
        held = await self.door.query(ListBalances(uid))
        return {(one.kind, one.asset): c.amount_int(one.balance) for one in held}

    async def fund(self, people: Sequence[Person], amounts: Sequence[int]) -> None:
        """Opens owners and gives them coins of the treasury's, which are on the chain."""
        treasury = c.AccountKey(chart.HOUSE, chart.TREASURY, 0)
        gateway, first = self.door.gateway, self.door.numbers(2 * len(people))
        commands: list[c.AnyCommand] = []
        for at, (one, amount) in enumerate(zip(people, amounts, strict=True)):
            number = first + 2 * at
            fund = c.AccountKey(one.uid, chart.FUND, 0)
            commands += [
                c.OpenOwner(gateway, number, one.uid, one.uid, 0, 1, 0, 1),
                c.Transfer(
                    *(gateway, number + 1, chart.HOUSE, treasury, fund, one.asset.id),
                    *(c.amount_bytes(amount), BILL_TRANSFER),
                ),
            ]
        for reply in await self.submit(commands):
            if reply.code:
                raise Broken(f"funding was refused with code {reply.code}")

    async def withdraw(
        self, people: Sequence[Person], amounts: Sequence[int], *, may_fail: bool = False
    ) -> list[int]:
        """Requests, held at once; their numbers."""
        terms = await self.terms()
        words = []
        for one, amount in zip(people, amounts, strict=True):
            line = terms[one.network, one.asset.id]
            asked = Request(
                *(one.network, one.asset.id, c.amount_bytes(amount), line.fee),
                *(Destination.ADDRESS_BOOK, one.entry),
            )
            words.append((one.uid, asked))
        numbers = []
        for reply in await self.say(WITHDRAWALS, *words):
            if reply.code and not may_fail:
                raise Broken(f"a withdrawal was refused with code {reply.code}")
            if not reply.code:
                numbers.append(reply.sequence)
        return numbers

    async def cancel(self, requests: Sequence[tuple[int, int]]) -> None:
        """By owner and number."""
        words = [(uid, Cancel(number)) for uid, number in requests]
        for reply in await self.say(WITHDRAWALS, *words):
            if reply.code:
                raise Broken(f"a cancellation was refused with code {reply.code}")

    async def look(self) -> None:
        """Learns what has become of withdrawals."""
        question = ListWithdrawals(0, self._seen, LISTED_MAX)
        changed: list[Withdrawal] = await self.ask(WITHDRAWALS, question, list[Withdrawal])
        for one in changed:
            self.states[one.number] = one
            if one.transfer:
                self.sent_ns.setdefault(one.number, self.clock.monotonic_ns())
            self._seen = max(self._seen, one.version)

    async def approve(self) -> None:
        """Operators agree to what the policy leaves to people; what is decided meanwhile is so."""
        shape = list[withdrawals.Undecided]
        found: list[withdrawals.Undecided] = await self.ask(
            WITHDRAWALS, withdrawals.ListUndecided(AT_ONCE), shape
        )
        left = [one.withdrawal for one in found if one.is_asked]
        words = [(operator, Approve(one)) for one in left for operator in self.approvers]
        if words:
            await self.say(POLICY, *words)

    async def reaches(self, number: int, state: int, limit_s: int) -> None:
        """Until a suspension has come so far; Broken when it takes too long."""
        until_ns = self.clock.monotonic_ns() + limit_s * 10**9
        while (one := await self.suspension(number)).state < state:
            if self.clock.monotonic_ns() > until_ns:
                raise Broken(f"the restart stays in state {one.state}")
            await self.approve()
            await self.clock.wait_ms(LOOK_MS)

    async def final(self, numbers: Sequence[int], limit_s: int) -> None:
        """Until all are paid on the chain, and final there; Broken when it takes too long."""
        until_ns = self.clock.monotonic_ns() + limit_s * 10**9
        while True:
            await self.approve()
            await self.look()
            left = [n for n in numbers if self._state(n) != WithdrawalState.SUCCESS]
            if not left:
                return
            if self.clock.monotonic_ns() > until_ns:
                words = sorted({self._state(n) for n in left})
                raise Broken(f"{len(left)} withdrawals are not final: states {words}")
            await self.clock.wait_ms(LOOK_MS)

    def _state(self, number: int) -> int:
        known = self.states.get(number)
        return known.state if known is not None else WithdrawalState.WAITING
