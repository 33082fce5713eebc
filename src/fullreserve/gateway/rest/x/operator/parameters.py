"""Parameters that several endpoints of the operator's API share."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from fullreserve.exchange.wire.commands import InstrumentState, OwnerFlag
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Params

NOTE_MIN, NOTE_MAX = 3, 500
DAY_MS = 86_400_000


def _note(name: str, text: str) -> str:
    note = text.strip()
    if not NOTE_MIN <= len(note) <= NOTE_MAX:
        raise Problem(51000, name, f"{NOTE_MIN} to {NOTE_MAX} characters that say why")
    return note


FLAGS = {
    "frozen": OwnerFlag.FROZEN,
    "no_trade": OwnerFlag.NO_TRADE,
    "no_transfer_out": OwnerFlag.NO_TRANSFER_OUT,
    "no_withdraw": OwnerFlag.NO_WITHDRAW,
}
# From loose to tight.
STATES = {
    "live": InstrumentState.LIVE,
    "post_only": InstrumentState.POST_ONLY,
    "cancel_only": InstrumentState.CANCEL_ONLY,
    "suspend": InstrumentState.SUSPEND,
    "preopen": InstrumentState.PREOPEN,
}
STATE_WORDS: dict[int, str] = {state: word for word, state in STATES.items()}


def _flags(name: str, text: str) -> int:
    flags = 0
    for word in text.split(","):
        if word.strip() not in FLAGS:
            raise Problem(51000, name, ", ".join(FLAGS))
        flags |= FLAGS[word.strip()]
    return flags


def flag_words(flags: int) -> list[str]:
    """The flags of an owner that operators know."""
    known = FLAGS | {"frozen_by_master": OwnerFlag.MASTER_FROZEN}
    return [word for word, flag in known.items() if flags & flag]


Note = Annotated[str, Meta(description="Why", extra={"read": _note})]
Uid = Annotated[int, Meta(ge=1, description="A user")]
Flags = Annotated[int, Meta(description="By comma: " + ", ".join(FLAGS), extra={"read": _flags})]
StateWord = Annotated[
    Literal["live", "post_only", "cancel_only", "suspend", "preopen"],
    Meta(description="State of an instrument"),
]
LastsMs = Annotated[int, Meta(ge=60_000, le=30 * DAY_MS, description="How long it stays open")]
ProposalId = Annotated[int, Meta(ge=1, description="A proposal's number")]
SequenceId = Annotated[int, Meta(ge=1, description="A sequence of the journal")]


class NotedParams(Params):
    """An act with its reason."""

    note: Note


class OfUser(Params):
    """One user's."""

    uid: Uid


class NotedOfUser(NotedParams):
    """An act on a user, with its reason."""

    uid: Uid


class ProposalParams(NotedParams, kw_only=True):
    """What every proposal takes."""

    lasts_ms: LastsMs = DAY_MS
