"""How many orders a command may finish at most: what a batch is held to behind a projection."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from fullreserve.exchange.wire.commands import (
    AmendOrder,
    CancelOrder,
    Deposit,
    PlaceOrder,
    Tick,
    Transfer,
    Withdraw,
)


class Kept(NamedTuple):
    """The core's parameters that say what it keeps and what one command may do."""

    finished_max: int
    finished_ms: int
    pending_per_owner: int
    walk_max: int


class _Tag(msgspec.Struct, array_like=True):
    """A command's first field; the others are passed over."""

    tag: int


_decode = msgspec.msgpack.Decoder(_Tag).decode


def _tag(command: type[msgspec.Struct]) -> int:
    tag = command.__struct_config__.tag
    assert isinstance(tag, int)
    return tag


_TAKERS = (_tag(PlaceOrder), _tag(AmendOrder))
_SINGLE = tuple(_tag(kind) for kind in (CancelOrder, Transfer, Deposit, Withdraw, Tick))


def finishes_at_most(command: bytes, kept: Kept) -> int:
    """Orders that a command in MessagePack may finish: makers and itself, or all of an owner."""
    try:
        tag = _decode(command).tag
    except msgspec.DecodeError:
        return 1
    if tag in _TAKERS:
        return kept.walk_max + 1
    return 1 if tag in _SINGLE else kept.pending_per_owner
