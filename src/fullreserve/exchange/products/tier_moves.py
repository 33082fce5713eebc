"""Moves between tiers: whether one is due, how much, and that each is carried out at most once.

The worker only asks; amounts come from the marks, the ledger and what withdrawals wait for. There
is one move of an asset on a network at a time each way. A move is bound to its inputs or nonce
before anybody signs, and signers ask this fold. While withdrawals are stopped nothing is decided
and nothing is bound, unless the marks say otherwise; nothing is decided that would go to a warm
tier of which too few holders are there. The fold wants no events and moves no money:
what is final on a chain the fold of deposits posts.
"""

from __future__ import annotations

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.folds import REFUSED, Moment, Outcome, State, View
from fullreserve.exchange.products.custody_ledger import (
    Wallets,
    is_house,
    known_owner,
    suspended,
)
from fullreserve.exchange.products.custody_wire import WITHDRAWALS, NetworkAsset, Tier
from fullreserve.exchange.products.deposit_state import ListNetworks, NetworkState
from fullreserve.exchange.products.liveness import Colour, worst_colour
from fullreserve.exchange.products.quorum_rules import Role
from fullreserve.exchange.products.suspension_asking import ruled
from fullreserve.exchange.products.suspension_wire import Action, Mode
from fullreserve.exchange.products.tier_marks import Due, Standing, cut, is_sound, refill, sweep
from fullreserve.exchange.products.tier_moves_wire import (
    CLOSED_KEPT,
    DAY_MS,
    HASH_BYTES,
    TIER_MOVES,
    AnyWord,
    Bind,
    End,
    GetMove,
    GiveUp,
    ListGivenUp,
    ListMarks,
    Marks,
    Move,
    MoveState,
    Refused,
    SetMarks,
    Want,
    decode_asked,
    decode_word,
)
from fullreserve.exchange.products.undoing import UndoingFold
from fullreserve.exchange.products.withdrawal_state import Demand, GetDemand
from fullreserve.exchange.wire.commands import Suspended, amount_bytes, amount_int
from fullreserve.exchange.wire.queries import AskFold

LEDGER_DIGITS = 8
REFILL, SWEEP = (Tier.WARM, Tier.HOT), (Tier.HOT, Tier.WARM)

_encode = msgspec.msgpack.Encoder().encode
_networks = msgspec.msgpack.Decoder(list[NetworkState]).decode
_demand = msgspec.msgpack.Decoder(Demand).decode
_replace = msgspec.structs.replace


class TierMovesState(State):
    marks: dict[int, dict[int, Marks]] = msgspec.field(default_factory=dict)
    moves: dict[int, Move] = msgspec.field(default_factory=dict)
    # When operators agreed that a move is to end, while it has not.
    given_up: dict[int, int] = msgspec.field(default_factory=dict)


class TierMoves(UndoingFold[TierMovesState, AnyWord]):
    """Marks and moves; see the module."""

    number = TIER_MOVES
    name = "tier_moves"
    is_late = True
    added = ("given_up",)

    def __init__(self) -> None:
        super().__init__(TierMovesState(), decode_word)

    def _obey(self, who: int, word: AnyWord, moment: Moment, view: View) -> Outcome:
        if not is_house(who, view):
            return Outcome(code=Refused.NOT_THE_HOUSE)
        if isinstance(word, SetMarks):
            return self._set_marks(word.marks, view)
        if isinstance(word, Want):
            return Outcome(code=self._want(word, moment, view))
        one = self.state.moves.get(word.move)
        if one is None:
            return Outcome(code=Refused.UNKNOWN)
        if isinstance(word, Bind):
            return self._bind(one, word, moment, view)
        if isinstance(word, GiveUp):
            return self._give_up(one, moment)
        return self._end(one, word, moment)

    def _set_marks(self, marks: Marks, view: View) -> Outcome:
        if len(marks.cap) == 16 and not amount_int(marks.cap):
            if marks.asset in self.state.marks.get(marks.network, {}):
                self._remove(self.state.marks[marks.network], marks.asset)
            return Outcome()
        if not is_sound(marks):
            return REFUSED
        if _place_of(marks.network, marks.asset, view) is None:
            return Outcome(code=Refused.UNKNOWN)
        self._set(self.state.marks.setdefault(marks.network, {}), marks.asset, marks)
        return Outcome()

    # Deciding

    def _want(self, word: Want, moment: Moment, view: View) -> int:
        marks = self.state.marks.get(word.network, {}).get(word.asset)
        found = _place_of(word.network, word.asset, view)
        if marks is None or found is None:
            return Refused.UNKNOWN
        if (word.source, word.target) not in (REFILL, SWEEP) or len(word.room) not in (0, 16):
            return REFUSED.code
        opened = [one for one in self._of(word.network, word.asset) if one.is_open]
        others = [one for one in opened if word.beside and one.target != word.target]
        if len(opened) > len(others):
            return Refused.OPEN
        due = self._due(word, marks, moment, view)
        room = amount_int(word.room) if word.room else None
        due = cut(due, marks, room, 10 ** max(0, LEDGER_DIGITS - found[1].decimals))
        if due.code:
            return due.code
        if self._is_stopped(marks, view):
            return Refused.STOPPED
        if word.unless_black and _is_black(word.target, moment, view):
            return Refused.BLACK
        one = Move(
            *(moment.sequence, word.network, word.asset, word.source, word.target),
            *(amount_bytes(due.amount), word.place, due.why, moment.time_ms),
        )
        for other in others:
            # Nothing was signed for it, and nobody may any more.
            if not other.binding:
                self._close(other, MoveState.LAPSED, moment)
        self._set(self.state.moves, one.number, one)
        self._forget_old(moment)
        return 0

    def _due(self, word: Want, marks: Marks, moment: Moment, view: View) -> Due:
        has = self._standing(word.network, word.asset, moment, view)
        if (word.source, word.target) == SWEEP:
            return sweep(marks, has)
        return refill(marks, has, is_red=worst_colour(moment.time_ms, view) >= Colour.RED)

    def _standing(self, network: int, asset: int, moment: Moment, view: View) -> Standing:
        wallets = Wallets(view)
        answer = view.query(AskFold(WITHDRAWALS, _encode(GetDemand(network, asset))))
        demand = Demand(amount_bytes(0), amount_bytes(0)) if answer is None else _demand(answer)
        refilled = sum(
            amount_int(one.amount)
            for one in self._of(network, asset)
            if one.target == Tier.HOT
            and one.decided_ms > moment.time_ms - DAY_MS
            # What was overtaken may have been paid after all, if the nodes were wrong.
            and one.state != MoveState.LAPSED
        )
        leaving = sum(
            amount_int(one.amount)
            for one in self._of(network, asset)
            if one.source == Tier.HOT and one.state == MoveState.BOUND
        )
        return Standing(
            hot=wallets.of(chart.CHAIN_HOT, network, asset),
            bound=amount_int(demand.bound) + leaving,
            short=amount_int(demand.short),
            warm=wallets.of(chart.CHAIN_WARM, network, asset),
            refilled=refilled,
            waiting=amount_int(demand.waiting),
        )

    def _of(self, network: int, asset: int) -> list[Move]:
        moves = self.state.moves.values()
        return [one for one in moves if (one.network, one.asset) == (network, asset)]

    def _is_stopped(self, marks: Marks, view: View) -> bool:
        return not marks.while_stopped and is_stopped(marks.network, marks.asset, view)

    # Carrying out

    def _bind(self, one: Move, word: Bind, moment: Moment, view: View) -> Outcome:
        if len(word.binding) != HASH_BYTES:
            return REFUSED
        if one.binding:
            return Outcome(code=0 if one.binding == word.binding else Refused.CONTRADICTS)
        if not one.is_open:
            return Outcome(code=Refused.CONTRADICTS)
        if moment.time_ms >= one.expires_ms:
            return Outcome(code=Refused.EXPIRED)
        marks = self.state.marks.get(one.network, {}).get(one.asset)
        if marks is None or self._is_stopped(marks, view):
            return Outcome(code=Refused.STOPPED)
        bound = _replace(one, binding=word.binding, state=MoveState.BOUND)
        self._set(self.state.moves, one.number, bound)
        return Outcome()

    def _end(self, one: Move, word: End, moment: Moment) -> Outcome:
        is_final = word.state in (MoveState.DONE, MoveState.OVERTAKEN)
        if word.by_people and one.is_open and one.number not in self.state.given_up:
            return Outcome(code=Refused.NOT_AGREED)
        if len(word.transfer) != (HASH_BYTES if is_final else 0):
            return REFUSED
        if not one.is_open:
            same = (one.state, one.transfer) == (word.state, word.transfer)
            return Outcome(code=0 if same else Refused.CONTRADICTS)
        if is_final and not one.binding:
            return Outcome(code=Refused.CONTRADICTS)
        if not is_final:
            if word.state != MoveState.LAPSED:
                return REFUSED
            # Signers may still sign what is bound, until its time is over.
            if one.binding and moment.time_ms < one.expires_ms:
                return Outcome(code=Refused.CONTRADICTS)
        self._close(one, word.state, moment, word.transfer)
        return Outcome()

    def _close(self, one: Move, state: int, moment: Moment, transfer: bytes = b"") -> None:
        ended = _replace(one, state=state, transfer=transfer, ended_ms=moment.time_ms)
        self._set(self.state.moves, one.number, ended)
        if one.number in self.state.given_up:
            self._remove(self.state.given_up, one.number)

    def _give_up(self, one: Move, moment: Moment) -> Outcome:
        if not one.is_open:
            return Outcome(code=Refused.CONTRADICTS)
        if not one.binding:
            self._close(one, MoveState.LAPSED, moment)
        elif one.number not in self.state.given_up:
            self._set(self.state.given_up, one.number, moment.time_ms)
        return Outcome()

    def _forget_old(self, moment: Moment) -> None:
        closed = [one for one in self.state.moves.values() if not one.is_open]
        for one in closed[: max(0, len(closed) - CLOSED_KEPT)]:
            if one.decided_ms <= moment.time_ms - DAY_MS:
                self._remove(self.state.moves, one.number)

    def answer(self, question: bytes) -> bytes:
        asked = decode_asked(question)
        if isinstance(asked, GetMove):
            return _encode(self.state.moves.get(asked.number))
        if isinstance(asked, ListMarks):
            marks = self.state.marks
            return _encode([of[asset] for _, of in sorted(marks.items()) for asset in sorted(of)])
        if isinstance(asked, ListGivenUp):
            return _encode(dict(sorted(self.state.given_up.items())))
        newest = sorted(self.state.moves.values(), key=lambda one: -one.number)
        found = [one for one in newest if one.is_open or not asked.is_open]
        return _encode(found[: max(0, asked.limit)])


def _place_of(network: int, asset: int, view: View) -> tuple[NetworkState, NetworkAsset] | None:
    """A network as the fold of withdrawals has it, and the asset on it."""
    answer = view.query(AskFold(WITHDRAWALS, _encode(ListNetworks())))
    for one in [] if answer is None else _networks(answer):
        for line in one.terms.assets:
            if (one.terms.network, line.asset) == (network, asset):
                return one, line
    return None


def _is_black(target: int, moment: Moment, view: View) -> bool:
    is_warm = target == Tier.WARM
    return is_warm and worst_colour(moment.time_ms, view, Role.WARM) == Colour.BLACK


def is_stopped(network: int, asset: int, view: View) -> bool:
    """Whether withdrawals of an asset on a network wait or are refused, for everybody."""
    house, found = known_owner(chart.HOUSE, view), _place_of(network, asset, view)
    if house is None or found is None:
        return True
    return (
        any(hold.stopped and hold.asset in (0, asset) for hold in found[0].holds)
        or suspended(Suspended.WITHDRAW, asset, house, view)
        or ruled(Action.WITHDRAW, house, view, network, asset).mode in (Mode.QUEUE, Mode.REJECT)
    )
