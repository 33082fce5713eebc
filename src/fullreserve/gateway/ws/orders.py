"""Order entry over WebSocket: operations in, one reply for each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import msgspec

from fullreserve.door.protocol import Refused, Result
from fullreserve.exchange.order_requests import taken_frame
from fullreserve.gateway import ids, wire
from fullreserve.gateway.auth import require
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.limits import OrderLimits
from fullreserve.gateway.order_entry import (
    AmendParams,
    CancelParams,
    OrderEntry,
    PlaceParams,
    expiry,
)
from fullreserve.gateway.submission import Answer, Plain, Submission, rendered
from fullreserve.gateway.ws.absent import OPERATIONS, refused
from fullreserve.gateway.ws.frames import text_frame
from fullreserve.gateway.ws.requests import Request
from fullreserve.gateway.ws.shapes import PRIVATE
from fullreserve.identity.api_key import Permission
from fullreserve.identity.caller import Caller

if TYPE_CHECKING:
    from fullreserve.gateway.ws.connection import Connection

Reply = Callable[[Answer | Problem], None]
P = TypeVar("P", PlaceParams, CancelParams, AmendParams)

_place = msgspec.json.Decoder(list[PlaceParams])
_cancel = msgspec.json.Decoder(list[CancelParams])
_amend = msgspec.json.Decoder(list[AmendParams])
_encode = msgspec.json.encode


# How many a batch takes is said with the code of REST, by who submits it.
MANY = 1_000_000


class OrderOperations:
    """The operations of spot trading; parameters are read and refused as REST does."""

    def __init__(self, context: Context) -> None:
        self._clock = context.clock
        self._wall_us = context.clock.wall_us
        self._submission = Submission(
            context.door,
            OrderEntry(context.catalog, context.door.gateway, by_code=True),
            OrderLimits(context.rates, enabled=context.limits),
            context.clock.exchange_ms,
            lambda: context.closed,
        )
        self._operations: dict[str, Callable[[Caller, bytes, int, Reply], None]] = {
            "order": partial(self._order, 1),
            "batch-orders": partial(self._order, MANY),
            "cancel-order": partial(self._cancel_order, 1),
            "batch-cancel-orders": partial(self._cancel_order, MANY),
            "amend-order": partial(self._amend_order, 1),
            "batch-amend-orders": partial(self._amend_order, MANY),
        }

    def take_plain(self, connection: Connection, message: bytes) -> bool:
        """The usual order, from the message itself; False, with nothing done, for all else."""
        key = connection.key
        if key is None or not connection.may_trade:
            return False
        if not connection.server.context.vault.is_current(key):
            return False
        read = self._submission.read_plain(key, message)
        if read is None:
            return False
        request_id, plain = read
        done = partial(self._placed, connection, request_id, plain, self._wall_us())
        self._submission.send_plain(key, plain, done)
        return True

    def _placed(
        self, connection: Connection, request_id: bytes, plain: Plain, in_us: int, result: Result
    ) -> None:
        """Replies to an order that was read, once it is known what became of it."""
        if isinstance(result, Refused) or result[0].code:
            answer = rendered(partial(self._submission.answer, plain), result)
            connection.write(self._reply(request_id, b"order", answer, in_us))
            return
        # What `answer` and `_reply` would make of it, made by compiled code.
        _, _, client_order_id, tag = plain
        order, now_ms = ids.BASE + result[0].order, self._clock.exchange_ms()
        times = (now_ms, in_us, self._wall_us())
        connection.write(taken_frame(request_id, client_order_id, order, tag, *times))

    def take(self, connection: Connection, request: Request) -> None:
        """One request of a connection; the reply follows when it is durable."""
        in_us = self._wall_us()
        operation = self._operations.get(request.op)
        absent = OPERATIONS.get(request.op)
        key = connection.key
        if key is None or (operation is None and absent is None):
            unknown = operation is None and absent is None
            problem = Problem(60019, name=request.op[:64]) if unknown else Problem(60011)
            self._refuse(connection, request, problem)
            return
        if not connection.takes(absent.path if absent else PRIVATE):
            self._refuse(connection, request, Problem(60028, name=request.op))
            return
        if request.id is None:
            self._refuse(connection, request, Problem(60027, name="id"))
            return

        def reply(answer: Answer | Problem) -> None:
            named = (_encode(request.id), request.op.encode())
            connection.write(self._reply(*named, answer, in_us))

        try:
            if not connection.server.context.vault.is_current(key):
                connection.check()
                return
            if not key.permissions & Permission.TRADE:
                require(key, Permission.TRADE)
            args = bytes(request.args)
            if operation is not None:
                operation(key, args, self._expiry(request), reply)
            elif absent is not None:
                reply(refused(absent, args))
        except Problem as problem:
            reply(_as_arguments(problem))

    def _refuse(self, connection: Connection, request: Request, problem: Problem) -> None:
        """What is no operation here is answered with an event, not with a reply."""
        connection.write(connection.head._replace(request_id=request.id).error(problem))

    def _expiry(self, request: Request) -> int:
        """`expTime` in ms, 0 without; Problem 50036, 51000."""
        given = request.exp_time
        return expiry(str(given), self._clock.exchange_ms()) if given else 0

    def _order(self, most: int, key: Caller, args: bytes, expires_ms: int, reply: Reply) -> None:
        orders = _rows(_place, PlaceParams, args, most)
        if len(orders) == 1:
            self._submission.place_one(key, orders[0], expires_ms, reply)
        else:
            self._submission.place(key, orders, expires_ms, reply)

    def _cancel_order(
        self, most: int, key: Caller, args: bytes, _expires_ms: int, reply: Reply
    ) -> None:
        self._submission.cancel(key, _rows(_cancel, CancelParams, args, most), reply)

    def _amend_order(
        self, most: int, key: Caller, args: bytes, expires_ms: int, reply: Reply
    ) -> None:
        orders = _rows(_amend, AmendParams, args, most)
        self._submission.amend(key, orders, expires_ms, reply)

    def _reply(
        self, request_id: bytes, operation: bytes, answer: Answer | Problem, in_us: int
    ) -> bytes:
        """The frame of a reply; `code` as on REST, of a refused request its own."""
        if isinstance(answer, Problem):
            code, message, rows = answer.code, answer.message, b""
        else:
            failed = answer.failed
            code = 0 if not failed else 1 if failed == len(answer.rows) else 2
            # As OKX: clients read why in the rows, some of them only where this is empty.
            message = ""
            rows = b",".join(answer.rows)
        return text_frame(
            b'{"id":%b,"op":"%b","data":[%b],"code":"%d","msg":%b,"inTime":"%d","outTime":"%d"}'
            % (
                request_id,
                operation,
                rows,
                code,
                _encode(message) if message else b'""',
                in_us,
                self._wall_us(),
            )
        )


def _rows(fast: msgspec.json.Decoder[list[P]], shape: type[P], args: bytes, most: int) -> list[P]:
    """The parameter objects of a request, one to `most`; Problem 60013."""
    rows = wire.many(fast, shape, args)
    if not rows:
        raise _no_rows()
    if len(rows) > most:
        raise Problem(60013, allowed="a list of one object; for more there is an operation batch-…")
    return rows


def _no_rows() -> Problem:
    return Problem(60013, allowed="a list of at least one object")


def _as_arguments(problem: Problem) -> Problem:
    """What REST says of a body, as WebSocket says it of arguments."""
    if problem.code in (50000, 50002):
        return _no_rows()
    return problem
