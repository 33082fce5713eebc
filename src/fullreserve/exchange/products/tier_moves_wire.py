"""What is said to and asked of the fold of moves between tiers: refills of hot, sweeps out of it.

All words are the house's: `SetMarks` is an operator's, the others are the worker's who carries
moves out. Amounts are at the asset's ledger scale, 16 bytes (`amount_bytes`); times are exchange
time in ms. A place is the number of one of the target's addresses, as the worker counts them.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

from fullreserve.exchange.wire.commands import Amount

TIER_MOVES = 24  # number of the fold
DAY_MS = 86_400_000
# How long a move may take until it is bound, and until no signer signs it any more.
LASTS_MS = 4 * 3_600_000
CLOSED_KEPT = 1_000  # and every one of the last 24 hours
HASH_BYTES = 32


class Refused(IntEnum):
    """Codes of the fold's own refusals."""

    NOT_THE_HOUSE = 97_001
    UNKNOWN = 97_002  # no such move, no network, or no marks for the asset on it
    NOT_DUE = 97_003  # by the marks
    OPEN = 97_004  # one is on its way
    STOPPED = 97_005  # withdrawals are, and the marks say that moves are too
    CAPPED = 97_006  # hot is at its cap, the day's amount is used up, or the source has too little
    CONTRADICTS = 97_007  # what was said of the move before
    EXPIRED = 97_008
    NOT_AGREED = 97_009  # two operators have to agree that a move is to end by their word
    BLACK = 97_010  # too few holders of warm are there to send it back


class Why(IntEnum):
    """What a move is for."""

    LOW = 1  # hot is below its low mark
    WAITING = 2  # withdrawals wait for coins
    OVER = 3  # hot is above its cap


class MoveState(IntEnum):
    DECIDED = 0
    BOUND = 1  # to inputs or a nonce, for ever; from here on it may be signed
    DONE = 2
    LAPSED = 3  # nobody signs it any more
    OVERTAKEN = 4  # what took its inputs or nonce is final


OPEN_STATES = (MoveState.DECIDED, MoveState.BOUND)


class Marks(msgspec.Struct, array_like=True, frozen=True):
    """The published rule of an asset on a network.

    Hot is refilled to `target` (to `cap` while a quorum could lose nobody more) when what it has
    free of payments on their way is below `low`, or when withdrawals wait for coins; no refill
    brings it above `cap`. What is above the cap is swept, down to the target.
    """

    network: int
    asset: int
    low: Amount
    target: Amount
    cap: Amount
    least: Amount  # less is not worth its fee
    most: Amount  # of one move
    day_most: Amount  # of refills in any 24 hours
    while_stopped: bool = False  # whether moves go on while withdrawals are suspended


class Word(msgspec.Struct, array_like=True, frozen=True, tag_field="message"):
    """Base of the payloads."""


class SetMarks(Word, frozen=True, tag=1):
    """The rule of an asset on a network, or another one; a cap of 0: none any more."""

    marks: Marks


class Want(Word, frozen=True, tag=2):
    """Whether a move is due, and then it is decided: its number is the command's sequence.

    `room` is what the place may take by the worker's own rules; empty: as much as the marks say.
    `beside`: a move the other way does not hold it up, and one that is not bound gives way to it.
    `unless_black`: nothing goes to warm while a quorum of it is black. Logs from before do not say
    it: black of any tier stopped all withdrawals then, and moves with them.
    """

    network: int
    asset: int
    source: int  # Tier
    target: int
    place: int = 0
    room: Amount = b""
    beside: bool = False
    unless_black: bool = False


class Bind(Word, frozen=True, tag=3):
    """The move is carried out by this input set, or this nonce, and by nothing else.

    To be accepted (code 0) before anything is signed; again with the same it changes nothing.
    """

    move: int
    binding: bytes


class End(Word, frozen=True, tag=4):
    """What became of a move: DONE or OVERTAKEN with the transfer that is final, or LAPSED.

    `by_people`: said by the command of operators, who have to have agreed on it before.
    """

    move: int
    state: int
    transfer: bytes = b""
    by_people: bool = False


class GiveUp(Word, frozen=True, tag=5):
    """Operators have agreed that a move is to end; one that is not bound ends with it.

    One that is bound ends once it is proven that it cannot be paid any more, and not before.
    """

    move: int


AnyWord = SetMarks | Want | Bind | End | GiveUp


class Move(msgspec.Struct, array_like=True, frozen=True):
    """`number` is its own for ever."""

    number: int
    network: int
    asset: int
    source: int
    target: int
    amount: Amount
    place: int
    why: int
    decided_ms: int
    state: int = MoveState.DECIDED
    binding: bytes = b""
    transfer: bytes = b""
    ended_ms: int = 0

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def expires_ms(self) -> int:
        return self.decided_ms + LASTS_MS


class Asked(msgspec.Struct, array_like=True, frozen=True, tag_field="message"):
    """Base of the questions."""


class ListMarks(Asked, frozen=True, tag=1):
    """-> list[Marks]"""


class ListMoves(Asked, frozen=True, tag=2):
    """-> list[Move], newest first: the open ones alone, or all that are known."""

    is_open: bool
    limit: int


class GetMove(Asked, frozen=True, tag=3):
    """-> Move | None"""

    number: int


class ListGivenUp(Asked, frozen=True, tag=4):
    """-> dict[int, int]: when operators agreed that a move is to end, of those that are open."""


AnyAsked = ListMarks | ListMoves | GetMove | ListGivenUp

ANSWERS: dict[type[Asked], object] = {
    ListMarks: list[Marks],
    ListMoves: list[Move],
    GetMove: Move | None,
    ListGivenUp: dict[int, int],
}

decode_word = msgspec.msgpack.Decoder(AnyWord).decode
decode_asked = msgspec.msgpack.Decoder(AnyAsked).decode
