"""What clients send: one JSON object with an operation and its arguments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from fullreserve.gateway import wire
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.ws.frames import text_frame

# All arguments of a request together, as OKX limits them.
REQUEST_BYTES_MAX = 64 * 1024
# Clients read the id of a refused request out of its copy in the refusal.
ECHO_MAX = 4096
ID_MAX = 32
# Arguments that mean something here; what else a client sends is its own.
TEXTS = (
    *("channel", "instType", "instFamily", "instId", "uly", "ccy"),
    *("apiKey", "passphrase", "timestamp", "sign", "token"),
)
_NOTHING = msgspec.Raw(b"")


class Request(msgspec.Struct, rename="camel"):
    """One request; `args` stays as it was sent until the operation is known."""

    op: str = ""
    id: str | int | None = None
    args: msgspec.Raw = msgspec.Raw(b"[]")
    exp_time: str | int | None = None

    def check_id(self) -> None:
        """Problem 60033 for an id that is none."""
        if self.id is not None and not _is_id(str(self.id)):
            raise Problem(60033, "id", f"1 to {ID_MAX} letters and digits")


def _is_id(text: str) -> bool:
    return 0 < len(text) <= ID_MAX and text.isascii() and text.isalnum()


_decode = msgspec.json.Decoder(Request).decode
_raw = msgspec.json.Decoder(list[dict[str, msgspec.Raw]]).decode
_encode = msgspec.json.encode


def parse(data: bytes) -> Request:
    """A request; Problem 60012 with its text for anything else."""
    if len(data) > REQUEST_BYTES_MAX:
        raise Problem(60012, name=f"more than {REQUEST_BYTES_MAX} bytes")
    try:
        request = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise illegal(data) from None
    if not request.op:
        raise illegal(data)
    return request


def illegal(data: bytes) -> Problem:
    """The refusal of what cannot be understood, with a copy of it."""
    return Problem(60012, name=data[:ECHO_MAX].decode("utf-8", "replace"))


def arguments(request: Request) -> list[dict[str, str]]:
    """The arguments as texts by name; Problem 60013."""
    try:
        args = wire.text_list(bytes(request.args))
    except Problem:
        raise Problem(60013, allowed="a list of objects") from None
    if not args:
        raise Problem(60013, allowed="a list of at least one object")
    nested = next((name for one in _raw(bytes(request.args)) for name in _nested(one)), None)
    if nested is not None:
        raise Problem(60013, allowed=f"a text as {nested}, not a list or an object")
    return args


def _nested(arg: dict[str, msgspec.Raw]) -> Iterator[str]:
    """The names under which no single value stands."""
    return (name for name in TEXTS if bytes(arg.get(name, _NOTHING))[:1] in (b"{", b"["))


class Head(NamedTuple):
    """What every event of a connection carries."""

    connection: str
    request_id: str | int | None = None

    def event(self, name: str, **content: object) -> bytes:
        """The frame of an event, `id` first where the request had one."""
        head = {} if self.request_id is None else {"id": self.request_id}
        event = {**head, "event": name, **content, "connId": self.connection}
        return text_frame(_encode(event))

    def error(self, problem: Problem) -> bytes:
        return self.event("error", code=str(problem.code), msg=problem.message)
