"""Liveness: whether the holders of each quorum answer, measured instead of asserted.

A worker challenges holders on schedule and reports who answered the newest challenge, having
checked the signature. Silence of any kind counts, and so does an absence that was announced. The
margin is how many of those who are there could be lost more; it is published, the persons are not.
Replacing a holder takes the word of as many as the quorum needs, never that of the one replaced.

A round is a challenge that is put out of turn: for the gate of a reopening, or because somebody has
reason to ask now. Who has not answered it in its time is missing at once, until the next answer.

The fold wants no events, and colours are a function of state and time.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.folds import REFUSED, Moment, Outcome, State, View
from fullreserve.exchange.products.custody_ledger import is_house
from fullreserve.exchange.products.quorum_rules import Holder, Quorum, Role, faults
from fullreserve.exchange.products.undoing import UndoingFold
from fullreserve.exchange.wire.queries import AskFold

LIVENESS = 21
QUORUMS_MAX = 256
HISTORY_KEPT = 1000
GATES_MAX = 1000  # that one round is put for
HASH_BYTES = 32
MISSED_PERIODS = 2


class Refused(IntEnum):
    """Codes of the fold's own refusals."""

    NOT_THE_HOUSE = 94_001
    UNKNOWN = 94_002
    NOT_A_HOLDER = 94_003
    STALE = 94_004  # an answer to another challenge than the newest
    UNSOUND = 94_005  # the quorum would break a rule


class Colour(IntEnum):
    GREEN = 0
    AMBER = 1
    RED = 2
    BLACK = 3


# What is to be done at a colour.
ACTIONS: dict[Colour, tuple[str, ...]] = {
    Colour.GREEN: (),
    Colour.AMBER: ("open_rotation_ticket",),
    Colour.RED: ("page_everybody", "rotate_today", "raise_hot_refill", "stop_large_withdrawals"),
    Colour.BLACK: ("suspend_tier", "break_glass"),
}


class Word(msgspec.Struct, array_like=True, frozen=True, tag_field="message"):
    """Base of the payloads; all are the house's, for a worker or the start."""


class Define(Word, frozen=True, tag=1):
    """A quorum of the configuration; refused when it breaks a rule. Again: nothing.

    `wants_answers`: whose share begins with it is missing a period later, until he has answered
    once. Logs from before said it of nobody, and he had two periods as after an answer.
    """

    quorum: Quorum
    wants_answers: bool = False


class Challenge(Word, frozen=True, tag=2):
    """A fresh challenge for a quorum's holders; its hash."""

    quorum: int
    digest: bytes


class Answered(Word, frozen=True, tag=3):
    """A holder has signed the newest challenge, and the signature was checked."""

    quorum: int
    person: int
    digest: bytes


class Away(Word, frozen=True, tag=4):
    """A person will not be there, as was announced; until 0 takes it back."""

    person: int
    from_ms: int
    until_ms: int


class Replace(Word, frozen=True, tag=5):
    """A holder's signed word that another is replaced; done when enough have said the same."""

    quorum: int
    gone: int
    holder: Holder
    voter: int


class Look(Word, frozen=True, tag=6):
    """Notes what colours have changed."""


class Ask(Word, frozen=True, tag=7):
    """A fresh challenge, and when it was put is remembered: the next is due a period later."""

    quorum: int
    digest: bytes


class Call(Word, frozen=True, tag=8):
    """A round: a fresh challenge out of turn; the next in turn is due a period later.

    `suspensions`: whose gates of signability it is put for. Who has not answered within
    `within_ms` is missing then; 0: by the quorum's periods alone, as where people answer by hand.
    """

    quorum: int
    digest: bytes
    suspensions: tuple[int, ...] = ()
    within_ms: int = 0


AnyWord = Define | Challenge | Answered | Away | Replace | Look | Ask | Call


class Asked(msgspec.Struct, array_like=True, frozen=True, tag_field="message"):
    """Base of the questions."""


class ListStandings(Asked, frozen=True, tag=1):
    """-> list[Standing] at a time."""

    now_ms: int


class GetColour(Asked, frozen=True, tag=2):
    """-> int, the worst colour of the quorums that sign, at a time; `role`: of a tier's alone."""

    now_ms: int
    role: int = 0


class ListQuorums(Asked, frozen=True, tag=3):
    """-> list[QuorumState]"""


class ListRounds(Asked, frozen=True, tag=4):
    """-> list[Rounded], the newest round of each quorum that signs; without any: `asked` 0."""


class Rounded(msgspec.Struct, array_like=True, frozen=True):
    """`answered` counts holders of now; `asked` is the sequence of the challenge."""

    quorum: int
    role: int
    threshold: int
    holders: int
    suspensions: tuple[int, ...] = ()
    digest: bytes = b""
    asked: int = 0
    asked_ms: int = 0
    answered: int = 0


class QuorumState(msgspec.Struct, array_like=True, frozen=True):
    """A quorum, its newest challenge (b"": none), when that was put, last answers by person."""

    quorum: Quorum
    challenge: bytes
    asked_ms: int
    answers: dict[int, int]


class Silent(msgspec.Struct, array_like=True, frozen=True):
    """A holder who is missing; `alarm` 0 none yet, 1 alarm, 2 activate the backup."""

    person: int
    since_ms: int
    is_announced: bool
    alarm: int


class Standing(msgspec.Struct, array_like=True, frozen=True):
    quorum: int
    role: int
    threshold: int
    holders: int
    margin: int
    colour: int
    missing: tuple[Silent, ...]


class Change(msgspec.Struct, array_like=True, frozen=True):
    """A quorum came to another colour, or to other holders (`replaced`)."""

    quorum: int
    colour: int
    time_ms: int
    replaced: int = 0


class Round(msgspec.Struct, array_like=True, frozen=True):
    """The newest challenge of a quorum that was called once; `silent` did not answer the last."""

    digest: bytes
    asked: int  # sequence
    asked_ms: int
    suspensions: tuple[int, ...]
    within_ms: int
    answered: tuple[int, ...] = ()
    silent: tuple[int, ...] = ()

    def lacks(self, person: int, now_ms: int) -> bool:
        """Whether a holder is missing by this round."""
        is_over = 0 < self.within_ms < now_ms - self.asked_ms
        return person not in self.answered and (is_over or person in self.silent)


class LivenessState(State):
    quorums: dict[int, Quorum] = msgspec.field(default_factory=dict)
    defined: dict[int, Quorum] = msgspec.field(default_factory=dict)  # as the start said it last
    challenges: dict[int, bytes] = msgspec.field(default_factory=dict)
    # By quorum and person: when the last answer came, or when the share began.
    answers: dict[int, dict[int, int]] = msgspec.field(default_factory=dict)
    away: dict[int, tuple[int, int]] = msgspec.field(default_factory=dict)
    votes: dict[int, dict[int, Replace]] = msgspec.field(default_factory=dict)  # by voter
    colours: dict[int, int] = msgspec.field(default_factory=dict)
    history: list[Change] = msgspec.field(default_factory=list)
    asked: dict[int, int] = msgspec.field(default_factory=dict)  # when the newest challenge was put
    rounds: dict[int, Round] = msgspec.field(default_factory=dict)  # by quorum
    # By quorum: whose share began without an answer since.
    unproven: dict[int, tuple[int, ...]] = msgspec.field(default_factory=dict)


_decode = msgspec.msgpack.Decoder(AnyWord).decode
_asked = msgspec.msgpack.Decoder(ListStandings | GetColour | ListQuorums | ListRounds).decode
_rounded = msgspec.msgpack.Decoder(list[Rounded]).decode
_colour_of = msgspec.msgpack.Decoder(int).decode
_encode = msgspec.msgpack.Encoder().encode
SIGNING = (Role.HOT, Role.WARM, Role.COLD)


def standing(state: LivenessState, quorum: Quorum, now_ms: int) -> Standing:
    """Who of a quorum is there, and what that comes to."""
    answers, put = state.answers.get(quorum.number, {}), state.rounds.get(quorum.number)
    unproven = state.unproven.get(quorum.number, ())
    missing = []
    for one in quorum.holders:
        last = answers.get(one.person, 0)
        begins, ends = state.away.get(one.person, (0, 0))
        is_away = begins <= now_ms < ends
        silent = now_ms - last
        periods = 1 if one.person in unproven else MISSED_PERIODS
        is_late = silent > periods * quorum.period_ms
        if is_away or is_late or (put is not None and put.lacks(one.person, now_ms)):
            alarm = (silent >= quorum.alarm_ms) + (silent >= quorum.backup_ms)
            missing.append(Silent(one.person, last, is_away, alarm))
    margin = len(quorum.holders) - len(missing) - quorum.threshold
    return Standing(
        *(quorum.number, quorum.role, quorum.threshold, len(quorum.holders), margin),
        *(_colour(margin, len(missing)), tuple(missing)),
    )


def _colour(margin: int, missing: int) -> Colour:
    if margin < 0:
        return Colour.BLACK
    if not missing:
        return Colour.GREEN
    return Colour.AMBER if margin else Colour.RED


class Liveness(UndoingFold[LivenessState, AnyWord]):
    """Quorums and whether they live; see the module."""

    number = LIVENESS
    name = "liveness"
    is_late = True
    added = ("asked", "rounds", "unproven")

    def __init__(self) -> None:
        super().__init__(LivenessState(), _decode)

    def _obey(self, who: int, word: AnyWord, moment: Moment, view: View) -> Outcome:
        if who != chart.HOUSE and not is_house(who, view):
            return Outcome(code=Refused.NOT_THE_HOUSE)
        if isinstance(word, Define):
            return Outcome(code=self._define(word, moment))
        if isinstance(word, Away):
            return Outcome(code=self._away(word))
        if isinstance(word, Look):
            self._look(moment)
            return Outcome()
        quorum = self.state.quorums.get(word.quorum)
        if quorum is None:
            return Outcome(code=Refused.UNKNOWN)
        if isinstance(word, Challenge | Ask | Call):
            return self._put(quorum, word, moment)
        if isinstance(word, Answered):
            return Outcome(code=self._answered(quorum, word, moment))
        return Outcome(code=self._vote(quorum, word, moment))

    def _define(self, word: Define, moment: Moment) -> int:
        quorum = word.quorum
        if self.state.defined.get(quorum.number) == quorum:
            return 0
        if faults(quorum) or len(self.state.quorums) >= QUORUMS_MAX:
            return Refused.UNSOUND
        self._set(self.state.defined, quorum.number, quorum)
        self._enter(quorum, moment, wants_answers=word.wants_answers)
        return 0

    def _enter(self, quorum: Quorum, moment: Moment, *, wants_answers: bool) -> None:
        known = self.state.answers.get(quorum.number, {})
        before = self.state.unproven.get(quorum.number, ())
        unproven = tuple(
            one.person
            for one in quorum.holders
            if one.person in before or (wants_answers and one.person not in known)
        )
        if unproven != before:
            self._set(self.state.unproven, quorum.number, unproven)
        answers = {one.person: known.get(one.person, moment.time_ms) for one in quorum.holders}
        if any(one.person not in known for one in quorum.holders):
            self._let_go(quorum.number)
        self._set(self.state.quorums, quorum.number, quorum)
        self._set(self.state.answers, quorum.number, answers)

    def _let_go(self, number: int) -> None:
        """A round that not all holders of now were asked in says nothing any more."""
        if number in self.state.rounds:
            self._remove(self.state.rounds, number)

    def _away(self, word: Away) -> int:
        if not word.from_ms >= 0 or word.until_ms < 0:
            return REFUSED.code
        self._set(self.state.away, word.person, (word.from_ms, word.until_ms))
        return 0

    def _put(self, quorum: Quorum, word: Challenge | Ask | Call, moment: Moment) -> Outcome:
        gates: tuple[int, ...] = ()
        within_ms = 0
        if isinstance(word, Call):
            gates, within_ms = word.suspensions, word.within_ms
        if len(word.digest) != HASH_BYTES or within_ms < 0 or len(gates) > GATES_MAX:
            return REFUSED
        number, before = quorum.number, self.state.rounds.get(quorum.number)
        self._set(self.state.challenges, number, word.digest)
        if not isinstance(word, Challenge):
            self._set(self.state.asked, number, moment.time_ms)
        if isinstance(word, Call) or before is not None:
            # Who was missing is until he answers, however often he is asked meanwhile.
            silent = tuple(
                one.person
                for one in quorum.holders
                if before is not None and before.lacks(one.person, moment.time_ms)
            )
            asked = (word.digest, moment.sequence, moment.time_ms)
            fresh = Round(*asked, gates, within_ms, silent=silent)
            self._set(self.state.rounds, number, fresh)
        return Outcome()

    def _answered(self, quorum: Quorum, word: Answered, moment: Moment) -> int:
        if all(one.person != word.person for one in quorum.holders):
            return Refused.NOT_A_HOLDER
        if self.state.challenges.get(quorum.number) != word.digest:
            return Refused.STALE
        answers = dict(self.state.answers[quorum.number])
        answers[word.person] = moment.time_ms
        self._set(self.state.answers, quorum.number, answers)
        unproven = self.state.unproven.get(quorum.number, ())
        if word.person in unproven:
            left = tuple(one for one in unproven if one != word.person)
            self._set(self.state.unproven, quorum.number, left)
        put = self.state.rounds.get(quorum.number)
        if put is not None and word.person not in put.answered:
            fresh = msgspec.structs.replace(put, answered=(*put.answered, word.person))
            self._set(self.state.rounds, quorum.number, fresh)
        return 0

    def _vote(self, quorum: Quorum, word: Replace, moment: Moment) -> int:
        persons = [one.person for one in quorum.holders]
        if word.gone not in persons or word.voter not in persons or word.voter == word.gone:
            return Refused.NOT_A_HOLDER
        holders = tuple(word.holder if one.person == word.gone else one for one in quorum.holders)
        fresh = msgspec.structs.replace(quorum, holders=holders)
        if faults(fresh):
            return Refused.UNSOUND
        votes = {**self.state.votes.get(quorum.number, {}), word.voter: word}
        same = [
            one
            for one in votes.values()
            if (one.gone, one.holder) == (word.gone, word.holder) and one.voter in persons
        ]
        if len(same) < quorum.threshold:
            self._set(self.state.votes, quorum.number, votes)
            return 0
        self._set(self.state.votes, quorum.number, {})
        # Of a quorum whose holders had to show themselves the newcomer has to.
        wants = quorum.number in self.state.unproven
        self._enter(fresh, moment, wants_answers=wants)
        self._note(Change(quorum.number, 0, moment.time_ms, word.gone))
        return 0

    def _look(self, moment: Moment) -> None:
        for number in sorted(self.state.quorums):
            now = standing(self.state, self.state.quorums[number], moment.time_ms)
            if self.state.colours.get(number, Colour.GREEN) != now.colour:
                self._set(self.state.colours, number, now.colour)
                self._note(Change(number, now.colour, moment.time_ms))

    def _note(self, change: Change) -> None:
        self.state.history.append(change)
        del self.state.history[: max(0, len(self.state.history) - HISTORY_KEPT)]

    def answer(self, question: bytes) -> bytes:
        asked = _asked(question)
        if isinstance(asked, ListQuorums):
            return _encode([self._state_of(number) for number in sorted(self.state.quorums)])
        if isinstance(asked, ListRounds):
            return _encode(self._rounds())
        standings = [
            standing(self.state, self.state.quorums[number], asked.now_ms)
            for number in sorted(self.state.quorums)
        ]
        if isinstance(asked, ListStandings):
            return _encode(standings)
        roles = (asked.role,) if asked.role else SIGNING
        return _encode(max((one.colour for one in standings if one.role in roles), default=0))

    def _rounds(self) -> list[Rounded]:
        signing = (one for _, one in sorted(self.state.quorums.items()) if one.role in SIGNING)
        found = []
        for one in signing:
            put, plain = self.state.rounds.get(one.number), (one.number, one.role, one.threshold)
            if put is None:
                found.append(Rounded(*plain, len(one.holders)))
                continue
            answered = sum(each.person in put.answered for each in one.holders)
            found.append(
                Rounded(
                    *(*plain, len(one.holders)),
                    suspensions=put.suspensions,
                    digest=put.digest,
                    asked=put.asked,
                    asked_ms=put.asked_ms,
                    answered=answered,
                )
            )
        return found

    def _state_of(self, number: int) -> QuorumState:
        state = self.state
        put = (state.challenges.get(number, b""), state.asked.get(number, 0))
        unproven = state.unproven.get(number, ())
        known = state.answers.get(number, {}).items()
        answers = {person: last for person, last in known if person not in unproven}
        return QuorumState(state.quorums[number], *put, answers)


def worst_colour(now_ms: int, view: View, role: int = 0) -> int:
    """Of the quorums that sign, or of a tier's, for other folds; green where none is measured."""
    answer = view.query(AskFold(LIVENESS, _encode(GetColour(now_ms, role))))
    return Colour.GREEN if answer is None else _colour_of(answer)


def measures_hot(view: View) -> bool:
    """Whether a quorum of hot holders is defined; so too in an exchange that measures nobody."""
    answer = view.query(AskFold(LIVENESS, _encode(ListRounds())))
    return answer is None or any(one.role == Role.HOT for one in _rounded(answer))


def rounds(view: View) -> list[Rounded]:
    """The newest round of each quorum that signs, for other folds; none where none is measured."""
    answer = view.query(AskFold(LIVENESS, _encode(ListRounds())))
    return [] if answer is None else _rounded(answer)
