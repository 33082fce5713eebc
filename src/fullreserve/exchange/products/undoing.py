"""A fold that takes its own changes back when the core refuses the group that goes with them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from fullreserve.exchange.folds import REFUSED, Fold, Moment, Outcome, State, View
from fullreserve.exchange.wire.commands import Product

S = TypeVar("S", bound=State)
W = TypeVar("W")
K = TypeVar("K")
V = TypeVar("V")

Undo = Callable[[], None]


class UndoingFold(Fold[S], Generic[S, W]):
    """Base of such folds; `_index` works out what the state implies, from the state alone.

    Each is said words of its own wire, which `decode` reads; what is none of them is refused.
    """

    def __init__(self, state: S, decode: Callable[[bytes], W]) -> None:
        super().__init__(state)
        self._decode = decode
        self._undo: list[Undo] = []
        self._index()

    def handle(self, command: Product, moment: Moment, view: View) -> Outcome:
        self._undo.clear()
        try:
            word = self._decode(command.payload)
        except msgspec.DecodeError:
            return REFUSED
        return self._obey(command.owner, word, moment, view)

    @abstractmethod
    def _obey(self, who: int, word: W, moment: Moment, view: View) -> Outcome:
        """Decides what an owner, or the house, has said; `settled` may take it back."""

    def restore(self, data: bytes) -> None:
        super().restore(data)
        self._index()

    def _index(self) -> None:
        """Called once there is a state: a new one, or a restored one."""

    def settled(self, cause: int, code: int) -> None:  # noqa: ARG002 - the fold's interface
        """The group was applied, or refused with `code`, the fold's own or the core's."""
        if code:
            for step in reversed(self._undo):
                step()
        self._undo.clear()

    def _set(self, table: dict[K, V], key: K, value: V) -> None:
        """Enters a value, to be taken back if need be."""
        if key in table:
            before = table[key]
            self._undo.append(lambda: table.__setitem__(key, before))
        else:
            self._undo.append(lambda: table.__delitem__(key))
        table[key] = value

    def _remove(self, table: dict[K, V], key: K) -> None:
        before = table.pop(key)
        self._undo.append(lambda: table.__setitem__(key, before))
