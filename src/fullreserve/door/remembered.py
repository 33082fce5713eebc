"""Answers to queries as objects, made once for as long as the exchange says the same bytes."""

from __future__ import annotations

from typing import Any

import msgspec

from fullreserve.exchange.wire.queries import ANSWERS, AnyQuestion

# Of each kind of query; they are the answers of those who ask most.
KEPT = 2_048
# What is larger is seldom asked for twice between two changes.
BYTES_MAX = 4_096

_decoders: dict[type[AnyQuestion], msgspec.msgpack.Decoder[Any]] = {}


def decode_answer(query: AnyQuestion, answer: bytes) -> Any:
    """The answer to a query in its type."""
    decoder = _decoders.get(type(query))
    if decoder is None:
        decoder = _decoders[type(query)] = msgspec.msgpack.Decoder(ANSWERS[type(query)])
    return decoder.decode(answer)


class Remembered:
    """The last answers by query; an unchanged one is the same object, which nobody may change.

    So what is rendered of an answer can be kept with it, and be known by `is`.
    """

    def __init__(self) -> None:
        self._answers: dict[AnyQuestion, tuple[bytes, Any]] = {}

    def decode(self, query: AnyQuestion, answer: bytes) -> Any:
        """The answer in its type."""
        known = self._answers.get(query)
        if known is not None and known[0] == answer:
            return known[1]
        decoded = decode_answer(query, answer)
        if len(answer) <= BYTES_MAX:
            if len(self._answers) >= KEPT:
                self._answers.clear()
            self._answers[query] = (answer, decoded)
        return decoded
