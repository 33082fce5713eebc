"""Refills hot from warm: asks the log whether a move is due, and carries out what it decided.

The order is fixed: the log decides; a proposal is kept; the log binds the move to it; holders sign
(signers that answer by themselves, and people through files); what was signed is kept; then a node
gets it; once it is final the ledger has it and the move has ended. Each step is repeated after a
crash with what was kept. A move that is bound and not known here is left to a person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

from fullreserve.clock import NS_PER_MS, Clock
from fullreserve.custody.chains.adapter import Unpayable
from fullreserve.custody.chains.rpc import Node, NodeProblem, NodeRefuses
from fullreserve.custody.held_moves import HeldMoves
from fullreserve.custody.house import House
from fullreserve.custody.keys import moves
from fullreserve.custody.keys.decided_moves import intent_of
from fullreserve.custody.keys.device import DeviceProblem
from fullreserve.custody.keys.gas import NoGas
from fullreserve.custody.keys.intent import NotApproved, Rule, TierPolicy
from fullreserve.custody.keys.kept_moves import Kept, KeptMoves, Sent
from fullreserve.custody.keys.move_standing import Taken, height_of, standing
from fullreserve.custody.keys.pushing import Asks, Gas, first, pushed, waits_again
from fullreserve.custody.keys.record import Record
from fullreserve.custody.keys.tier_signer import Answer, Proposal
from fullreserve.custody.networks import Network
from fullreserve.custody.signer_wire import SignerGone, content_of
from fullreserve.custody.tiers.safe import NotEnough
from fullreserve.custody.tiers.spending import WalletShort, WrongPart, read_part
from fullreserve.custody.transfers import salt_of, transfer
from fullreserve.exchange import chart
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.tier_marks import Standing, refill
from fullreserve.exchange.products.tier_moves_wire import (
    TIER_MOVES,
    Bind,
    End,
    ListMarks,
    ListMoves,
    Marks,
    Move,
    MoveState,
    Refused,
    Want,
)
from fullreserve.exchange.products.withdrawal_state import Demand, GetDemand, ListBehind
from fullreserve.exchange.wire.commands import amount_bytes, amount_int
from fullreserve.exchange.worker_files import Stage, Why

AGAIN_MS = 60_000  # until what was refused is asked for again
OPEN_MAX = 100
LOOKED_AT = 32  # of those that wait
GAS_SHARE = 100  # of a coin that is paid, what its account has to have more
# A node, a device, a file or a disk that is at fault: what does not need it goes on.
PROBLEMS = (NodeProblem, DeviceProblem, KeyError, ValueError, OSError)

log = structlog.get_logger(__name__)


class Terms(NamedTuple):
    """Of one network. `signers` answer by themselves; `rate` is sats a virtual byte."""

    network: Network
    policy: TierPolicy
    signers: Sequence[str]
    gas: Gas | None = None
    rate: int = 10


class Refilling:
    """Of one network."""

    def __init__(self, data: Path, house: House, clock: Clock, terms: Terms) -> None:
        self._data = data
        self._house = house
        self._clock = clock
        self._terms = terms
        self._record = Record.of(data)
        self._kept = KeptMoves(data)
        self._node, *others = [Node(url) for url in terms.network.nodes]
        self._second = others[0] if others else None
        self._salt = salt_of(data)
        self._refused: dict[int, int] = {}  # by asset: when it may be asked again
        self._said: dict[int, str] = {}
        self._held = HeldMoves(data, "refill", terms.network.network)
        self._unbound: dict[int, int] = {}  # by move: when it may be built again
        self._bindings: set[bytes] = set()  # of the moves that are open
        self._nonces: dict[int, int] = {}  # by move: of gas, of what was signed last

    async def round(self) -> None:
        """Every step that is due; NodeProblem, Unavailable."""
        number = self._terms.network.network
        found: list[Move] = await self._house.ask(
            TIER_MOVES, ListMoves(is_open=True, limit=OPEN_MAX)
        )
        ours = [one for one in found if one.network == number]
        self._bindings = {one.binding for one in ours if one.binding}
        open_now = {one.number for one in ours}
        self._held.keep(open_now)
        self._nonces = {one: nonce for one, nonce in self._nonces.items() if one in open_now}
        # The oldest first: what waits for a nonce waits for those before it.
        for one in sorted(ours, key=lambda one: one.number):
            if (one.source, one.target) == (wire.Tier.WARM, wire.Tier.HOT):
                await self._tried(one)
        moving = {one.asset for one in ours if one.target == wire.Tier.HOT}
        marks: list[Marks] = await self._house.ask(TIER_MOVES, ListMarks())
        for each in marks:
            if each.network == number and each.asset not in moving:
                await self._want(each, _leaving(ours, each.asset))

    # Whether one is due

    async def _want(self, marks: Marks, leaving: int) -> None:
        known = marks.asset in self._terms.network.decimals
        rules = self._rules(marks.asset) if known else []
        now_ms = self._clock.monotonic_ns() // NS_PER_MS
        if not rules or now_ms < self._refused.get(marks.asset, 0):
            return
        if not await self._due(marks, leaving):
            return
        waits = await waiting(self._house, self._terms.network, marks)
        found = await asyncio.to_thread(filled, self._terms.network, rules, waits)
        if found is None:
            self._refuse(marks, now_ms, "halted")
            return
        place, rule = found
        room, _ = self._terms.network.scales[marks.asset].to_ledger(rule.amount_max)
        tiers = (wire.Tier.WARM, wire.Tier.HOT)
        word = Want(marks.network, marks.asset, *tiers, place, amount_bytes(room), beside=True)
        (code,) = await self._house.report(TIER_MOVES, word)
        if code:
            self._refuse(marks, now_ms, Refused(code).name.lower())

    def _refuse(self, marks: Marks, now_ms: int, why: str) -> None:
        self._refused[marks.asset] = now_ms + AGAIN_MS
        log.warning("no refill", network=marks.network, asset=marks.asset, why=why)

    async def _due(self, marks: Marks, leaving: int) -> bool:
        """As the fold will see it, but for what it alone knows: no word where nothing is due.

        `leaving` is what bound sweeps take from hot.
        """
        held = {
            one.kind: -amount_int(one.balance)
            for one in await self._house.ledger()
            if (one.instance, one.asset) == (marks.network, marks.asset)
        }
        asked = GetDemand(marks.network, marks.asset)
        demand: Demand = await self._house.ask(wire.WITHDRAWALS, asked)
        has = Standing(
            hot=held.get(chart.CHAIN_HOT, 0),
            bound=amount_int(demand.bound) + leaving,
            short=amount_int(demand.short),
            warm=held.get(chart.CHAIN_WARM, 0),
            refilled=0,
        )
        return not refill(marks, has, is_red=False).code

    def _rules(self, asset: int) -> list[Rule]:
        """Where the policy lets warm pay; a place's number is its place here."""
        wanted = (self._terms.network.network, "warm", "hot", asset)
        found = [
            one
            for one in self._terms.policy.rules
            if (one.network, one.source, one.target, one.asset) == wanted
        ]
        return sorted(found, key=lambda one: one.place)

    # Carrying out

    async def _tried(self, move: Move) -> None:
        """A step further, if it can be; what is wrong with one move holds up no other one."""
        try:
            await self._carry_out(move)
        except NoGas as problem:
            self._say(move, str(problem), Why.GAS)
        except PROBLEMS as problem:
            self._say(move, str(problem) or type(problem).__name__, Why.NODE)

    async def _carry_out(self, move: Move) -> None:
        now_ms = await self._house.now_ms(self._clock.wall_ms())
        if not move.binding:
            if now_ms >= move.expires_ms:
                await self._end(move, MoveState.LAPSED)
                return
            bound = await self._bound(move)
            if bound is None:
                return
            move = bound
        kept = self._kept.find(move.number)
        if kept is None or kept.proposal.binding != move.binding:
            self._say(move, "", Why.UNKNOWN)
            return
        is_late = now_ms >= move.expires_ms
        if not kept.sent and not await asyncio.to_thread(self._is_used, kept, is_late=is_late):
            if is_late:
                await self._end(move, MoveState.LAPSED)
                return
            signed = await asyncio.to_thread(self._signed, move, kept)
            if signed is None:
                return
            kept = signed
        await self._follow(move, kept)

    async def _bound(self, move: Move) -> Move | None:
        """The move with a proposal that is kept here and bound there; None while it cannot be.

        To build one a whole chain may be read: what was in vain is not tried again at once.
        """
        now_ms = self._clock.monotonic_ns() // NS_PER_MS
        if now_ms < self._unbound.get(move.number, 0):
            return None
        try:
            kept = await asyncio.to_thread(self._built, move)
        except (Unpayable, moves.BadMove, ValueError) as problem:
            self._unbound[move.number] = now_ms + AGAIN_MS
            is_short = isinstance(problem, WalletShort)
            self._say(move, *(("", Why.SHORT) if is_short else (str(problem), Why.UNPLANNED)))
            return None
        word = Bind(move.number, kept.proposal.binding)
        if word.binding in self._bindings:
            self._say(move, "", Why.NONCE)
            return None
        self._kept.keep(kept)
        (code,) = await self._house.report(TIER_MOVES, word)
        if code:
            self._unbound[move.number] = now_ms + AGAIN_MS
            self._say(move, Refused(code).name.lower(), Why.REFUSED)
            return None
        self._bindings.add(word.binding)
        return msgspec.structs.replace(move, binding=word.binding, state=MoveState.BOUND)

    def _built(self, move: Move) -> Kept:
        rules = self._rules(move.asset)
        if move.place >= len(rules):
            raise moves.BadMove("the policy names no such place any more")
        rule, network = rules[move.place], self._terms.network
        intent = intent_of(move, network, rule.place, self._terms.policy.digest())
        first = self._kept.inputs(network.network)
        made = moves.built(self._record, self._node, intent, rule, self._terms.rate, first)
        return Kept(made, height_of(self._node, made))

    def _is_used(self, kept: Kept, *, is_late: bool) -> bool:
        """Whether a Safe's nonce is, or coins that are to be given up: signatures help no more.

        To look for coins all blocks since are read: once, before the move lapses.
        """
        if kept.proposal.transaction is None and not is_late:
            return False
        return self._taken(self._node, kept) is not None

    def _signed(self, move: Move, kept: Kept) -> Kept | None:
        """With a transaction, on disk, once enough holders have signed; NodeProblem."""
        self._kept.hand_out(kept)
        said: list[str] = []
        parts = self._parts(kept.proposal, said)
        try:
            kept = first(self._node, kept, parts, self._asks())
        except (Unpayable, NotEnough, NotApproved, moves.BadMove) as problem:
            self._say(move, "; ".join((str(problem), *said)), Why.UNSIGNED)
            return None
        self._kept.keep(kept)
        return kept

    def _asks(self) -> Asks:
        return Asks(self._record, self._terms.gas, self._terms.rate, self._parts)

    def _parts(self, proposal: Proposal, said: list[str] | None = None) -> list[bytes]:
        """Sound ones, of holders' signers and of people; why there are not more is `said`."""
        number, said = proposal.intent.number, [] if said is None else said
        given = self._kept.approvals(number)
        question = msgspec.json.encode(msgspec.structs.replace(proposal, approvals=given))
        parts = dict(self._kept.parts(number))
        for name in self._terms.signers:
            try:
                parts[name] = self._asked(name, question)
            except (NotApproved, SignerGone) as refusal:
                said.append(f"{name}: {refusal}")
        sound = []
        for name, part in parts.items():
            problem = self._wrong_with(proposal, part)
            if problem:
                said.append(f"{name}: {problem}")
            else:
                sound.append(part)
        return sound

    def _asked(self, name: str, question: bytes) -> bytes:
        try:
            told = msgspec.json.decode(content_of(self._data, name, question), type=Answer)
        except msgspec.DecodeError:
            raise NotApproved("what it answers cannot be read") from None
        if told.refusal:
            raise NotApproved(told.refusal)
        return told.part

    def _wrong_with(self, proposal: Proposal, part: bytes) -> str:
        """Why a part is none, "" when it is one: a bad one spoils no other."""
        tier = self._record.wallet(proposal.intent.network, proposal.intent.source)
        try:
            if proposal.spend is not None and tier.wallet is not None:
                read_part(tier.wallet, proposal.spend, part)
            else:
                moves.owner_of(proposal, self._record, part)
        except (WrongPart, NotApproved) as problem:
            return str(problem)
        return ""

    # What becomes of it

    async def _follow(self, move: Move, kept: Kept) -> None:
        taken = await asyncio.to_thread(self._taken, self._node, kept)
        if kept.at and (taken is None or taken.is_ours):
            # The node has changed its mind: what it says next is doubted anew.
            kept = msgspec.structs.replace(kept, at=0)
            self._kept.keep(kept)
        if taken is None:
            if kept.sent:
                kept = await asyncio.to_thread(self._pushed, move, kept)
                await asyncio.to_thread(self._give, move, kept.sent[-1])
        elif taken.depth >= self._terms.network.unlock_after:
            await self._final(move, kept, taken)
        elif taken.is_ours:
            self._held.say(move.number, stage=Stage.INCLUDED, why=Why.NOTHING, detail="")
        else:
            await self._doubted(move, kept, taken)

    def _taken(self, node: Node, kept: Kept) -> Taken | None:
        """What took its inputs or nonce; also what people sent of it counts as ours."""
        return standing(node, kept.proposal, kept.since, self._terms.network.unlock_after)

    def _pushed(self, move: Move, kept: Kept) -> Kept:
        """Signed anew where what was sent hangs; what cannot be is said, and tried later."""
        others = {nonce for one, nonce in self._nonces.items() if one != move.number}
        try:
            fresh = pushed(self._node, kept, self._asks(), others)
        except (Unpayable, NotEnough, NotApproved, NodeRefuses, ValueError) as problem:
            self._say(move, str(problem), Why.GAS if isinstance(problem, NoGas) else Why.HANGS)
            fresh = waits_again(kept, height_of(self._node, kept.proposal))
        if fresh != kept:
            self._kept.keep(fresh)
        bid = fresh.sent[-1].bid
        if bid is not None:
            self._nonces[move.number] = bid.nonce
        return fresh

    def _give(self, move: Move, sent: Sent) -> None:
        """To the node, which may have it already."""
        script = self._terms.network.is_script
        method, raw = ("sendrawtransaction", "") if script else ("eth_sendRawTransaction", "0x")
        try:
            self._node.call(method, raw + sent.raw.hex())
        except NodeRefuses as refusal:
            log.info("refill waits", move=move.number, problem=refusal.message)
        else:
            log.info("refill sent", move=move.number, transaction=sent.txid.hex())
            self._held.say(move.number, stage=Stage.SENT, why=Why.NOTHING, detail="")

    async def _doubted(self, move: Move, kept: Kept, taken: Taken) -> None:
        """A nonce that is used: the block that used it is not known, so time tells."""
        self._say(move, "", Why.TAKEN)
        if kept.proposal.transaction is None:
            return
        if not kept.at:
            self._kept.keep(msgspec.structs.replace(kept, at=taken.height))
        elif taken.height - kept.at >= self._terms.network.unlock_after:
            await self._final(move, kept, taken)

    async def _final(self, move: Move, kept: Kept, taken: Taken) -> None:
        network = self._terms.network
        name = transfer(self._salt, network.network, taken.txid)
        if not taken.is_ours:
            if await asyncio.to_thread(self._is_sure, move, kept, taken):
                await self._end(move, MoveState.OVERTAKEN, name)
            return
        fee = network.scales[network.coin].cost(taken.fee)
        came, took = taken.arrived(amount_int(move.amount), network.scales[move.asset])
        word = wire.Moved(
            *(network.network, name, move.asset, move.source, move.target, amount_bytes(came)),
            amount_bytes(fee),
            taken=amount_bytes(took),
        )
        (code,) = await self._house.report(wire.DEPOSITS, word)
        if code:
            log.error("moved, and the exchange does not say so", move=move.number, code=code)
            return
        await self._end(move, MoveState.DONE, name)

    def _is_sure(self, move: Move, kept: Kept, taken: Taken) -> bool:
        """Whether it was not paid: no second refill rests on one node's word where there are two.

        NodeProblem.
        """
        network = self._terms.network
        if self._second is None:
            return True
        other = self._taken(self._second, kept)
        if other is None or other.is_ours or other.txid != taken.txid:
            self._say(move, "", Why.DIFFER)
            return False
        if other.depth < network.unlock_after:
            self._say(move, "", Why.SHALLOW)
            return False
        return True

    async def _end(self, move: Move, state: MoveState, name: bytes = b"") -> None:
        (code,) = await self._house.report(TIER_MOVES, End(move.number, state, name))
        log.info("move ended", move=move.number, state=state.name.lower(), code=code)
        self._said.pop(move.number, None)
        self._unbound.pop(move.number, None)

    def _say(self, move: Move, problem: str, why: Why) -> None:
        """Once, until it is another; `problem` is what somebody else said."""
        self._held.say(move.number, why=why, detail=problem)
        said = f"{why}: {problem}" if problem else str(why)
        if self._said.get(move.number) != said:
            self._said[move.number] = said
            log.warning("move waits", move=move.number, problem=said)


def _leaving(open_: Sequence[Move], asset: int) -> int:
    """Of an asset, what is bound to leave hot: the fold counts it as gone."""
    bound = [one for one in open_ if one.source == wire.Tier.HOT and one.binding]
    return sum(amount_int(one.amount) for one in bound if one.asset == asset)


async def keep(workers: Sequence[Refilling], clock: Clock, pause_ms: int) -> None:
    """Each network's by itself, for ever; Unavailable when the exchange is not there."""

    async def run(one: Refilling) -> None:
        said = ""
        while True:
            problem = await _problem(one.round)
            if problem and problem != said:
                log.warning("no moves now", problem=problem)
            said = problem
            await clock.wait_ms(pause_ms)

    async with asyncio.TaskGroup() as group:
        for one in workers:
            group.create_task(run(one))


async def _problem(round_: Callable[[], Awaitable[None]]) -> str:
    try:
        await round_()
    except PROBLEMS as problem:
        return str(problem) or type(problem).__name__
    return ""


async def waiting(house: House, network: Network, marks: Marks) -> int:
    """The most that one of the oldest asks for that wait for hot, in units of the chain; 0: none.

    One that is larger than the cap is paid by people.
    """
    question = ListBehind(marks.network, marks.asset, after=0, limit=LOOKED_AT)
    found: list[wire.Pay] = await house.ask(wire.WITHDRAWALS, question)
    amounts = (amount_int(one.amount) for one in found)
    able = (one for one in amounts if one <= amount_int(marks.cap))
    return network.scales[marks.asset].to_chain(max(able, default=0))


def filled(network: Network, rules: Sequence[Rule], waits: int = 0) -> tuple[int, Rule] | None:
    """Of several accounts the one that gets a refill, by its place in `rules`; NodeProblem.

    The one that has least; where somebody `waits` for more than any has, in units of the chain, the
    one that lacks least, as one alone pays him. None that its issuer has stopped: what it gets
    could not leave it again, and would be asked for anew for as long as somebody waits.
    """
    chain, asset = network.chains()[0], rules[0].asset
    stopped = {text for one in chain.halted() if one.asset == asset for text in one.places}
    able = [n for n, one in enumerate(rules) if chain.addresses.text(one.place) not in stopped]
    if len(able) < 2:
        return (able[0], rules[able[0]]) if able else None
    held = chain.balances([one.place for one in rules], chain.tip())

    def has(number: int) -> int:
        return held.get((rules[number].place, asset), 0)

    if asset == network.coin:
        waits += waits // GAS_SHARE
    place = max(able, key=has) if all(has(one) < waits for one in able) else min(able, key=has)
    return place, rules[place]
