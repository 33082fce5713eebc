"""The whole fold: the Rust core with the Python folds beside it, fed by batches.

The leader executes commands: product commands end a run of core commands, their fold decides on the
state after it, and its output is applied as a `Group` directly behind. A replica replays rows: the
groups are in the log already, and the folds must come to the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from fullreserve._core import Core, CoreHalted, select_events
from fullreserve.exchange.folds import REFUSED, Fold, FollowUp, Moment, Outcome
from fullreserve.exchange.wire.commands import Group, Product, batch, encode
from fullreserve.exchange.wire.events import (
    AnyEvent,
    GroupApplied,
    ProductHandled,
    decode_events,
)
from fullreserve.exchange.wire.queries import (
    ANSWERS,
    AnyQuestion,
    AskFold,
    ComponentHash,
    GetFold,
    GetStateHash,
)

_PRODUCT_TAG = 10
_FIXARRAY = 0x90
_FIXARRAY_LAST = 0x9F
_FIXINT_LAST = 0x7F
_NO_EVENTS = b"\x90"
# What the machine itself has to know of a run, where no fold wants more.
_OF_PRODUCTS = sum(
    1 << int(str(kind.__struct_config__.tag)) for kind in (ProductHandled, GroupApplied)
)
_FOLD_QUERY = bytes((_FIXARRAY | 2, int(str(GetFold.__struct_config__.tag))))
_FOLD_QUESTION = bytes((_FIXARRAY | 3, int(str(AskFold.__struct_config__.tag))))

_raw_batch = msgspec.msgpack.Decoder(list[msgspec.Raw])
_head = msgspec.msgpack.Decoder(list[Any])
_product = msgspec.msgpack.Decoder(Product)
_fold_query = msgspec.msgpack.Decoder(GetFold)
_fold_question = msgspec.msgpack.Decoder(AskFold)
_encode_query = msgspec.msgpack.Encoder().encode


class Halted(Exception):
    """The command at `sequence` broke an invariant; nothing is applied any more.

    `commands` were applied or tried by `execute`: they belong in the log, so that a replay stops at
    the same place. `reason` is for the operator's log.
    """

    def __init__(self, sequence: int, reason: str) -> None:
        super().__init__(f"halted at sequence {sequence}: {reason}")
        self.sequence = sequence
        self.reason = reason
        self.commands: Sequence[bytes] = ()


class Differs(Exception):
    """A fold did not produce what the log holds behind the product command at `sequence`."""

    def __init__(self, sequence: int, what: str) -> None:
        super().__init__(what)
        self.sequence = sequence


class Executed(NamedTuple):
    """What a batch came to, as the log has it: with the folds' groups."""

    length: int  # commands, groups included
    commands: bytes  # MessagePack array
    events: bytes  # MessagePack array
    groups: Sequence[int]  # positions of the groups among the commands


class _Done(NamedTuple):
    commands: list[bytes]
    events: list[bytes]
    groups: list[int]


def tag_of(command: bytes) -> int:
    """A command's tag; ValueError when these bytes cannot be a command."""
    if len(command) > 1 and _FIXARRAY < command[0] <= _FIXARRAY_LAST and command[1] <= _FIXINT_LAST:
        return command[1]
    try:
        fields = _head.decode(command)
    except msgspec.DecodeError as problem:
        raise ValueError("these bytes are not a command") from problem
    if not fields or type(fields[0]) is not int:
        raise ValueError("a command begins with its tag")
    return fields[0]


class Machine:
    """Core and folds at one sequence. One thread at a time.

    `skip` names quarantined sequences, which are passed over, with what they put on the agenda.
    """

    def __init__(
        self,
        core: Core | None = None,
        folds: Sequence[Fold[Any]] = (),
        skip: Iterable[int] = (),
    ) -> None:
        self.core = core if core is not None else Core()
        self.folds = tuple(sorted(folds, key=lambda fold: fold.number))
        self.skip = sorted(skip)
        self._by_number = {fold.number: fold for fold in self.folds}
        self._readers: dict[type, tuple[Fold[Any], ...]] = {}
        # The fold that has decided a product command whose group is not applied yet.
        self._decided: tuple[int, Fold[Any]] | None = None
        for fold in self.folds:
            for kind in fold.interests:
                self._readers[kind] = (*self._readers.get(kind, ()), fold)

    @property
    def sequence(self) -> int:
        """Sequence of the last command applied."""
        return self.core.sequence

    def query(self, query: AnyQuestion) -> Any:
        """The decoded answer, the core's or a fold's."""
        asked = _encode_query(query)
        answer = self.answer(asked) if type(query) is AskFold else self.core.query(asked)
        return msgspec.msgpack.decode(answer, type=ANSWERS[type(query)])

    def answer(self, query: bytes) -> bytes:
        """The encoded answer to an encoded query: the core's, or a fold's whole state."""
        if query[:2] == _FOLD_QUESTION:
            return self._fold_answer(query)
        if query[:2] != _FOLD_QUERY:
            return self.core.query(query)
        try:
            fold = self._by_number.get(_fold_query.decode(query).fold)
        except msgspec.DecodeError as problem:
            raise ValueError(str(problem)) from problem
        return _encode_query(None if fold is None else fold.encode())

    def _fold_answer(self, query: bytes) -> bytes:
        try:
            asked = _fold_question.decode(query)
            fold = self._by_number.get(asked.fold)
            return _encode_query(None if fold is None else fold.answer_in(asked.question, self))
        except msgspec.DecodeError as problem:
            raise ValueError(str(problem)) from problem

    def hashes(self) -> list[ComponentHash]:
        """The core's component hashes, then one for each fold."""
        core: list[ComponentHash] = self.query(GetStateHash())
        return [*core, *(ComponentHash(fold.name, fold.state_hash()) for fold in self.folds)]

    def follow_ups(self) -> list[tuple[int, FollowUp]]:
        """(fold, product command) that events caused and that are not in the log yet."""
        return [(fold.number, waiting) for fold in self.folds for waiting in fold.state.outbox]

    # The leader's way

    def execute(self, time_ms: int, commands: Sequence[bytes]) -> Executed:
        """Applies a batch of encoded commands at the end of the log.

        ValueError, having changed nothing, on bytes that are no commands; Halted. Whatever else
        goes wrong is raised as it is when nothing was applied, and is a halt when something was.
        """
        before = self.core.sequence
        done = _Done([], [], [])
        try:
            return self._execute(time_ms, commands, done)
        except Halted as halted:
            halted.commands = done.commands
            raise
        except Exception as problem:
            if self.core.sequence == before:
                raise
            halt = Halted(self.core.sequence, repr(problem))
            halt.commands = done.commands
            raise halt from problem

    def _execute(self, time_ms: int, commands: Sequence[bytes], done: _Done) -> Executed:
        products = _products(commands)
        if not products:
            data = batch(commands)
            done.commands.extend(commands)
            events, _ = self._apply(self.core.sequence + 1, time_ms, data)
            return Executed(len(commands), data, events, ())
        self._check(commands)
        for start, end in pairwise((0, *(at + 1 for at in products), len(commands))):
            if start < end:
                self._execute_run(time_ms, commands[start:end], done)
        data = batch(done.commands)
        return Executed(len(done.commands), data, _join(done.events), done.groups)

    @staticmethod
    def _check(commands: Sequence[bytes]) -> None:
        # A batch with products is applied in pieces, so all of it must be readable before the first
        # is. A core decodes a whole batch before it applies any; this one is thrown away.
        # That one may halt, at rules that it does not know, says nothing of this core.
        with suppress(CoreHalted):
            Core().apply(1, 1, batch(commands), events=False)

    def _execute_run(self, time_ms: int, run: Sequence[bytes], done: _Done) -> None:
        """A run that ends with a product command or with the batch, and the group behind it."""
        done.commands.extend(run)
        data, fresh = self._apply(self.core.sequence + 1, time_ms, batch(run))
        done.events.append(data)
        if self._handled(data, fresh):
            group = self._decide(run[-1], time_ms)
            done.groups.append(len(done.commands))
            done.commands.append(group)
            data, _ = self._apply(self.core.sequence + 1, time_ms, batch([group]))
            done.events.append(data)

    def _apply(
        self, first: int, time_ms: int, commands: bytes
    ) -> tuple[bytes, list[AnyEvent] | None]:
        """Applies one run to the core and gives its events to the folds that want them."""
        try:
            data = self.core.apply(first, time_ms, commands, skip=self.skip or None)
        except CoreHalted as problem:
            raise Halted(problem.sequence, problem.reason) from problem
        readers, decided = self._readers, self._decided
        if not readers and decided is None:
            return data, None
        events = self._decoded(data if readers else select_events(data, _OF_PRODUCTS))
        for event in events:
            if decided is not None and type(event) is GroupApplied and event.cause == decided[0]:
                decided[1].settled(event.cause, event.code)
                self._decided = None
            for fold in readers.get(type(event), ()):
                try:
                    fold.on_event(event)
                except Exception as problem:
                    at = getattr(event, "sequence", self.core.sequence)
                    raise Halted(at, f"fold {fold.name}: {problem!r}") from problem
        return data, events

    def _handled(self, data: bytes, events: list[AnyEvent] | None) -> bool:
        """Whether the run ended with a product command that the core let pass."""
        last = self.core.sequence
        return any(
            type(event) is ProductHandled and event.sequence == last
            for event in (
                self._decoded(select_events(data, _OF_PRODUCTS)) if events is None else events
            )
        )

    def _decoded(self, data: bytes) -> list[AnyEvent]:
        """The events of a run just applied: it cannot be taken back when they cannot be read."""
        try:
            return decode_events(data)
        except msgspec.DecodeError as problem:
            raise Halted(self.core.sequence, f"events: {problem}") from problem

    def _decide(self, command: bytes, time_ms: int) -> bytes:
        """The encoded group that answers a product command just applied."""
        sequence = self.core.sequence
        try:
            product = _product.decode(command)
        except msgspec.DecodeError:
            # The core read it, this schema does not: every replay comes to the same refusal.
            return encode(Group(0, 0, sequence, REFUSED.code, (), ()))
        fold = self._by_number.get(product.fold)
        if fold is None:
            return _group(sequence, REFUSED)
        try:
            if product.cause and not fold.take_follow_up(product):
                return _group(sequence, REFUSED)
            group = _group(sequence, fold.handle(product, Moment(sequence, time_ms), self))
            self._decided = (sequence, fold)
            # What the core cannot read must not stand in the log: nothing behind it could be read.
            self._check((group,))
        except Exception as problem:
            raise Halted(sequence, f"fold {fold.name}: {problem!r}") from problem
        return group

    # The replica's way

    def replay(
        self, sequence: int, time_ms: int, commands: bytes, *, events: bool = False
    ) -> bytes:
        """Applies a row of the log, groups included; its events as one MessagePack array.

        The core alone replays what has nothing for a fold: every row where there are none, and
        those without product commands where none wants events. Raises ValueError on a row that
        does not fit, Halted, Differs.
        """
        if not self._readers:
            apply = self.core.apply_alone if self.folds else self.core.apply
            try:
                done = apply(sequence, time_ms, commands, events, self.skip or None)
            except CoreHalted as problem:
                raise Halted(problem.sequence, problem.reason) from problem
            if done is not None:
                return done
        raw = [bytes(command) for command in _raw_batch.decode(commands)]
        ends = sorted({*(at + 1 for at in _products(raw)), len(raw)})
        parts: list[bytes] = []
        expected: bytes | None = None
        start = 0
        for end in ends:
            if expected is not None and raw[start] != expected:
                raise Differs(sequence + start - 1, "a fold decides otherwise than the log says")
            data, fresh = self._apply(sequence + start, time_ms, batch(raw[start:end]))
            parts.append(data)
            decides = tag_of(raw[end - 1]) == _PRODUCT_TAG and self._handled(data, fresh)
            expected = self._decide(raw[end - 1], time_ms) if decides else None
            start = end
        if expected is not None:
            raise Differs(sequence + len(raw) - 1, "the row ends without the fold's group")
        return _join(parts) if events else _NO_EVENTS

    def replay_part(self, sequence: int, time_ms: int, commands: bytes, count: int) -> None:
        """Applies the first `count` commands of a row whose next one halts; to the core alone.

        None of them, when the row halts at what a command before it put on the agenda.
        """
        if count > 0:
            part = [bytes(command) for command in _raw_batch.decode(commands)[:count]]
            self.core.apply(sequence, time_ms, batch(part), events=False, skip=self.skip or None)


def _group(sequence: int, outcome: Outcome) -> bytes:
    return encode(Group(0, 0, sequence, outcome.code, outcome.postings, outcome.commands))


def _products(commands: Sequence[bytes]) -> list[int]:
    """Positions of the product commands; ValueError on bytes that cannot be a command."""
    try:
        # All but products and unusual encodings are told by their first two bytes.
        maybe = [
            at
            for at, command in enumerate(commands)
            if command[1] == _PRODUCT_TAG
            or command[1] > _FIXINT_LAST
            or not _FIXARRAY < command[0] <= _FIXARRAY_LAST
        ]
    except IndexError:
        raise ValueError("these bytes are not a command") from None
    return [at for at in maybe if tag_of(commands[at]) == _PRODUCT_TAG]


def _join(arrays: list[bytes]) -> bytes:
    """MessagePack arrays as one."""
    if len(arrays) == 1:
        return arrays[0]
    return batch([bytes(item) for array in arrays for item in _raw_batch.decode(array)])
