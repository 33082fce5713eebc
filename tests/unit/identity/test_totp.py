"""One-time passwords against RFC 6238's own vectors."""

from __future__ import annotations

import pytest

from fullreserve.identity import totp

SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_vectors_of_appendix_b(seconds: int, expected: str) -> None:
    """Criterion: ID-TOTP-1. The last six of the appendix's eight digits."""
    assert totp.code(SECRET, seconds // 30) == expected
    assert totp.matching_step(SECRET, expected, seconds * 1000) == seconds // 30


def test_a_step_either_side_is_taken_and_two_are_not() -> None:
    """Criterion: ID-TOTP-2"""
    now_ms = 1_700_000_000_000
    now = now_ms // totp.STEP_MS
    found = [
        totp.matching_step(SECRET, totp.code(SECRET, now + drift), now_ms) for drift in range(-2, 3)
    ]
    assert found == [None, now - 1, now, now + 1, None]
    assert totp.matching_step(SECRET, totp.code(SECRET, now), now_ms, after=now) is None
    assert totp.matching_step(SECRET, "", now_ms) is None
    assert totp.matching_step(SECRET, "²²²²²²", now_ms) is None
