"""Goal: permessage-deflate is negotiated as RFC 7692 says, and loses nothing.

Method: the RFC's examples, zlib itself as the other side, hostile payloads.
"""

import zlib

import pytest

from fullreserve.gateway.ws.deflate import (
    FRAME_BYTES_MIN,
    Deflater,
    TooLong,
    inflated,
    negotiate,
)
from fullreserve.gateway.ws.frames import PONG, Close, close_frame, text_frame

TAKEN = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"


@pytest.mark.parametrize(
    ("offers", "answer"),
    [
        ("permessage-deflate", TAKEN),
        ("permessage-deflate; client_max_window_bits", TAKEN),
        (
            "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12",
            f"{TAKEN}; server_max_window_bits=12",
        ),
        (
            'permessage-deflate; server_max_window_bits="15"',
            f"{TAKEN}; server_max_window_bits=12",
        ),
        # Too small a window is passed over for the next offer.
        ("permessage-deflate; server_max_window_bits=8, permessage-deflate", TAKEN),
        ("permessage-deflate; server_max_window_bits=8", ""),
        ("permessage-deflate; server_max_window_bits=x", ""),
        ("permessage-deflate; unheard_of", ""),
        ("x-webkit-deflate-frame, permessage-deflate;client_no_context_takeover", TAKEN),
        ("permessage-bzip2", ""),
        ("", ""),
        (";;,,=;", ""),
    ],
)
def test_offers_and_their_answers(offers: str, answer: str) -> None:
    """Criterion: WS-FRAME-2."""
    assert negotiate(offers) == answer


def opened(frame: bytes) -> bytes:
    """The payload of a frame as a client reads it."""
    size = frame[1]
    start = 4 if size == 126 else 10 if size == 127 else 2
    payload = frame[start:]
    told = size if start == 2 else int.from_bytes(frame[2:start], "big")
    assert told == len(payload)
    if not frame[0] & 0x40:
        return payload
    return zlib.decompressobj(-12).decompress(payload + b"\x00\x00\xff\xff")


@pytest.mark.parametrize("size", [FRAME_BYTES_MIN, 5_000, 70_000, 30_000_000])
def test_a_message_survives_and_is_compressed_once(size: int) -> None:
    """Criterion: WS-FRAME-2. The lengths make frames with each of the three heads."""
    message = (b'["100.1","0.5","0","1"],' * (size // 20))[:size]
    frame, deflater = text_frame(message), Deflater()
    packed = deflater.frame(frame)
    assert packed[0] == 0xC1
    assert len(packed) < len(frame) // 4
    assert opened(packed) == message
    assert deflater.frame(bytes(bytearray(frame))) is packed


def test_what_gains_nothing_stays_as_it_is() -> None:
    """Criterion: WS-FRAME-2."""
    deflater = Deflater()
    noise = text_frame(bytes(zlib.crc32(bytes([n % 256, n // 256])) % 256 for n in range(600)))
    for frame in (PONG, close_frame(Close.IDLE, "no data"), noise):
        assert deflater.frame(frame) is frame


def packed(message: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (packer.compress(message) + packer.flush(zlib.Z_SYNC_FLUSH)).removesuffix(
        b"\x00\x00\xff\xff"
    )


def test_a_clients_message_is_inflated_up_to_a_bound() -> None:
    """Criterion: WS-FRAME-2, WS-FRAME-3."""
    # RFC 7692, section 7.2.3.1.
    assert inflated(b"\xf2\x48\xcd\xc9\xc9\x07\x00", 5) == b"Hello"
    with pytest.raises(TooLong):
        inflated(packed(b"Hello!"), 5)
    with pytest.raises(TooLong):
        inflated(packed(b"\0" * 50_000_000), 100_000)
    with pytest.raises(ValueError, match=r".") as wrong:
        inflated(b"\xff\xff", 100)
    assert not isinstance(wrong.value, TooLong)
