"""How other folds ask whether something is suspended."""

from __future__ import annotations

import msgspec

from fullreserve.exchange.folds import View
from fullreserve.exchange.products.suspension_wire import (
    FREE,
    SUSPENSIONS,
    DrainOf,
    Ruling,
    Verdict,
)
from fullreserve.exchange.wire.events import OwnerChanged
from fullreserve.exchange.wire.queries import AskFold

_encode = msgspec.msgpack.Encoder().encode
_verdict = msgspec.msgpack.Decoder(Verdict).decode
_number = msgspec.msgpack.Decoder(int).decode


def ruled(
    action: int,
    owner: OwnerChanged,
    view: View,
    network: int = 0,
    asset: int = 0,
    withdrawal: int = 0,
    *,
    is_released: bool = False,
) -> Verdict:
    """What stops an action of an owner, the strictest first; FREE for nothing."""
    question = Ruling(
        *(action, owner.owner, owner.master, owner.segment),
        *(network, asset, withdrawal, is_released),
    )
    answer = view.query(AskFold(SUSPENSIONS, _encode(question)))
    return FREE if answer is None else _verdict(answer)


def drain_of(network: int, asset: int, view: View) -> int:
    """The suspension that pays out its queue of an asset on a network; 0 for none."""
    answer = view.query(AskFold(SUSPENSIONS, _encode(DrainOf(network, asset))))
    return 0 if answer is None else _number(answer)
