"""Bodies in, envelopes out: JSON as OKX clients send it and expect it.

Clients send numbers and booleans as strings or the reverse, and `""` or null for what they leave
out; so parameters are texts, taken over with the digits that were sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from fullreserve.gateway.errors import TABLE, Problem

P = TypeVar("P", bound=msgspec.Struct)
T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_loose_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_loose_list = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_string = msgspec.json.Decoder(str)
_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_NULL = b"null"

encode = _encoder.encode


def envelope(data: object) -> bytes:
    """A success; `data` is a list."""
    return b'{"code":"0","msg":"","data":' + encode(data) + b"}"


def refusal(code: int, message: str) -> bytes:
    """A request-level refusal."""
    return b'{"code":"%d","msg":%b,"data":[]}' % (code, encode(message))


def rows(rendered: Sequence[bytes], failed: int, in_us: int, out_us: int) -> bytes:
    """The answer of order entry: encoded rows, how many of them failed, times in microseconds."""
    code = 0 if failed == 0 else 1 if failed == len(rendered) else 2
    message = TABLE[code].message if code else ""
    return b'{"code":"%d","data":[%b],"inTime":"%d","msg":"%b","outTime":"%d"}' % (
        code,
        b",".join(rendered),
        in_us,
        message.encode(),
        out_us,
    )


def refused_rows(rendered: Sequence[bytes]) -> bytes:
    """The answer of an operation that refused all of its rows."""
    return b'{"code":"1","msg":"%b","data":[%b]}' % (TABLE[1].message.encode(), b",".join(rendered))


def text_of(raw: msgspec.Raw) -> str:
    """A value's text: a string's content, a number's digits, true, false.

    Lists and objects keep their JSON, so that whoever does not take them can say so.
    """
    content = bytes(raw)
    first = content[:1]
    if first == b'"':
        return _string.decode(content)
    return content.decode()


def texts(body: bytes) -> dict[str, str]:
    """A JSON object's values by name, each as `text_of`; null counts as absent.

    Problem 50000 for an empty body, 50002 for what is not a JSON object.
    """
    return _loose(lambda: _texts(_loose_object.decode(body)), body)


def text_list(body: bytes) -> list[dict[str, str]]:
    """A JSON list of objects, each as `texts`."""
    return _loose(lambda: [_texts(item) for item in _loose_list.decode(body)], body)


def _texts(fields: dict[str, msgspec.Raw]) -> dict[str, str]:
    return {name: text_of(raw) for name, raw in fields.items() if bytes(raw) != _NULL}


def _loose(read: Callable[[], T], body: bytes) -> T:
    if not body:
        raise Problem(50000)
    try:
        return read()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        reason = f"not the JSON that is expected: {_said(wrong, body)}"[:150]
        raise Problem(50002, allowed=reason) from None


def _said(wrong: Exception, body: bytes) -> str:
    """What is wrong; of a lone surrogate msgspec says that the body or an escape ends early."""
    if not _has_half_a_pair(body):
        return str(wrong)
    try:
        msgspec.json.decode(_ESCAPE.sub(_without_halves, body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return str(wrong)
    return "a string has one half of a UTF-16 surrogate pair in it"


def _without_halves(escape: re.Match[bytes]) -> bytes:
    return b"?" if 0xD800 <= int(escape[1] or b"0", 16) <= 0xDFFF else escape[0]


def _has_half_a_pair(body: bytes) -> bool:
    """Without reading the body as JSON: one that is nested deeply would end the process."""
    before = -1  # where the first half of a pair ended
    for escape in _ESCAPE.finditer(body):
        code = int(escape[1] or b"0", 16)
        is_second = 0xDC00 <= code <= 0xDFFF
        is_whole = is_second and escape.start() == before
        if (before >= 0 or is_second) and not is_whole:
            return True
        before = escape.end() if 0xD800 <= code <= 0xDBFF else -1
    return before >= 0


def one(fast: msgspec.json.Decoder[P], shape: type[P], body: bytes) -> P:
    """One parameter object of an order operation; all its fields are `str`."""
    try:
        return fast.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return shaped(shape, texts(body))


def many(fast: msgspec.json.Decoder[list[P]], shape: type[P], body: bytes) -> list[P]:
    """A list of parameter objects."""
    try:
        return fast.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [shaped(shape, item) for item in text_list(body)]


def shaped(shape: type[P], fields: dict[str, str]) -> P:
    """The known fields of a shape; unknown ones are ignored."""
    known = zip(shape.__struct_encode_fields__, shape.__struct_fields__, strict=True)
    return shape(**{field: fields[name] for name, field in known if name in fields})
