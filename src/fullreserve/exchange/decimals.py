"""Decimal strings of the wire <-> integers at a scale."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40}")

WHOLE_MAX = 40
_TENS: tuple[int, ...] = tuple(10**exponent for exponent in range(41))


class NotANumber(ValueError):
    """The text is not a plain non-negative decimal."""


class TooPrecise(ValueError):
    """The text has more digits after the point than the scale holds."""


def parse(text: str, scale: int) -> int:
    """`text` as an integer in units of 10^-scale; no sign, exponent or rounding is accepted."""
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    # The usual case without the pattern: it costs more than all the rest.
    if len(fraction) <= scale and len(whole) <= WHOLE_MAX and digits.isascii() and digits.isdigit():
        return int(digits) * _TENS[scale - len(fraction)]
    if _PLAIN.fullmatch(text) is None:
        raise NotANumber(f"{text[:40]!r} is not a plain decimal number")
    if len(fraction) > scale:
        fraction = fraction.rstrip("0")
        if len(fraction) > scale:
            raise TooPrecise(f"{text[:40]!r} has more than {scale} digits after the point")
    return int((whole or "0") + fraction.ljust(scale, "0"))


def text(value: int, scale: int) -> str:
    """The shortest plain decimal of `value` x 10^-scale: no exponent, no trailing zeros."""
    if scale == 0:
        return str(value)
    sign, digits = ("-", str(-value)) if value < 0 else ("", str(value))
    digits = digits.rjust(scale + 1, "0")
    fraction = digits[-scale:].rstrip("0")
    whole = sign + digits[:-scale]
    return f"{whole}.{fraction}" if fraction else whole
