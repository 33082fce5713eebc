"""What an endpoint takes: a struct whose types both read the parameters and describe them.

Clients send text, also for numbers and switches, and `""` for what they leave out. A field is
`str`, `int` with bounds, `bool`, a `Literal` of a few words or a comma list `tuple[str, ...]`; a
field without a default is required. What `openapi.json` promises is what is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, inspect

from fullreserve.gateway import ids
from fullreserve.gateway.errors import Problem

P = TypeVar("P", bound="Params")
Reader = Callable[[str, str], Any]

LIST_MAX = 20
DIGITS_MAX = 19
SWITCHES = {"true": True, "false": False}


class Params(msgspec.Struct, rename="camel", kw_only=True):
    """Base of all of them; alone it is an endpoint that takes nothing."""


def order_bound(name: str, text: str) -> int:
    """A bound by order id, as the core's number."""
    if not (text.isascii() and text.isdigit()):
        raise Problem(51000, name, "an order id")
    return ids.number(text)


# Times and ids have no bound of their own.
ANY_NUMBER = 2**63 - 1


def whole(name: str, text: str, least: int, most: int, told: int | None = None) -> int:
    """A whole number within bounds; Problem 51000, which names `told` in place of the upper."""
    plain = text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX
    if not plain or not least <= int(text) <= most:
        upper = f" to {told or most}" if told or most < ANY_NUMBER else " on"
        raise Problem(51000, name, f"a whole number from {least}{upper}")
    return int(text)


def label(most: int) -> Reader:
    """Reads 1 to `most` letters and digits; Problem 51000."""

    def read(name: str, text: str) -> str:
        if len(text) > most or not (text.isascii() and text.isalnum()):
            raise Problem(51000, name, f"1 to {most} letters and digits")
        return text

    return read


# --- the kinds of fields that many endpoints share

PRODUCTS = ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION", "EVENTS")
Words = Literal["SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION", "EVENTS"]
InstType = Annotated[Words, Meta(description="Product; all but SPOT have no instruments here")]
InstId = Annotated[str, Meta(description="Instrument, for example BTC-USDT")]
InstIds = Annotated[tuple[str, ...], Meta(description="Instruments, separated by commas")]
InstFamily = Annotated[str, Meta(description="Of derivatives, which are not traded here")]
Ccy = Annotated[str, Meta(description="Currency, for example BTC")]
Ccys = Annotated[tuple[str, ...], Meta(description="Currencies, separated by commas, at most 20")]
HowSent = Annotated[str, Meta(description="3 internal, 4 on a chain", extra={"words": ("3", "4")})]
OrdId = Annotated[str, Meta(description="The order's id here; it wins over clOrdId")]
ClOrdId = Annotated[str, Meta(description="The order's id of the client")]
Ms = Annotated[int, Meta(ge=0, description="Unix time in ms")]
Number = Annotated[int, Meta(ge=0)]
AfterId = Annotated[int, Meta(ge=0, description="Only what is older than this id")]
BeforeId = Annotated[int, Meta(ge=0, description="Only what is newer than this id")]
AfterMs = Annotated[int, Meta(ge=0, description="Only what is older than this time in ms")]
BeforeMs = Annotated[int, Meta(ge=0, description="Only what is newer than this time in ms")]
AfterOrder = Annotated[
    int, Meta(ge=0, description="Only orders older than this ordId", extra={"read": order_bound})
]
BeforeOrder = Annotated[
    int, Meta(ge=0, description="Only orders newer than this ordId", extra={"read": order_bound})
]
BeginMs = Annotated[int, Meta(ge=0, description="Not before this time in ms")]
EndMs = Annotated[int, Meta(ge=0, description="Not after this time in ms")]
# More than the most is cut down to it, as on OKX.
Hundred = Annotated[int, Meta(ge=1, description="Rows, at most 100", extra={"most": 100})]
ThreeHundred = Annotated[int, Meta(ge=1, description="Rows, at most 300", extra={"most": 300})]
FiveHundred = Annotated[int, Meta(ge=1, description="Rows, at most 500", extra={"most": 500})]


class OfProduct(Params):
    """One product's."""

    inst_type: InstType


class OfInstrument(Params):
    """One instrument's."""

    inst_id: InstId


class OfCurrencies(Params):
    """Some currencies', all without `ccy`."""

    ccy: Ccys = ()


class OfTime(Params):
    """A page by time."""

    after: AfterMs = 0
    before: BeforeMs = 0
    limit: Hundred = 100


def reader(shape: type[P]) -> Callable[[Mapping[str, str]], P]:
    """The function that makes a shape of texts by name; Problem 50014, 50025, 51000.

    The shape is looked at when it is first read: a start would wait for hundreds.
    """

    def read(fields: Mapping[str, str]) -> P:
        values = {}
        for name, sent, required, parse in _plan(shape):
            text = fields.get(sent, "")
            if text:
                values[name] = parse(sent, text)
            elif required:
                raise Problem(50014, name=sent)
        return shape(**values)

    return read


def needs_something(shape: type[Params]) -> bool:
    """Whether a shape has required fields."""
    return any(required for _, _, required, _ in _plan(shape))


@cache
def _plan(shape: type[Params]) -> list[tuple[str, str, bool, Reader]]:
    """Name, name as it is sent, whether it is required, and the reader of each field."""
    found = inspect.type_info(shape)
    assert isinstance(found, inspect.StructType)
    return [
        (field.name, field.encode_name, field.required, _reader(field.type))
        for field in found.fields
    ]


def _reader(kind: inspect.Type) -> Reader:
    extra: dict[str, Any] = {}
    while isinstance(kind, inspect.Metadata | inspect.UnionType):
        if isinstance(kind, inspect.Metadata):
            extra |= kind.extra or {}
            kind = kind.type
        else:
            kind = next(one for one in kind.types if not isinstance(one, inspect.NoneType))
    if "read" in extra:
        given: Reader = extra["read"]
        return given
    if "words" in extra:
        return _choice(list(extra["words"]))
    match kind:
        case inspect.IntType(ge=least, le=most):
            return _whole(least or 0, most or ANY_NUMBER, extra.get("most"))
        case inspect.LiteralType(values=values):
            return _choice([str(value) for value in values])
        case inspect.VarTupleType():
            return _names(extra.get("most", LIST_MAX))
        case inspect.BoolType():
            return _switch
        case _:
            return _text


def _whole(least: int, most: int, cut: int | None) -> Reader:
    def read(name: str, text: str) -> int:
        number = whole(name, text, least, most, cut)
        return min(number, cut) if cut else number

    return read


def _choice(words: list[str]) -> Reader:
    allowed = ", ".join(words)

    def read(name: str, text: str) -> str:
        if text not in words:
            raise Problem(51000, name, allowed)
        return text

    return read


def _names(most: int) -> Reader:
    def read(name: str, text: str) -> tuple[str, ...]:
        values = _listed(text)
        if len(values) > most:
            raise Problem(50025, name, str(most))
        return values

    return read


def _listed(text: str) -> tuple[str, ...]:
    """The values of a comma list, or of the JSON list that a body may have in its place."""
    try:
        return msgspec.json.decode(text, type=tuple[str, ...])
    except msgspec.DecodeError:
        return tuple(value.strip() for value in text.split(","))


def _switch(name: str, text: str) -> bool:
    value = SWITCHES.get(text.lower())
    if value is None:
        raise Problem(51000, name, "true, false")
    return value


def _text(_name: str, text: str) -> str:
    return text
