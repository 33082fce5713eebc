"""The workers' side of the door: reports for the folds, questions to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import msgspec
import structlog

from fullreserve.door.outcome import outcomes
from fullreserve.door.protocol import Door, Refused, Unavailable
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import deposit_state as deposits
from fullreserve.exchange.products import policy_wire as policy
from fullreserve.exchange.products import tier_moves_wire as tier_moves
from fullreserve.exchange.products import withdrawal_state as withdrawals
from fullreserve.exchange.products.custody_ledger import USD
from fullreserve.exchange.products.liveness import (
    ListQuorums,
    ListRounds,
    ListStandings,
    QuorumState,
    Rounded,
    Standing,
)
from fullreserve.exchange.products.settling import settle_deposits, settle_withdrawals
from fullreserve.exchange.products.suspension_state import Measured, Surveyed, Suspension
from fullreserve.exchange.products.suspension_wire import (
    GetMaxWait,
    GetMeasured,
    GetSurvey,
    ListAll,
    ListInForce,
    ListReopening,
)
from fullreserve.exchange.wire.commands import (
    InstrumentState,
    Product,
    Suspended,
    SuspensionLevel,
    encode,
)
from fullreserve.exchange.wire.events import (
    AssetDefined,
    InstrumentChanged,
    OwnerChanged,
    SuspensionSet,
)
from fullreserve.exchange.wire.queries import (
    AccountState,
    AskFold,
    GetOwner,
    GetReference,
    ListAssets,
    ListBalances,
    ListInstruments,
    ListSuspensions,
    Reference,
)

# Gateways of the workers that come with the exchange; operators' own count up from there.
WATCHER_GATEWAY = 101
PAYER_GATEWAY = 102
DUTY_GATEWAY = 103
RESERVES_GATEWAY = 104
MOVES_GATEWAY = 105

_ANSWERS: dict[type, Any] = {
    **deposits.ANSWERS,
    **withdrawals.ANSWERS,
    **policy.ANSWERS,
    **tier_moves.ANSWERS,
    ListAll: list[Suspension],
    ListInForce: list[Suspension],
    ListReopening: list[Suspension],
    GetMaxWait: int,
    GetSurvey: Surveyed | None,
    GetMeasured: Measured | None,
    ListQuorums: list[QuorumState],
    ListStandings: list[Standing],
    ListRounds: list[Rounded],
}

# Reports in one submission: orders go in between, so that none waits for long.
AT_ONCE = 32
BUSY = 50_013
BUSY_S, BUSY_TIMES = 0.25, 120  # how long an exchange may be busy until a worker gives up
ANSWERS_KEPT = 1_000
# Addresses that are looked for before they are given out, so that no block outruns their giving.
AHEAD = 1_000


log = structlog.get_logger(__name__)


class Unknown(RuntimeError):
    """The exchange has no such fold: it is older than this worker."""


class Rate(NamedTuple):
    """So many USD for so many of the ledger's units."""

    usd: int
    units: int


class House:
    """Speaks for the house, in order: a report is durable before the next is made.

    A worker looks again and again whether there is anything to do. While it is `listening` and no
    fold has changed, the exchange is not asked: each question would be work in the order process.

    `uncompared`, for threads, names the networks that may have paid since a backup was put back
    what the exchange thinks waits there: that is left as it is.
    """

    def __init__(self, door: Door, uncompared: Callable[[], tuple[int, ...]] = tuple) -> None:
        self._door = door
        self._uncompared = uncompared
        self._answers: dict[tuple[int, bytes], bytes] = {}
        self._changes = 0
        self._hears = False

    async def report(self, fold: int, *payloads: msgspec.Struct) -> list[int]:
        """The replies' codes; Unavailable when the outcome is not known or nothing was taken."""
        codes: list[int] = []
        for start in range(0, len(payloads), AT_ONCE):
            codes += await self._submit(fold, payloads[start : start + AT_ONCE])
        return codes

    async def _submit(self, fold: int, payloads: Sequence[msgspec.Struct]) -> list[int]:
        gateway, first = self._door.gateway, self._door.numbers(len(payloads))
        commands = [
            encode(Product(gateway, number, fold, chart.HOUSE, wire.encode_payload(payload)))
            for number, payload in enumerate(payloads, first)
        ]
        result = await outcomes(self._door, commands)
        for _ in range(BUSY_TIMES):
            if not (isinstance(result, Refused) and result.code == BUSY):
                break
            # Nothing was logged: the exchange is busy, and what is reported can wait.
            await asyncio.sleep(BUSY_S)
            result = await outcomes(self._door, commands)
        self._forget()
        if isinstance(result, Refused):
            raise Unavailable(result.message)
        return [reply.code for reply in result]

    async def ask(self, fold: int, question: msgspec.Struct) -> Any:
        """A fold's answer to a question of its own; Unknown, Unavailable."""
        asked = (fold, msgspec.msgpack.encode(question))
        answer = self._answers.get(asked)
        if answer is None:
            answer = await self._ask(*asked)
        return msgspec.msgpack.decode(answer, type=_ANSWERS[type(question)])

    async def _ask(self, fold: int, question: bytes) -> bytes:
        changes = self._changes
        answer: bytes | None = await self._door.query(AskFold(fold, question))
        if answer is None:
            raise Unknown(f"the exchange has no fold {fold}")
        # One that was on its way when something changed may be of before or after it.
        if self._hears and changes == self._changes:
            if len(self._answers) >= ANSWERS_KEPT:
                self._answers.clear()
            self._answers[fold, question] = answer
        return answer

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Within it, answers are remembered until the exchange says that something has changed."""
        hearing = asyncio.get_running_loop().create_task(self._hear())
        try:
            yield
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)

    async def _hear(self) -> None:
        """Forgets answers at each change, until the exchange is not there any more."""
        moved = 0
        try:
            while True:
                moved = await self._door.moved(moved)
                self._forget()
                self._hears = True
        except Unavailable:
            log.info("the exchange says no more what has changed")
        finally:
            self._hears = False
            self._forget()

    def _forget(self) -> None:
        self._changes += 1
        self._answers.clear()

    async def settle(self) -> None:
        """Has what waits looked at again, after what stops it has changed; Unavailable."""
        await self.settle_deposits()
        await settle_withdrawals(
            lambda asked: self.ask(wire.WITHDRAWALS, asked),
            lambda word: self.report(wire.WITHDRAWALS, word),
            await self.uncompared(),
        )

    async def uncompared(self) -> tuple[int, ...]:
        """Networks of which it is not known what they have paid since a backup was put back."""
        return await asyncio.to_thread(self._uncompared)

    async def settle_deposits(self) -> None:
        """Has deposits that wait looked at again, a few at a time; Unavailable."""
        await settle_deposits(
            lambda asked: self.ask(wire.DEPOSITS, asked),
            lambda word: self.report(wire.DEPOSITS, word),
        )

    async def now_ms(self, wall_ms: int) -> int:
        """The exchange's time: its last command's, or the world's where that is later.

        A demo may run faster than the world; where nothing happens, no command tells the time.
        """
        return max((await self._door.health()).time_ms, wall_ms)

    async def ledger(self) -> list[AccountState]:
        """The house's own accounts."""
        found: list[AccountState] = await self._door.query(ListBalances(chart.HOUSE))
        return found

    async def kyc(self, owner: int) -> int:
        """A user's level of identity; 0 for one who is not known."""
        found: OwnerChanged | None = await self._door.query(GetOwner(owner))
        return found.kyc if found is not None else 0

    async def priced_by(self, assets: Iterable[int]) -> dict[int, int]:
        """By asset the trade that made its price against USD, where there may be a newer one.

        Without those that have none, or that nobody may trade: their pair is not open, or new
        orders on it are stopped for everybody.
        """
        every: list[AssetDefined] = await self._door.query(ListAssets())
        usd = next((one.asset for one in every if one.symbol == USD), 0)
        instruments: list[InstrumentChanged] = await self._door.query(ListInstruments())
        stops: list[SuspensionSet] = await self._door.query(ListSuspensions())
        pairs = {
            one.base: one.instrument
            for one in instruments
            if one.quote == usd
            and one.state == InstrumentState.LIVE
            and not any(_stops_trading(stop, one) for stop in stops)
        }
        found: dict[int, int] = {}
        for asset in assets:
            if asset in pairs:
                known: Reference | None = await self._door.query(GetReference(pairs[asset]))
                if known is not None and known.last_price:
                    found[asset] = known.last_trade
        return found

    async def usd_rates(self, assets: Iterable[int]) -> dict[int, Rate]:
        """What assets are worth at their last prices; without those that have none."""
        every: list[AssetDefined] = await self._door.query(ListAssets())
        scales = {one.asset: one.scale for one in every}
        usd = next((one.asset for one in every if one.symbol == USD), 0)
        instruments: list[InstrumentChanged] = await self._door.query(ListInstruments())
        pairs = {one.base: one for one in instruments if one.quote == usd}
        found: dict[int, Rate] = {}
        for asset in assets:
            pair = pairs.get(asset)
            if asset == usd:
                found[asset] = Rate(1, 10 ** scales[asset])
            elif pair is not None:
                known: Reference | None = await self._door.query(GetReference(pair.instrument))
                if known is not None and known.last_price:
                    units = 10 ** (scales[asset] + pair.price_scale)
                    found[asset] = Rate(known.last_price, units)
        return found

    async def newest_index(self, network: int) -> int:
        """The highest address index that was given to a user; 0: none."""
        newest: int = await self.ask(wire.DEPOSITS, deposits.CountAddresses(network))
        return newest


def _stops_trading(stop: SuspensionSet, pair: InstrumentChanged) -> bool:
    """Whether it stops new orders on a pair, whosever they are."""
    keys: dict[int, tuple[int, ...]] = {
        SuspensionLevel.GLOBAL: (stop.key,),
        SuspensionLevel.ASSET: (pair.base, pair.quote),
        SuspensionLevel.INSTRUMENT: (pair.instrument,),
    }
    is_trading = bool(stop.actions & (Suspended.TRADE_OPEN | Suspended.TRADE_ALL))
    return is_trading and stop.key in keys.get(stop.level, ())
