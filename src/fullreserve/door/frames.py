"""The Unix socket's messages: length-prefixed MessagePack arrays, the same for both sides.

A frame is four bytes of length, big-endian, and one message. `id` is the client's and ties an
answer to its question. A stream sends a row for each credit that the client gave, so that nothing
is buffered for a reader that does not read.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fullreserve.door.protocol import Row
from fullreserve.exchange.wire.events import Reply

PROTOCOL_VERSION = 2
LENGTH_BYTES = 4
FRAME_BYTES_MAX = 256 << 20  # a row of 4,096 commands with their events is a few megabytes
CLIENT_FRAME_BYTES_MAX = 8 << 20

STREAM_CREDITS = 64

LimitFields = tuple[list[str | int], int, int, int, int]


class Message(msgspec.Struct, array_like=True, tag_field="frame"):
    """Common base of both directions."""


# From the client


class Hello(Message, tag=0):
    """The first message. `gateway` 0 only reads."""

    version: int
    gateway: int


class Submit(Message, tag=1):
    id: int
    commands: list[bytes]
    limits: list[LimitFields]


class Ask(Message, tag=2):
    """A query's bytes."""

    id: int
    query: bytes


class OpenStream(Message, tag=3):
    id: int
    from_sequence: int
    events: bool
    credits: int


class Credit(Message, tag=4):
    id: int
    credits: int


class CloseStream(Message, tag=5):
    id: int


class Call(Message, tag=6):
    """`health`, `report`, `moved`, `skips`, `confirm_time` or `is_payer` of the door."""

    id: int
    name: str
    arguments: list[Any]


# From the exchange


class Welcome(Message, tag=20):
    """`highest` is the last number that the log holds from the gateway."""

    version: int
    highest: int


class Replied(Message, tag=21):
    id: int
    replies: list[Reply]


class RefusedSubmit(Message, tag=22):
    id: int
    code: int
    message: str
    known: bool


class Answer(Message, tag=23):
    """To Ask and Call: MessagePack of the answer."""

    id: int
    answer: bytes


class Failure(Message, tag=24):
    """To Ask, Call, OpenStream. `kind`: malformed, unavailable, unreadable, gone (`oldest`)."""

    id: int
    kind: str
    message: str
    oldest: int = 0


class RowFrame(Message, tag=25):
    """A row of a stream."""

    id: int
    sequence: int
    count: int
    time_ms: int
    epoch: int
    wire_version: int
    commands: bytes
    events: bytes | None
    hash: bytes

    def row(self) -> Row:
        """The row that it carries."""
        return Row(
            self.sequence,
            self.count,
            self.time_ms,
            self.epoch,
            self.wire_version,
            self.commands,
            self.events,
            self.hash,
        )


class Goodbye(Message, tag=26):
    """The exchange ends the connection and says why; the client may come back."""

    why: str


ClientMessage = Hello | Submit | Ask | OpenStream | Credit | CloseStream | Call
ExchangeMessage = Welcome | Replied | RefusedSubmit | Answer | Failure | RowFrame | Goodbye

_encoder = msgspec.msgpack.Encoder()
from_client = msgspec.msgpack.Decoder(ClientMessage)
from_exchange = msgspec.msgpack.Decoder(ExchangeMessage)


class BadFrame(ValueError):
    """The peer does not speak this protocol."""


def frame(message: Message) -> bytes:
    """A message with its length in front."""
    data = _encoder.encode(message)
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


def row_frame(stream: int, row: Row) -> bytes:
    """The frame of a row for a stream."""
    return frame(
        RowFrame(
            stream,
            row.sequence,
            row.count,
            row.time_ms,
            row.epoch,
            row.wire_version,
            row.commands,
            row.events,
            row.hash,
        )
    )


class Frames:
    """Cuts a byte stream into frames."""

    def __init__(self, bytes_max: int = FRAME_BYTES_MAX) -> None:
        self._buffer = bytearray()
        self._bytes_max = bytes_max

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are complete now; BadFrame for an impossible length."""
        buffer = self._buffer
        buffer += data
        found = []
        at = 0
        while len(buffer) - at >= LENGTH_BYTES:
            size = int.from_bytes(buffer[at : at + LENGTH_BYTES], "big")
            if size > self._bytes_max:
                raise BadFrame(f"a frame of {size} bytes is too long")
            end = at + LENGTH_BYTES + size
            if len(buffer) < end:
                break
            found.append(bytes(buffer[at + LENGTH_BYTES : end]))
            at = end
        del buffer[:at]
        return found


class Outbox:
    """Frames of one turn of the loop, written in one call."""

    def __init__(self) -> None:
        self._frames: list[bytes] = []

    def add(self, data: bytes) -> bool:
        """Adds a frame; True when it is the first since the last `take`."""
        self._frames.append(data)
        return len(self._frames) == 1

    def take(self) -> bytes:
        """All frames as one."""
        data = b"".join(self._frames)
        self._frames.clear()
        return data
