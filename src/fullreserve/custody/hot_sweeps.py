"""Sweeps what hot has above its cap to warm, by the payer: the log decides and binds each.

Hot's signers ask the log as well, and know warm's place from their own file of networks and their
own copy of the record (`warm_place`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import structlog

from fullreserve.clock import Clock
from fullreserve.custody.chains.adapter import Move, Payment, Plan
from fullreserve.custody.chains.rpc import NodeProblem
from fullreserve.custody.held_moves import HeldMoves
from fullreserve.custody.house import House
from fullreserve.custody.networks import Network
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import tier_moves_wire as moves
from fullreserve.exchange.products.tier_marks import Standing, sweep
from fullreserve.exchange.products.withdrawal_state import Demand, GetDemand
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from fullreserve.exchange.worker_files import Stage, Why

KEY = "sweep/"  # of a plan's move, before the number of the log's
LOOK_AGAIN = 120  # rounds between two looks at the ledger, and until what was refused goes again
OPEN_MAX = 100
DOUBLED_MAX = 10  # times that the wait is doubled after sweeps that did nothing

log = structlog.get_logger(__name__)


class Surplus(NamedTuple):
    """What is to be planned."""

    payment: Payment
    move: Move


def number_of(plan: Plan) -> int:
    """The log's number of a plan that sweeps hot; 0 of any other."""
    return sweep_number(plan.move.key) if plan.move is not None else 0


def sweep_number(key: str) -> int:
    """The same of a plan's move, by its key."""
    text = key.removeprefix(KEY)
    return int(text) if key.startswith(KEY) and text.isascii() and text.isdigit() else 0


class HotSweeps:
    """Of one network; without a place of warm's in its file there are none.

    `place` tells where warm lies now, and may raise BadAddress or BadRecord.
    `room` is the most of an asset that one transaction can take from hot now, in the chain's units;
    None: all there is. It may raise NodeProblem.
    """

    def __init__(
        self,
        network: Network,
        house: House,
        clock: Clock,
        room: Callable[[int], Awaitable[int | None]],
        place: Callable[[], bytes],
        held: HeldMoves | None = None,
    ) -> None:
        self._held = held
        self._network = network
        self._house = house
        self._clock = clock
        self._room = room
        self._place = place
        self._rounds = 0
        self._refused: dict[int, int] = {}  # by move: the round from which on it is tried again
        self._failed: dict[int, tuple[int, int]] = {}  # by asset: how often, and until which round

    async def due(self) -> list[Surplus]:
        """Moves that the log has decided and not bound; asks it for more now and then.

        What was not bound in its time ends, whatever held it up: a refill would wait for it.
        """
        if self._network.warm and self._rounds % LOOK_AGAIN == 0:
            await self._want()
        self._rounds += 1
        asked = moves.ListMoves(is_open=True, limit=OPEN_MAX)
        found: list[moves.Move] = await self._house.ask(moves.TIER_MOVES, asked)
        ours = [one for one in found if self._is_ours(one)]
        if self._held is not None:
            self._held.keep({one.number for one in ours})
        fresh = [one for one in ours if not one.binding]
        fresh = await self._in_time(fresh)
        fresh = [one for one in fresh if self._refused.get(one.number, 0) <= self._rounds]
        made = [self._surplus(one) for one in fresh] if self._network.warm else []
        return [one for one in made if one is not None]

    async def _in_time(self, fresh: list[moves.Move]) -> list[moves.Move]:
        if not fresh:
            return []
        now_ms = await self._house.now_ms(self._clock.wall_ms())
        late = [one for one in fresh if now_ms >= one.expires_ms]
        for one in late:
            log.warning("sweep of hot lapses", move=one.number)
            word = moves.End(one.number, moves.MoveState.LAPSED)
            await self._house.report(moves.TIER_MOVES, word)
        return [one for one in fresh if one not in late]

    def _surplus(self, one: moves.Move) -> Surplus | None:
        """None where the files here are at fault: what else is to be paid goes on."""
        try:
            return surplus_of(one, self._network, self._place())
        except (KeyError, ValueError) as problem:
            log.warning("sweep of hot waits", move=one.number, problem=str(problem))
            self.waits(one.number, Why.UNPLANNED, str(problem))
            self._refused[one.number] = self._rounds + LOOK_AGAIN
            return None

    def waits(self, number: int, why: Why, detail: str) -> None:
        """What a sweep waits for, to be shown."""
        if self._held is not None:
            self._held.say(number, why=why, detail=detail)

    def goes(self, number: int, *, is_included: bool) -> None:
        """A node has it, or a block."""
        if self._held is not None:
            stage = Stage.INCLUDED if is_included else Stage.SENT
            self._held.say(number, stage=stage, why=Why.NOTHING, detail="")

    def _is_ours(self, one: moves.Move) -> bool:
        tiers = (wire.Tier.HOT, wire.Tier.WARM)
        return one.network == self._network.network and (one.source, one.target) == tiers

    async def _want(self) -> None:
        marks: list[moves.Marks] = await self._house.ask(moves.TIER_MOVES, moves.ListMarks())
        ours = [
            one
            for one in marks
            if one.network == self._network.network and one.asset in self._network.decimals
            if self._failed.get(one.asset, (0, 0))[1] <= self._rounds
        ]
        ledger = await self._house.ledger() if ours else []
        for one in ours:
            held = sum(
                -amount_int(line.balance)
                for line in ledger
                if (line.kind, line.instance, line.asset)
                == (chart.CHAIN_HOT, one.network, one.asset)
            )
            asked = GetDemand(one.network, one.asset)
            demand: Demand = await self._house.ask(wire.WITHDRAWALS, asked)
            asked_of_hot = (demand.bound, demand.short, demand.waiting)
            bound, short, waiting = map(amount_int, asked_of_hot)
            has = Standing(held, bound, short, 0, 0, waiting)
            if not sweep(one, has).code:
                tiers = (wire.Tier.HOT, wire.Tier.WARM)
                try:
                    room = await self._room(one.asset)
                except NodeProblem as problem:
                    log.warning("no sweep of hot", asset=one.asset, problem=str(problem))
                    continue
                # Several accounts do not pay together: no more than the fullest can is wanted.
                most = self._network.scales[one.asset].to_ledger(room or 0)[0]
                limit = b"" if room is None else amount_bytes(most)
                word = moves.Want(
                    *(one.network, one.asset, *tiers), room=limit, beside=True, unless_black=True
                )
                await self._house.report(moves.TIER_MOVES, word)

    async def bind(self, plan: Plan) -> int:
        """The log's code: nothing is signed before it is 0."""
        word = moves.Bind(number_of(plan), plan.binding)
        (code,) = await self._house.report(moves.TIER_MOVES, word)
        if code:
            log.info("sweep of hot waits", move=word.move, code=code)
            self.waits(word.move, Why.REFUSED, moves.Refused(code).name.lower())
            self._refused[word.move] = self._rounds + LOOK_AGAIN
        if code == moves.Refused.EXPIRED:
            await self._house.report(moves.TIER_MOVES, moves.End(word.move, moves.MoveState.LAPSED))
        return code

    async def is_over(self, plan: Plan) -> bool:
        """Whether a bound sweep of which nothing is signed is to be dropped: its time is over.

        Then the log says that it lapsed, after which no signer signs it. Also what operators ended.
        """
        number = number_of(plan)
        found: moves.Move | None = await self._house.ask(moves.TIER_MOVES, moves.GetMove(number))
        if found is None or not found.is_open:
            return True
        if await self._house.now_ms(self._clock.wall_ms()) < found.expires_ms:
            return False
        word = moves.End(number, moves.MoveState.LAPSED)
        (code,) = await self._house.report(moves.TIER_MOVES, word)
        log.warning("sweep of hot lapses: nobody signed it", move=number, code=code)
        return not code

    async def ended(self, plan: Plan, name: bytes, *, is_paid: bool) -> None:
        """What is final of a sweep's inputs or nonce."""
        state = moves.MoveState.DONE if is_paid else moves.MoveState.OVERTAKEN
        asset = plan.move.asset if plan.move is not None else 0
        times = 0 if is_paid else min(self._failed.get(asset, (0, 0))[0] + 1, DOUBLED_MAX)
        # What a token refuses costs a fee each time.
        self._failed[asset] = (times, self._rounds + LOOK_AGAIN * 2**times if times else 0)
        word = moves.End(number_of(plan), state, name)
        (code,) = await self._house.report(moves.TIER_MOVES, word)
        log.info("sweep of hot ended", move=word.move, state=state.name.lower(), code=code)


def surplus_of(one: moves.Move, network: Network, place: bytes) -> Surplus:
    """What a decided sweep pays on the chain, at warm's place; KeyError, ValueError."""
    amount = network.scales[one.asset].to_chain(amount_int(one.amount))
    move = Move(one.asset, one.source, one.target, f"{KEY}{one.number}", amount)
    return Surplus(Payment(0, one.asset, amount, place), move)
