"""What signers elsewhere ask the exchange over TLS, and what they are told: JSON arrays."""

from __future__ import annotations

import msgspec

from fullreserve.custody.exchange_view import Due
from fullreserve.custody.house import Rate
from fullreserve.exchange.products.tier_moves_wire import Move

EXCHANGE = "exchange"  # the name on the certificate of who tells
COORDINATOR = "payer"  # that of who asks signers
NUMBERS_MAX = 200  # in one question; a transaction pays 100 withdrawals at most
QUESTION_MAX = 1 << 14


class Asked(msgspec.Struct, array_like=True, frozen=True, tag_field="kind"):
    """Base of the questions. There is none that changes anything."""


class AskWithdrawals(Asked, frozen=True, tag=1):
    """What is to be paid for these."""

    numbers: tuple[int, ...]


class AskMove(Asked, frozen=True, tag=2):
    """What the log decided of a move between tiers."""

    number: int


class AskRates(Asked, frozen=True, tag=3):
    """What assets are worth at their last prices, so many at most as of withdrawals."""

    assets: tuple[int, ...]


class Told(msgspec.Struct, array_like=True, frozen=True):
    """`withdrawals` in the order of their numbers; with a `refusal` nothing else."""

    withdrawals: tuple[Due | None, ...] = ()
    move: Move | None = None
    rates: dict[int, Rate] = {}
    refusal: str = ""


AnyAsked = AskWithdrawals | AskMove | AskRates

decode_asked = msgspec.json.Decoder(AnyAsked).decode
decode_told = msgspec.json.Decoder(Told).decode
