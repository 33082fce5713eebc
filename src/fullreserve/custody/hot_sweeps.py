"""Sweeps what hot has above its cap to warm, by the payer: the log decides and binds each.

Hot's signers ask the log as well, and know warm's place from their own file of networks.
"""

from __future__ import annotations

from typing import NamedTuple

import structlog

from fullreserve.custody.bech32 import BadAddress
from fullreserve.custody.chains.adapter import Move, Payment, Plan
from fullreserve.custody.house import House
from fullreserve.custody.networks import Network
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import tier_moves_wire as moves
from fullreserve.exchange.products.tier_marks import Standing, sweep
from fullreserve.exchange.products.withdrawal_state import Demand, GetDemand
from fullreserve.exchange.wire.commands import amount_int

KEY = "sweep/"  # of a plan's move, before the number of the log's
LOOK_AGAIN = 120  # rounds between two looks at the ledger, and until what was refused goes again
OPEN_MAX = 100

log = structlog.get_logger(__name__)


class Surplus(NamedTuple):
    """What is to be planned."""

    payment: Payment
    move: Move


def number_of(plan: Plan) -> int:
    """The log's number of a plan that sweeps hot; 0 of any other."""
    key = plan.move.key if plan.move is not None else ""
    text = key.removeprefix(KEY)
    return int(text) if key.startswith(KEY) and text.isascii() and text.isdigit() else 0


class HotSweeps:
    """Of one network; without a place of warm's in its file there are none."""

    def __init__(self, network: Network, house: House) -> None:
        self._network = network
        self._house = house
        self._rounds = 0
        self._refused: dict[int, int] = {}  # by move: the round from which on it is tried again

    async def due(self) -> list[Surplus]:
        """Moves that the log has decided and not bound; asks it for more now and then."""
        if not self._network.warm:
            return []
        if self._rounds % LOOK_AGAIN == 0:
            await self._want()
        self._rounds += 1
        asked = moves.ListMoves(is_open=True, limit=OPEN_MAX)
        found: list[moves.Move] = await self._house.ask(moves.TIER_MOVES, asked)
        fresh = [one for one in found if self._is_ours(one) and not one.binding]
        fresh = [one for one in fresh if self._refused.get(one.number, 0) <= self._rounds]
        return [surplus_of(one, self._network) for one in fresh]

    def _is_ours(self, one: moves.Move) -> bool:
        tiers = (wire.Tier.HOT, wire.Tier.WARM)
        return one.network == self._network.network and (one.source, one.target) == tiers

    async def _want(self) -> None:
        marks: list[moves.Marks] = await self._house.ask(moves.TIER_MOVES, moves.ListMarks())
        ours = [one for one in marks if one.network == self._network.network]
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
            has = Standing(held, amount_int(demand.bound), 0, 0, 0)
            if not sweep(one, has).code:
                tiers = (wire.Tier.HOT, wire.Tier.WARM)
                await self._house.report(
                    moves.TIER_MOVES, moves.Want(one.network, one.asset, *tiers)
                )

    async def bind(self, plan: Plan) -> int:
        """The log's code: nothing is signed before it is 0."""
        word = moves.Bind(number_of(plan), plan.binding)
        (code,) = await self._house.report(moves.TIER_MOVES, word)
        if code:
            log.info("sweep of hot waits", move=word.move, code=code)
            self._refused[word.move] = self._rounds + LOOK_AGAIN
        if code == moves.Refused.EXPIRED:
            await self._house.report(moves.TIER_MOVES, moves.End(word.move, moves.MoveState.LAPSED))
        return code

    async def ended(self, plan: Plan, name: bytes, *, is_paid: bool) -> None:
        """What is final of a sweep's inputs or nonce."""
        state = moves.MoveState.DONE if is_paid else moves.MoveState.OVERTAKEN
        word = moves.End(number_of(plan), state, name)
        (code,) = await self._house.report(moves.TIER_MOVES, word)
        log.info("sweep of hot ended", move=word.move, state=state.name.lower(), code=code)


def surplus_of(one: moves.Move, network: Network) -> Surplus:
    """What a decided sweep pays on the chain; BadAddress where warm has no place there."""
    if not network.warm:
        raise BadAddress("the file of networks names no place of warm's")
    place = network.addresses().read(network.warm)
    amount = network.scales[one.asset].to_chain(amount_int(one.amount))
    move = Move(one.asset, one.source, one.target, f"{KEY}{one.number}", amount)
    return Surplus(Payment(0, one.asset, amount, place), move)
