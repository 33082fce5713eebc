"""How other folds ask whether something is suspended."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from fullreserve.exchange.folds import View
from fullreserve.exchange.products.suspension_rules import covers, verdict
from fullreserve.exchange.products.suspension_state import (
    SCOPED,
    Suspension,
    SuspensionState,
)
from fullreserve.exchange.products.suspension_wire import (
    FREE,
    SUSPENSIONS,
    DrainOf,
    GetEdition,
    IsCanary,
    Level,
    ListStops,
    Mode,
    Ruling,
    Verdict,
)
from fullreserve.exchange.wire.events import OwnerChanged
from fullreserve.exchange.wire.queries import AskFold, GetOwner

_encode = msgspec.msgpack.Encoder().encode
_verdict = msgspec.msgpack.Decoder(Verdict).decode
_number = msgspec.msgpack.Decoder(int).decode
_flag = msgspec.msgpack.Decoder(bool).decode
_suspensions = msgspec.msgpack.Decoder(list[Suspension]).decode


def ruled(
    action: int,
    owner: OwnerChanged,
    view: View,
    network: int = 0,
    asset: int = 0,
    withdrawal: int = 0,
    *,
    is_released: bool = False,
    released: tuple[int, ...] = (),
) -> Verdict:
    """What stops an action of an owner, the strictest first; FREE for nothing."""
    question = Ruling(
        *(action, owner.owner, owner.master, owner.segment),
        *(network, asset, withdrawal, is_released),
        released=released,
    )
    answer = view.query(AskFold(SUSPENSIONS, _encode(question)))
    return FREE if answer is None else _verdict(answer)


def reviewing(
    action: int,
    owner: OwnerChanged,
    view: View,
    place: tuple[int, int, int],
    *,
    is_released: bool,
    released: tuple[int, ...] = (),
) -> int:
    """Since when people have had to look at it, a sequence, though a stricter stop holds it too.

    That one may be lifted first. 0: they do not have to. `place` is network, asset and withdrawal.
    """
    answer = view.query(AskFold(SUSPENSIONS, _encode(ListStops(action, *place[:2]))))
    who = (owner.owner, owner.master, owner.segment)
    asked = Ruling(action, *who, *place, is_released=is_released, released=released)
    known = [] if answer is None else _suspensions(answer)
    reviews = (one for one in known if verdict([one], asked).mode == Mode.REVIEW)
    return max((one.began for one in reviews), default=0)


class Stops:
    """What stops withdrawals of an asset on a network, asked for once for all that wait."""

    def __init__(self, action: int, network: int, asset: int, view: View) -> None:
        answer = view.query(AskFold(SUSPENSIONS, _encode(ListStops(action, network, asset))))
        self._found = [] if answer is None else _suspensions(answer)
        self._view = view
        self._place = (network, asset)
        self._by_segment = any(one.terms.scope.level == Level.SEGMENT for one in self._found)
        # Who is named: by a stop of his own, or as one who knows of a draft.
        named = [(one.terms.scope.key, *one.insiders) for one in self._found]
        self._named = dict.fromkeys(who for names in named for who in names)
        self._canaries = {one.canaries.get(network, 0): None for one in self._found}
        self._known: dict[tuple[int, int, int, int], Verdict] = {}

    def ruled(self, action: int, owner: int, place: tuple[int, int, int]) -> Verdict:
        """As `ruled` of what a drain releases; `place` is network, asset and withdrawal.

        An owner that nothing tells apart is not looked at.
        """
        return self._said(0, action, owner, place)

    def is_held_by(self, drain: int, action: int, owner: int, place: tuple[int, int, int]) -> bool:
        """Whether one suspension itself stops a request that its drain has not let go."""
        return bool(self._said(drain, action, owner, place).mode)

    def began(self, drain: int) -> int:
        """The sequence at which a drain opened; 0: there is none."""
        return next((one.drain_began for one in self._found if one.number == drain), 0)

    def interval_ms(self, drain: int) -> int:
        """Between two payments of a drain, by its plan; 0: there is none."""
        return next((one.interval_ms for one in self._found if one.number == drain), 0)

    def _said(self, drain: int, action: int, owner: int, place: tuple[int, int, int]) -> Verdict:
        number = place[2] if place[2] in self._canaries else -1
        is_told_apart = self._by_segment or owner in self._named
        key = (drain, action, owner if is_told_apart else 0, number)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._asked(drain, action, owner, place)
        return found

    def _asked(self, drain: int, action: int, owner: int, place: tuple[int, int, int]) -> Verdict:
        profile: OwnerChanged | None = self._view.query(GetOwner(owner=owner))
        who = (owner, profile.master, profile.segment) if profile is not None else (owner, owner, 0)
        asked = Ruling(action, *who, *place, is_released=not drain)
        return verdict((one for one in self._found if drain in (0, one.number)), asked)

    def drained_by(self, drain: int) -> Callable[[int, OwnerChanged], bool]:
        """Whether a drain of some owners' has a request, by its action and owner.

        Not what a drain of more has too: that one goes first. A drain of everybody's has all.
        """
        scope = next((one.terms.scope for one in self._found if one.number == drain), None)
        if scope is None or scope.level not in (Level.SEGMENT, Level.USER):
            return lambda _action, _owner: True
        others = [
            one.terms
            for one in self._found
            if one.state == SuspensionState.DRAINING and one.terms.scope.level < scope.level
        ]

        def is_drained(action: int, owner: OwnerChanged) -> bool:
            asked = Ruling(action, owner.owner, owner.master, owner.segment, *self._place)
            return covers(scope, asked) and not any(
                terms.actions & action and covers(terms.scope, asked) for terms in others
            )

        return is_drained


def drain_of(network: int, asset: int, view: View, suspension: int = 0) -> int:
    """The suspension that pays out its queue of an asset on a network; 0 for none.

    `suspension`: it is that one, or none; 0 for any.
    """
    answer = view.query(AskFold(SUSPENSIONS, _encode(DrainOf(network, asset, suspension))))
    return 0 if answer is None else _number(answer)


def is_canary(withdrawal: int, view: View) -> bool:
    """Whether a withdrawal is paid as a test of its network, whatever its fee has become."""
    answer = view.query(AskFold(SUSPENSIONS, _encode(IsCanary(withdrawal))))
    return answer is not None and _flag(answer)


def is_scoped(view: View) -> bool:
    """Whether a drain releases from its own suspension only, as from edition 1 of the rules on."""
    answer = view.query(AskFold(SUSPENSIONS, _encode(GetEdition())))
    return answer is not None and _number(answer) >= SCOPED
