"""Endpoints of products that are not offered here; the table is `absent.txt`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, cast

import msgspec
from msgspec import Meta

from fullreserve.gateway import wire
from fullreserve.gateway.errors import TABLE, Problem
from fullreserve.gateway.limits import Allowance
from fullreserve.gateway.rest.params import Params, reader
from fullreserve.gateway.rest.request import Request
from fullreserve.gateway.rest.route import ANY, Route, Routes
from fullreserve.identity.api_key import Permission

FILE = Path(__file__).with_name("absent.txt")
WHO = {"-": 0, "r": ANY, "t": int(Permission.TRADE), "w": int(Permission.WITHDRAW)}
# With this in place of a name all are meant, of which there are none.
EVERYTHING = "ANY"
LONGEST = 40


class Line(msgspec.Struct):
    """One line of the table."""

    method: str
    path: str
    who: str
    limit: str
    answer: str
    needs: tuple[str, ...]


def lines() -> Iterator[Line]:
    """The lines of the table."""
    for text in FILE.read_text(encoding="utf-8").splitlines():
        if text and not text.startswith("#"):
            method, path, who, limit, answer, *needs = text.split()
            parameters = tuple(needs[0].split(",")) if needs else ()
            yield Line(method, path, who, limit, answer, parameters)


def routes() -> Routes:
    """Endpoints by method and path."""
    return {(line.method, line.path): _route(line) for line in lines()}


def _route(line: Line) -> Route:
    shape = _shape(line)
    handler = Absent(line, shape)
    return Route(handler, WHO[line.who], allowance(line.limit), shape, _about(line))


def allowance(text: str) -> Allowance:
    """`10/2s`, or `10/2s:instId` where instruments are counted apart."""
    rate, _, by = text.partition(":")
    calls, _, window = rate.partition("/")
    return Allowance(int(calls), int(window.removesuffix("s")) * 1000, by)


def _about(line: Line) -> str:
    """What the endpoint answers, in a sentence."""
    code = line.answer.removeprefix("row:").partition(":")[0]
    if code.isdigit():
        return f"Not offered: code {code}, {TABLE[int(code)].message.replace('{name}', '…')}."
    return "Not offered: an empty list."


def _shape(line: Line) -> type[Params]:
    fields: list[Any] = []
    for need in line.needs:
        names = need.split("|")
        note = f"This or {' or '.join(names)}" if len(names) > 1 else "Required"
        kind = Annotated[str, Meta(description=note)]
        fields += [(name, kind, "") if len(names) > 1 else (name, kind) for name in names]
    name = f"{line.method}_{line.path}".replace("/", "_").replace("-", "_")
    # Names stand in the table as they are sent.
    made: Any = msgspec.defstruct(name, fields, bases=(Params,), rename=None, kw_only=True)
    return cast(type[Params], made)


class Absent:
    """The handler of one line."""

    def __init__(self, line: Line, shape: type[Params]) -> None:
        kind, _, rest = line.answer.partition(":")
        self._line = line
        self._read = reader(shape)
        self._echoed: tuple[str, ...] = ()
        self._named, self._code = rest, int(kind) if kind.isdigit() else 0
        if kind == "row":
            code, _, fields = rest.partition(":")
            *named, echoed = fields.split(":")
            self._code, self._echoed = int(code), tuple(echoed.split(","))
            self._named = named[0] if named else ""

    async def __call__(self, request: Request) -> bytes:
        if self._echoed:
            return self._rows(request.body)
        fields = request.fields()
        self._read(fields)
        for need in self._line.needs:
            names = need.split("|")
            if not any(fields.get(name) for name in names):
                raise Problem(50015, name=" or ".join(names))
        if not self._code:
            return wire.envelope(msgspec.json.decode(self._line.answer))
        name = fields.get(self._named, "")
        if name == EVERYTHING:
            return wire.envelope([])
        raise Problem(self._code, name=name[:LONGEST] or "This")

    def _rows(self, body: bytes) -> bytes:
        is_list = body.lstrip().startswith(b"[")
        elements = wire.text_list(body) if is_list else [wire.texts(body)]
        if not elements:
            raise Problem(50014, name="args")
        rows = []
        for element in elements:
            name = element.get(self._named, "")[:LONGEST]
            if self._named and not name:
                problem = Problem(50014, name=self._named)
            else:
                problem = Problem(self._code, name=name or "This")
            row = {name: element.get(name, "") for name in self._echoed}
            outcome = {"sCode": str(problem.code), "sMsg": problem.message, "subCode": ""}
            rows.append(wire.encode({**row, **outcome}))
        return wire.refused_rows(rows)
