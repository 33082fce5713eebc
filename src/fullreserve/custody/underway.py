"""What is on its way between the ledger and the chain, by tier and asset.

The ledger and the chain both know it, not at the same time: it makes a comparison an interval.
"""

from __future__ import annotations

from pathlib import Path

from fullreserve.custody.chains.adapter import Asked, Chain, Move, Standing
from fullreserve.custody.comparing import Key, OnTheWay
from fullreserve.custody.house import House
from fullreserve.custody.keys.kept_moves import KeptMoves
from fullreserve.custody.networks import Network
from fullreserve.custody.store import read_made, read_open, read_signed
from fullreserve.custody.units import Scale
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import tier_moves_wire as tier_moves
from fullreserve.exchange.products.deposit_state import Deposit, ListDeposits, Phase, SumComing
from fullreserve.exchange.products.withdrawal_state import ListSums, Sum
from fullreserve.exchange.wire.commands import amount_int

# What a transaction on its way may cost at most, where no plan says more: fees rise above any
# fixed sum, and signers bound them.
FEE_ON_ITS_WAY = 100_000
# Deposits, the newest change first, that are looked through for those of newer blocks.
LATER_MAX = 500
# Moves between tiers that ended last, which are looked through likewise.
ENDED_MAX = 100
AT_ONCE = 10_000


class Underway:
    """Of one network. `payer` is the payer's store, which says what moves between tiers."""

    def __init__(self, network: Network, house: House, payer: Path, chain: Chain) -> None:
        self._network = network
        self._house = house
        self._payer = payer
        self._chain = chain
        self._kept_moves = KeptMoves(payer.parent)
        self._ended: dict[int, int] = {}  # moves, by number: the newest block by then
        self._nowhere: set[bytes] = set()  # moves, by binding, that are left out

    async def read(self, height: int, newest: int) -> OnTheWay:
        """By the log, and by the payer's store; Unavailable.

        `height` is that of the newest block of which all coins are known, `newest` of the one that
        is compared.
        """
        way, coin = OnTheWay({}, {}), self._network.coin
        number, least = self._network.network, 0
        sums: list[Sum] = await self._house.ask(wire.WITHDRAWALS, ListSums(bound=True))
        for bound in sums:
            if bound.network == number:
                _add(way.less, (wire.Tier.HOT, bound.asset), amount_int(bound.amount))
                least += bound.count * FEE_ON_ITS_WAY
        signed = read_signed(self._payer, number)
        fees = {one.binding: self._scale(coin).cost(one.fee) for one in signed}
        paying = sum(fees[one.binding] for one in signed if one.move is None)
        if least or paying:
            _add(way.less, (wire.Tier.HOT, coin), max(least, paying))
        for one in read_open(self._payer, number):
            if one.move is not None and one.binding not in self._nowhere:
                self._moves(one.move, fees.get(one.binding, 0), way)
        await self._between_tiers(way)
        await self._ended_since(way, height, newest)
        coming: dict[int, bytes] = await self._house.ask(wire.DEPOSITS, SumComing(number))
        later = await self._later(height)
        for asset, value in coming.items():
            key = (wire.Tier.DEPOSIT, asset)
            _add(way.more, key, amount_int(value))
            _add(way.less, key, later.get(asset, 0) - amount_int(value))
        return way

    def look(self) -> None:
        """Leave out moves of users' coins that nobody has and whose source has not the coins.

        As of a deposit that its chain took for ever: it is to hide nothing that is missing.
        NodeProblem.
        """
        moves = [one for one in read_open(self._payer, self._network.network)
                 if one.move is not None and one.move.is_of_users]  # fmt: skip
        carried = self._chain.carries(moves) if moves else []
        lacking = {one.binding: one for one, has in zip(moves, carried, strict=True) if not has}
        if not lacking:
            self._nowhere = set()
            return
        made = read_made(self._payer, self._network.network, is_open=True)
        asked = [Asked(one.kept.plan, list(one.txids)) for one in made
                 if one.kept.plan.binding in lacking and one.txids]  # fmt: skip
        found = self._chain.standing_all(asked) if asked else []
        there = {
            one.plan.binding
            for one, at in zip(asked, found, strict=True)
            if not isinstance(at, Standing) or at.height or at.known or at.taken_by
        }
        self._nowhere = lacking.keys() - there

    async def _later(self, height: int) -> dict[int, int]:
        """Of what is coming, by asset, what is in blocks that the balances are not of.

        Those came since; of Bitcoin's family the payer may not have read some before either.
        """
        asked = ListDeposits(0, 0, LATER_MAX)
        found: list[Deposit] = await self._house.ask(wire.DEPOSITS, asked)
        sums: dict[int, int] = {}
        for one in found:
            is_coming = one.network == self._network.network and one.phase < Phase.ARRIVED
            if is_coming and one.height > height:
                sums[one.asset] = sums.get(one.asset, 0) + one.value
        return sums

    async def _between_tiers(self, way: OnTheWay) -> None:
        """Moves that the log has bound: coins may be there before the ledger says so."""
        bound: list[tier_moves.Move] = await self._house.ask(
            tier_moves.TIER_MOVES, tier_moves.ListMoves(is_open=True, limit=AT_ONCE)
        )
        for one in bound:
            # What leaves hot stands in the payer's store already.
            is_seen = one.source == wire.Tier.HOT
            if one.network == self._network.network and one.binding and not is_seen:
                amount = amount_int(one.amount)
                _add(way.less, (one.source, one.asset), amount)
                coin = self._network.coin
                fee = self._scale(coin).cost(self._kept_moves.fee(one.number))
                _add(way.less, (one.source, coin), max(fee, FEE_ON_ITS_WAY))
                _add(way.more, (one.target, one.asset), amount)

    async def _ended_since(self, way: OnTheWay, height: int, newest: int) -> None:
        """Moves that the ledger has, in blocks that coins are not known of: the payer is behind.

        By the newest block at which each was found to have ended.
        """
        known: list[tier_moves.Move] = await self._house.ask(
            tier_moves.TIER_MOVES, tier_moves.ListMoves(is_open=False, limit=ENDED_MAX)
        )
        done = [
            one
            for one in known
            if one.network == self._network.network and one.state == tier_moves.MoveState.DONE
        ]
        self._ended = {one.number: self._ended.get(one.number, newest) for one in done}
        for one in done:
            if self._ended[one.number] > height:
                amount = amount_int(one.amount)
                _add(way.more, (one.source, one.asset), amount)
                _add(way.less, (one.target, one.asset), amount)

    def _moves(self, move: Move, fee: int, way: OnTheWay) -> None:
        amount = self._scale(move.asset).cost(move.amount)
        _add(way.less, (move.source, move.asset), amount)
        _add(way.less, (move.source, self._network.coin), max(fee, FEE_ON_ITS_WAY))
        _add(way.more, (move.target, move.asset), amount)

    def _scale(self, asset: int) -> Scale:
        return self._network.scales[asset]


def _add(table: dict[Key, int], key: Key, amount: int) -> None:
    table[key] = table.get(key, 0) + amount
