"""permessage-deflate (RFC 7692), without context takeover on either side.

Every message is compressed by itself: a topic's message once for all its listeners, and an idle
connection keeps no window.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

EXTENSION = "permessage-deflate"
# What most clients ask for at most, and enough for messages that begin anew each time.
WINDOW_BITS = 12
WINDOW_BITS_MAX = 15
MEMORY_LEVEL = 5
LEVEL = 1
# Shorter messages gain nothing worth the time.
FRAME_BYTES_MIN = 512
KEPT = 64

_TEXT = 0x81  # the first byte of a whole text frame
_RSV1 = 0x40
_LENGTH_16, _LENGTH_64 = 126, 127
# RFC 7692, section 7.2.1: the end of each message, which is not sent.
_TAIL = b"\x00\x00\xff\xff"


class TooLong(ValueError):
    """A message is longer, once inflated, than a request may be."""


def negotiate(offers: str) -> str:
    """The answer to a client's `Sec-WebSocket-Extensions`; "" where none can be taken."""
    for name, parameters in _offers(offers):
        answer = _answer(parameters) if name == EXTENSION else ""
        if answer:
            return answer
    return ""


def _offers(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    for offer in text.split(","):
        name, *parts = (part.strip() for part in offer.split(";"))
        pairs = (part.partition("=") for part in parts)
        yield name, {key.strip(): value.strip().strip('"') for key, _, value in pairs}


def _answer(parameters: dict[str, str]) -> str:
    known = {"server_no_context_takeover", "client_no_context_takeover",
             "server_max_window_bits", "client_max_window_bits"}  # fmt: skip
    if not parameters.keys() <= known:
        return ""
    parts = [EXTENSION, "server_no_context_takeover", "client_no_context_takeover"]
    bits = parameters.get("server_max_window_bits")
    if bits is not None:
        if not (bits.isdecimal() and WINDOW_BITS <= int(bits) <= WINDOW_BITS_MAX):
            return ""
        parts.append(f"server_max_window_bits={WINDOW_BITS}")
    return "; ".join(parts)


class Deflater:
    """Compresses whole text frames; those of the last moment are kept for other connections."""

    def __init__(self) -> None:
        self._kept: dict[bytes, bytes] = {}

    def frame(self, frame: bytes) -> bytes:
        """The frame, compressed where that makes it shorter."""
        if len(frame) < FRAME_BYTES_MIN or frame[0] != _TEXT:
            return frame
        kept = self._kept.get(frame)
        if kept is None:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            kept = self._kept[frame] = _deflated(frame)
        return kept


def _deflated(frame: bytes) -> bytes:
    size = frame[1]
    start = 4 if size == _LENGTH_16 else 10 if size == _LENGTH_64 else 2
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -WINDOW_BITS, MEMORY_LEVEL)
    packed = packer.compress(memoryview(frame)[start:]) + packer.flush(zlib.Z_SYNC_FLUSH)
    payload = packed.removesuffix(_TAIL)
    if len(payload) >= len(frame) - start:
        return frame
    return _head(len(payload)) + payload


def _head(size: int) -> bytes:
    first = _TEXT | _RSV1
    if size < _LENGTH_16:
        return bytes((first, size))
    if size < 1 << 16:
        return bytes((first, _LENGTH_16)) + size.to_bytes(2, "big")
    return bytes((first, _LENGTH_64)) + size.to_bytes(8, "big")


def inflated(payload: bytes, most: int) -> bytes:
    """A client's message; TooLong beyond `most` bytes, ValueError for what is no such data."""
    unpacker = zlib.decompressobj(-WINDOW_BITS_MAX)
    try:
        message = unpacker.decompress(payload + _TAIL, most + 1)
    except zlib.error as wrong:
        raise ValueError(str(wrong)) from None
    if len(message) > most:
        raise TooLong
    return message
