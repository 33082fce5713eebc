"""How other folds ask what an owner owes for deposits that a chain took back."""

from __future__ import annotations

import msgspec

from fullreserve.exchange.folds import View
from fullreserve.exchange.products.custody_wire import DEPOSITS
from fullreserve.exchange.products.deposit_state import Owes
from fullreserve.exchange.wire.queries import AskFold

_encode = msgspec.msgpack.Encoder().encode
_flag = msgspec.msgpack.Decoder(bool).decode


def owes(owner: int, asset: int, view: View) -> bool:
    """Whether he owes any of an asset; not where no fold of deposits is."""
    answer = view.query(AskFold(DEPOSITS, _encode(Owes(owner, asset))))
    return answer is not None and _flag(answer)
