"""Compares the ledger with the chain, tier by tier and asset by asset, at each block.

What is on its way makes the comparison an interval (`underway`): withdrawals that are bound and not
final, coins that move between tiers, deposits in blocks that are not credited yet. A move by hand
that operators have announced explains exactly itself (`comparing`), as does the fee of a change of
keys that the record has finished (`job_fees`). A difference beyond that and the tolerance that is
still there when it is looked at again suspends the asset on its network, and its size is said.
While balances cannot be told, that is said, and alarms when it lasts: what was found before says
nothing of now.
"""

from __future__ import annotations

import asyncio
from hashlib import sha256
from pathlib import Path

import msgspec
import structlog

from fullreserve.clock import Clock
from fullreserve.custody.chains import following
from fullreserve.custody.chains.adapter import Block
from fullreserve.custody.chains.following import NodesDiffer
from fullreserve.custody.chains.health import unread
from fullreserve.custody.chains.rpc import Node, NodeProblem
from fullreserve.custody.comparing import Compared, Key, Sides, compared, explains
from fullreserve.custody.gifts import Gifts
from fullreserve.custody.holdings import Holding, Place, balances, places
from fullreserve.custody.house import House
from fullreserve.custody.job_fees import JobFees
from fullreserve.custody.kept_gifts import GiftSum
from fullreserve.custody.keys.record import BadRecord
from fullreserve.custody.left import leave
from fullreserve.custody.measuring import Measuring
from fullreserve.custody.networks import Network
from fullreserve.custody.spends import Planned, Spends
from fullreserve.custody.store import read_cursor
from fullreserve.custody.tier_places import TierPlaces
from fullreserve.custody.token_moves import TokenMoves
from fullreserve.custody.underway import Underway
from fullreserve.custody.units import Scale
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import suspension_wire as suspensions
from fullreserve.exchange.products import tier_moves_wire as tier_moves
from fullreserve.exchange.products.announced_moves import OPEN_MAX, Announced, AnnouncedState
from fullreserve.exchange.products.custody_ledger import TIERS
from fullreserve.exchange.products.deposit_state import (
    ListAnnounced,
)
from fullreserve.exchange.products.suspension_state import Suspension
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.worker_files import (
    UNKNOWN_BLOCKS,
    Blind,
    Line,
    LostCalls,
    Reconciled,
    Uncharged,
    Unknown,
    Unmeasured,
    reconciled_name,
    tolerance,
)

# A difference has to last this long: both sides are read one after the other.
LASTS_MS = 8_000
# And this long while the payer, who knows which change is ours, has not read the newest block.
BEHIND_MS = 40_000
AT_ONCE = 10_000
# Not knowing alarms after this long, also where no block is told of.
UNKNOWN_MS = 10 * 60_000
# Blocks of a tier's coins that are read while the watcher waits; more are read beside it.
READ_MEANWHILE = 6
# Warm is one more where the ceremony's record, or the file of networks, says where its coins lie.
MEASURED = (wire.Tier.DEPOSIT, wire.Tier.HOT, wire.Tier.COLD)

PAYER_STORE = "custody-payer.sqlite"

log = structlog.get_logger(__name__)


def read_block(network: Network, payer: Path, block: Block) -> tuple[int, bytes]:
    """Up to which block, by height and hash, coins are known when one is compared.

    Those of Bitcoin's family are found by following the chain, by the payer's store.
    """
    if not network.is_script:
        return block.height, block.hash
    kept = read_cursor(payer, network.network)
    blocks = following.restore(kept).blocks if kept else []
    return blocks[-1] if blocks else (0, b"")


def patience(network: Network, payer: Path, block: Block) -> int:
    """How long a difference has to last, in ms, by what the payer's store has read up to a block.

    Change that the payer has not seen yet looks as if it were gone.
    """
    is_known = read_block(network, payer, block) == (block.height, block.hash)
    return LASTS_MS if is_known else BEHIND_MS


class Reconciler:
    """Of one network. `payer` is the payer's store, which says what moves between tiers."""

    def __init__(
        self,
        network: Network,
        house: House,
        payer: Path,
        clock: Clock,
        gifts: Gifts | None = None,
    ) -> None:
        self._network = network
        self._gifts = gifts
        self._chains = network.chains()[:2]
        self._chain = self._chains[0]
        self._node = Node(network.nodes[0])
        self._tiers = TierPlaces(network, payer.parent)
        self._underway = Underway(network, house, payer, self._chain)
        self._token_moves = TokenMoves(network, house, payer.parent)
        self._job_fees = JobFees(network, house, payer.parent)
        self._uncharged: tuple[Uncharged, ...] = ()
        self._told: dict[str, bool] = {}  # of those, by transaction, whether as due
        self._measured: tuple[int, ...] = MEASURED
        self._house = house
        self._payer = payer
        self._clock = clock
        self._places: list[Place] = []
        self._accounts: list[Place] = []  # of warm and cold, by the record
        self._newest = -1
        self._since: dict[Key, int] = {}
        self._lasts_ms = LASTS_MS
        self._reading: asyncio.Task[None] | None = None
        self._uncompared = ""  # why warm and cold are not, as it was said
        self._why_not = ""  # and by a word of `Unmeasured`
        self._said: dict[Key, None] = {}
        self._settled: dict[Key, None] = {}
        self._spends = Spends(self._chain, payer)
        self._explained: tuple[tuple[Announced, ...], tuple[Uncharged, ...], str] | None = None
        self._triggers: dict[Key, suspensions.Trigger] = {}
        self._found = Reconciled(network.network)
        self._missed: dict[tuple[int, bytes], None] = {}  # blocks that were not compared
        self._overdue: dict[int, None] = {}
        self._measuring = Measuring(network.network, house)
        self._block: Block | None = None  # that `lines` are of
        self.lines: list[Line] = []
        self.lost_calls: LostCalls | None = None  # for operators

    @property
    def looks_again(self) -> bool:
        """Whether the newest block is to be compared once more."""
        return self._found.unknown is not None or any(one.difference for one in self.lines)

    async def check(self, block: Block) -> list[Line]:
        """What differs and has for a while; the asset is suspended by then. Unavailable."""
        # Before the coins are read: who has read the block has kept what it holds of ours.
        read, _ = read_block(self._network, self._payer, block)
        self._lasts_ms = patience(self._network, self._payer, block)
        try:
            held = await self._held(block)
            await asyncio.to_thread(self._underway.look)
        except NodeProblem as problem:
            # A block came meanwhile, or the node went away; the next look tells.
            self.not_compared(Blind(unread(problem).state), str(problem), block)
            return []
        unasked = await self._gifts.open() if self._gifts is not None else []
        sides, found = await self._compared(held, unasked, block, min(block.height, read))
        self.lines, self._block = found.lines, block
        largest, all_ = self._gifts.shown(unasked) if self._gifts is not None else ((), ())
        self._keep(
            Reconciled(
                *(self._network.network, block.height, self._clock.wall_ms()),
                *(tuple(found.lines), tuple(one.number for one in found.seen), self._uncompared),
                unasked=largest,
                unasked_sums=all_,
                lost_calls=self.lost_calls,
                uncompared_why=self._why_not,
                uncharged=self._uncharged,
            )
        )
        self._missed.clear()
        self._forget_ended()
        await self._tell_seen(sides, found, block)
        await self._explain(found, block)
        broken = [one for one in self.lines if one.difference and self._lasts(one)]
        for one in broken:
            await self._suspend(one, block)
        return broken

    async def measure(self) -> None:
        """Tells the log what the newest comparison found, where a gate rests on it. Unavailable."""
        if self._block is not None and self._found.unknown is None:
            now_ms = await self._house.now_ms(self._clock.wall_ms())
            await self._measuring.tell(self._block, self.lines, now_ms)

    async def _compared(
        self, held: dict[Key, int], unasked: list[GiftSum], block: Block, height: int
    ) -> tuple[Sides, Compared]:
        way = await self._underway.read(height, block.height)
        ledger = await self._ledger()
        keys = sorted(
            {(tier, asset) for tier in self._measured for asset in self._network.decimals}
        )
        now_ms = await self._house.now_ms(self._clock.wall_ms())
        allowed = [one for one in await self._announced() if one.is_allowed(now_ms)]
        given = self._gifts.sums(unasked) if self._gifts is not None else {}
        sides = Sides(self._network.coin, ledger, held, way, given)
        found = compared(keys, sides, allowed)
        differ = {line.asset for line in found.lines if line.difference}
        came = await self._came([one for one in allowed if one.asset in differ], block)
        paid = await self._paid(found, block)
        if came or paid:
            sides = sides._replace(came=came, paid=paid)
            found = compared(keys, sides, allowed)
        return sides, found

    async def _paid(self, found: Compared, block: Block) -> dict[Key, int]:
        """What finished jobs have cost where that is missing, exactly. Unavailable.

        Of what nodes do not tell alike nothing is believed: it is a difference.
        """
        coin, self._uncharged = self._network.coin, ()
        if not self._network.is_script or self._uncompared:
            return {}
        try:
            open_ = await self._job_fees.open(self._tiers.job_fees())
        except (NodeProblem, BadRecord) as problem:
            log.warning("fees of finished jobs cannot be read",
                        network=self._network.network, problem=str(problem))  # fmt: skip
            return {}
        final = block.height + 1 - self._network.unlock_after
        self._uncharged = tuple(
            Uncharged(*(one.tier, coin, self._scale(coin).cost(one.fee), one.txid.hex()),
                      is_due=one.height <= final)
            for one in open_
        )  # fmt: skip
        differ = {line.tier for line in found.lines if line.difference and line.asset == coin}
        paid: dict[Key, int] = {}
        for each in self._uncharged:
            if each.tier in differ:
                _add(paid, (each.tier, coin), each.amount)
            if self._told.get(each.transaction) != each.is_due:
                self._told[each.transaction] = each.is_due
                say = log.warning if each.is_due else log.info
                say("fee of a finished job is to be told by charge-tier", is_due=each.is_due,
                    network=self._network.network, tier=wire.Tier(each.tier).name.lower(),
                    transaction=each.transaction, fee=each.amount)  # fmt: skip
        return paid

    # Moves by hand

    async def _announced(self) -> list[Announced]:
        asked = ListAnnounced(is_open=True, limit=AT_ONCE)
        found: list[Announced] = await self._house.ask(wire.DEPOSITS, asked)
        return [one for one in found if one.network == self._network.network][:OPEN_MAX]

    async def _came(self, announced: list[Announced], block: Block) -> dict[int, int]:
        """Of tokens what came, where that is not what was announced. Unavailable.

        Of what cannot be read nothing is believed: a node that tells no logs makes a difference.
        """
        try:
            at = [*self._places, *self._accounts]
            return await self._token_moves.came(announced, at, block.height)
        except NodeProblem as problem:
            log.warning("what came of announced moves cannot be read",
                        network=self._network.network, problem=str(problem))  # fmt: skip
            return {}

    async def _tell_seen(self, sides: Sides, found: Compared, block: Block) -> None:
        """The log learns which moves the chain shows, and whose time is over."""
        number, now_ms = self._network.network, await self._house.now_ms(self._clock.wall_ms())
        for one in await self._announced():
            is_new = one.state == AnnouncedState.ANNOUNCED
            if is_new and explains(sides, found, one):
                amount = amount_int(one.amount)
                log.info("announced move seen", move=one.number, height=block.height,
                         taken=amount - sides.came.get(one.number, amount))  # fmt: skip
                told = wire.SawAnnounced(number, one.number, block.height)
                await self._house.report(wire.DEPOSITS, told)
            elif not one.is_allowed(now_ms):
                lacks = "seen" if is_new else "posted"
                log.error(f"announced move not {lacks} in its time: it allows nothing any more",
                          network=number, move=one.number)  # fmt: skip
                word = wire.EndAnnounced(number, one.number, expired=True)
                await self._house.report(wire.DEPOSITS, word)
            elif now_ms >= one.expires_ms and one.number not in self._overdue:
                self._overdue[one.number] = None
                log.error("announced move seen, and not posted in its time: post it or end it",
                          network=number, move=one.number)  # fmt: skip

    # What was found

    def not_compared(
        self,
        why: Blind,
        problem: str,
        block: Block | None = None,
        *,
        number: int = 0,
        said: str = "",
    ) -> None:
        """Balances cannot be told, now or (a block) of that block: nothing counts as agreeing.

        `number` and `said` are as of `Unknown`.
        """
        now_ms, before = self._clock.wall_ms(), self._found.unknown
        if block is not None:
            self._missed[block.height, block.hash] = None
        since_ms = before.since_ms if before is not None else now_ms
        blocks = len(self._missed)
        is_alarm = blocks >= UNKNOWN_BLOCKS or now_ms - since_ms >= UNKNOWN_MS
        if is_alarm and not (before is not None and before.is_alarm):
            log.error("ledger and chain are not compared", network=self._network.network,
                      blocks=blocks, problem=problem)  # fmt: skip
        unknown = Unknown(problem, since_ms, blocks, is_alarm, why, number, said)
        if unknown != before:
            lost = self.lost_calls
            self._keep(msgspec.structs.replace(self._found, unknown=unknown, lost_calls=lost))

    def _keep(self, found: Reconciled) -> None:
        """As a file for whoever shows it; a full disk stops no comparison."""
        self._found = found
        place = self._payer.with_name(reconciled_name(found.network))
        leave(place, found, "operators are not told of comparisons")

    def _forget_ended(self) -> None:
        """A difference that ended says nothing of the next one; what is not measured has not."""
        differ = {(line.tier, line.asset) for line in self.lines if line.difference}
        differ |= {key for key in self._since if key[0] not in self._measured}
        self._since = {key: since for key, since in self._since.items() if key in differ}
        self._settled = {key: None for key in self._settled if key in differ}
        self._triggers = {key: why for key, why in self._triggers.items() if key in differ}

    def _lasts(self, one: Line) -> bool:
        key, now = (one.tier, one.asset), self._clock.wall_ms()
        return now - self._since.setdefault(key, now) >= self._lasts_ms

    async def _suspend(self, one: Line, block: Block) -> None:
        key = (one.tier, one.asset)
        if key not in self._said:
            self._said[key] = None
            log.error(
                "ledger and chain differ",
                network=self._network.network,
                tier=wire.Tier(one.tier).name.lower(),
                asset=one.asset,
                height=block.height,
                ledger=one.ledger,
                chain=one.chain,
                difference=one.whole(tolerance(one.asset, self._network.coin)),
            )
        number = self._network.network
        scope = suspensions.Scope(suspensions.Level.ASSET_CHAIN, number, one.asset)
        if key not in self._triggers:
            self._triggers[key] = await self._trigger(one, scope, block)
            self._explained = None
        digest = sha256(msgspec.json.encode(one)).digest()
        told = suspensions.Trip(self._triggers[key], scope, digest)
        (code,) = await self._house.report(suspensions.SUSPENSIONS, told)
        if code:
            log.error("suspension refused", code=code, network=number, asset=one.asset)
        elif key not in self._settled:
            # What nobody has bound yet goes back into its queue.
            await self._house.settle()
            self._settled[key] = None

    async def _explain(self, found: Compared, block: Block) -> None:
        """Where all agrees, whatever was spent by then counts as explained.

        That reads all plans there ever were: at a start, for a move by hand, and behind a break.
        """
        mark = (found.seen, self._uncharged, self._uncompared)
        if self._explained != mark and not any(one.difference for one in found.lines):
            try:
                moves = await self._planned()
                at = [*self._places, *self._accounts]
                await asyncio.to_thread(self._spends.explain, at, block, moves)
            except NodeProblem:
                return  # at the next block
            self._explained = mark

    async def _trigger(
        self, one: Line, scope: suspensions.Scope, block: Block
    ) -> suspensions.Trigger:
        """What a difference shows: coins that somebody else has spent, or that books are wrong."""
        known: list[Suspension] = await self._house.ask(
            suspensions.SUSPENSIONS, suspensions.ListAll()
        )
        spent = suspensions.Trigger.UNKNOWN_SPEND
        if any(each.is_in_force and (each.trigger, each.terms.scope) == (spent, scope)
               for each in known):  # fmt: skip
            return spent
        at = [each for each in (*self._places, *self._accounts) if each.tier == one.tier]
        try:
            moves = await self._planned()
            found = await asyncio.to_thread(self._spends.unknown, at, block, moves, one.tier)
        except NodeProblem:
            found = []
        if one.difference >= 0 or not found:
            return suspensions.Trigger.LEDGER_MISMATCH
        log.error(
            "coins were spent by a transaction that the payer does not know",
            network=scope.network,
            asset=scope.asset,
            spends=[each.coin.hex() or (each.place.hex(), each.nonce) for each in found],
        )
        return spent

    async def _planned(self) -> Planned:
        """Moves between tiers: what the log has bound, and which coins of wallets are gone."""
        known: list[tier_moves.Move] = await self._house.ask(
            tier_moves.TIER_MOVES, tier_moves.ListMoves(is_open=False, limit=AT_ONCE)
        )
        is_script = self._network.is_script and not self._uncompared
        spent = self._tiers.spent() if is_script else []
        return Planned(frozenset(one.binding for one in known if one.binding), spent)

    async def _held(self, block: Block) -> dict[Key, int]:
        newest = await self._house.newest_index(self._network.network)
        if newest != self._newest:
            self._places = await asyncio.to_thread(lambda: list(places(self._network, newest)))
            self._newest = newest
        if self._network.is_script:
            self._learn_coins()
        self._accounts, sums = await self._of_tiers(block)
        for one in await asyncio.to_thread(self._agreed, block):
            key = (one.place.tier, one.asset)
            sums[key] = sums.get(key, 0) + one.amount
        return {key: self._scale(key[1]).to_ledger(amount)[0] for key, amount in sums.items()}

    def _agreed(self, block: Block) -> list[Holding]:
        """What places hold by each of two nodes; NodeProblem, NodesDiffer: nothing is known then.

        The hash of a block proves none of it, and one node could hide what left or feign it.
        """
        at = [*self._places, *self._accounts]
        first, *others = [balances(one, at, block) for one in self._chains]
        if any(other != first for other in others):
            raise NodesDiffer(f"two nodes tell other balances after block {block.height}")
        return first

    async def _of_tiers(self, block: Block) -> tuple[list[Place], dict[Key, int]]:
        """Places of warm and cold, and what their script wallets hold.

        What is not known yet, as while blocks are read for the first time, or cannot be read, is
        not measured.
        """
        try:
            accounts = self._tiers.accounts()
            held: dict[wire.Tier, int] | None = {}
            if self._network.is_script:
                held = await self._coins(block)
        except (BadRecord, NodeProblem) as problem:
            # The other tiers are: a node that lacks old blocks hides no loss of hot.
            said = str(problem)
            if said != self._uncompared:
                log.error("warm and cold not compared", problem=said)
            self._uncompared = said
            is_record = isinstance(problem, BadRecord)
            self._why_not = Unmeasured.RECORD if is_record else Unmeasured.NODE
            held, accounts = None, []
        else:
            self._uncompared = "" if held is not None else "their blocks are still being read"
            self._why_not = "" if held is not None else Unmeasured.READING
        if held is None:
            self._measured = tuple(one for one in MEASURED if one != wire.Tier.COLD)
            return [], {}
        known = dict.fromkeys((*MEASURED, *(one.tier for one in accounts), *held))
        self._measured = tuple(sorted(known))
        return accounts, {(tier, self._network.coin): amount for tier, amount in held.items()}

    async def _coins(self, block: Block) -> dict[wire.Tier, int] | None:
        """What script wallets hold; None while many blocks are read, which nobody waits for.

        NodeProblem, BadRecord.
        """
        if self._reading is not None:
            if not self._reading.done():
                return None
            reading, self._reading = self._reading, None
            reading.result()
        if self._tiers.behind(block) <= READ_MEANWHILE:
            return await asyncio.to_thread(self._tiers.coins, self._node, block)
        self._reading = asyncio.create_task(self._catch_up(block))
        return None

    async def _catch_up(self, block: Block) -> None:
        """Reads up to a block, or to where another one has its height."""
        while self._tiers.behind(block):
            await asyncio.to_thread(self._tiers.coins, self._node, block)

    def _learn_coins(self) -> None:
        from fullreserve.custody.chains.utxo import UtxoChain
        from fullreserve.custody.coins import know_coins

        for one in self._chains:
            assert isinstance(one, UtxoChain)
            one.coins.clear()
            know_coins(one, self._payer)

    async def _ledger(self) -> dict[Key, int]:
        tiers = {kind: tier for tier, kind in TIERS.items()}
        return {
            (tiers[one.kind], one.asset): -amount_int(one.balance)
            for one in await self._house.ledger()
            if one.kind in tiers and one.instance == self._network.network
        }

    def _scale(self, asset: int) -> Scale:
        return self._network.scales[asset]


def _add(table: dict[Key, int], key: Key, amount: int) -> None:
    table[key] = table.get(key, 0) + amount
