"""Channels and operations of products that are not offered here.

A channel is refused where its arguments name what does not exist. One that names nothing, or all
of a type, is acknowledged and stays silent, as on OKX where there is nothing of the kind.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fullreserve.gateway import wire
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.submission import Answer
from fullreserve.gateway.ws.shapes import ANY, BUSINESS, DERIVATIVES, LISTED, PRIVATE, PUBLIC, Shape

NAME_MAX = 40

_ALL = (*LISTED, ANY)
_NAMED = Shape(PUBLIC, names=("instId",), needs_name=True)
_SPREAD = Shape(BUSINESS, names=("sprdId",), needs_name=True)
_BLOCK = Shape(BUSINESS, names=("instId",), needs_name=True, spot=True)
_GRID = Shape(BUSINESS, login=True, types=_ALL, names=("instId", "algoId"))

CHANNELS: dict[str, Shape] = {
    "mark-price": _NAMED,
    "funding-rate": _NAMED,
    "open-interest": _NAMED,
    "books-elp": _NAMED,
    "estimated-price": Shape(
        PUBLIC, types=DERIVATIVES, names=("instId", "instFamily"), needs_name=True
    ),
    "opt-summary": Shape(PUBLIC, names=("instFamily",), needs_name=True),
    "option-trades": Shape(
        PUBLIC, types=("OPTION",), names=("instId", "instFamily"), needs_name=True
    ),
    "liquidation-orders": Shape(PUBLIC, types=DERIVATIVES),
    "adl-warning": Shape(PUBLIC, types=DERIVATIVES, names=("instFamily",)),
    "call-auction-details": _NAMED._replace(spot=True),
    "event-contract-markets": Shape(PUBLIC, types=("EVENTS",)),
    "economic-calendar": Shape(BUSINESS, login=True),
    "block-tickers": _BLOCK,
    "public-block-trades": _BLOCK,
    "public-struc-block-trades": Shape(BUSINESS),
    "sprd-bbo-tbt": _SPREAD,
    "sprd-books5": _SPREAD,
    "sprd-books-l2-tbt": _SPREAD,
    "sprd-public-trades": _SPREAD,
    "sprd-tickers": _SPREAD,
    "sprd-orders": Shape(BUSINESS, login=True, names=("sprdId",)),
    "sprd-trades": Shape(BUSINESS, login=True, names=("sprdId",)),
    "liquidation-warning": Shape(
        PRIVATE, login=True, types=_ALL, names=("instFamily", "instId"), spot=True
    ),
    "account-greeks": Shape(PRIVATE, login=True, names=("ccy",)),
    "orders-algo": Shape(
        BUSINESS, login=True, types=_ALL, names=("instFamily", "instId"), spot=True
    ),
    "algo-advance": Shape(BUSINESS, login=True, types=_ALL, names=("instId", "algoId"), spot=True),
    "grid-orders-spot": _GRID._replace(spot=True),
    "grid-orders-contract": _GRID,
    "grid-orders-moon": _GRID,
    "grid-positions": Shape(BUSINESS, login=True, names=("algoId",), needs_name=True),
    "grid-sub-orders": Shape(BUSINESS, login=True, names=("algoId",), needs_name=True),
    "algo-recurring-buy": Shape(BUSINESS, login=True, types=_ALL, names=("algoId",)),
    "copytrading-lead-notification": Shape(
        BUSINESS, login=True, types=("SWAP",), names=("instId",)
    ),
    "rfqs": Shape(BUSINESS, login=True),
    "quotes": Shape(BUSINESS, login=True),
    "struc-block-trades": Shape(BUSINESS, login=True),
}
# Refused to everybody who asks rightly: no fee tier here includes it.
REFUSED: dict[str, int] = {"economic-calendar": 64003}
# With a bar behind the name; the arguments are those of the channel itself.
CANDLES: dict[str, Shape] = {
    "mark-price-candle": _NAMED._replace(path=BUSINESS),
    "sprd-candle": _SPREAD,
}


class Operation(NamedTuple):
    """An operation that is refused, row by row where rows are echoed."""

    path: str
    code: int
    needs: tuple[str, ...] = ()
    echoed: tuple[str, ...] = ()
    named: str = ""


_ORDER = ("ordId", "clOrdId", "tag")
_ALGO = ("algoId", "clOrdId", "algoClOrdId", "tag")
# The codes are those of the same operations on REST.
OPERATIONS: dict[str, Operation] = {
    "mass-cancel": Operation(PRIVATE, 51147, ("instType", "instFamily")),
    "order-algo": Operation(BUSINESS, 50046, echoed=_ALGO),
    "cancel-algos": Operation(BUSINESS, 51400, echoed=_ALGO),
    "sprd-order": Operation(BUSINESS, 51001, echoed=_ORDER, named="sprdId"),
    "sprd-amend-order": Operation(BUSINESS, 51503, echoed=("ordId", "clOrdId", "reqId")),
    "sprd-cancel-order": Operation(BUSINESS, 51400, echoed=("ordId", "clOrdId")),
    "sprd-mass-cancel": Operation(BUSINESS, 51405),
}


def refused(operation: Operation, args: bytes) -> Answer:
    """The refused rows; Problem for an operation that has none, 50014 for a missing parameter."""
    elements = wire.text_list(args)
    if not elements:
        raise Problem(50014, name="args")
    for need in operation.needs:
        if not elements[0].get(need):
            raise Problem(50014, name=need)
    if not operation.echoed:
        raise Problem(operation.code)
    rows = [_row(operation, element) for element in elements]
    return Answer(rows, len(rows))


def _row(operation: Operation, element: dict[str, str]) -> bytes:
    name = element.get(operation.named, "")[:NAME_MAX]
    if operation.named and not name:
        problem = Problem(50014, name=operation.named)
    else:
        problem = Problem(operation.code, name=name or "This")
    echoed: dict[str, Any] = {field: element.get(field, "") for field in operation.echoed}
    return wire.encode(
        {**echoed, "sCode": str(problem.code), "sMsg": problem.message, "subCode": ""}
    )
