"""Order operations from parameters to acknowledgement rows, for REST and WebSocket alike.

All orders of a call enter the log as one contiguous run; those that this gateway refuses itself get
their row without entering it, and count against the limits like others. Rows come back in the order
of the request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Generic, NamedTuple, TypeVar

import msgspec
import structlog

from fullreserve.door.protocol import Door, Limit, Refused, Result
from fullreserve.exchange.catalog import Instrument
from fullreserve.exchange.order_requests import PlainOrders
from fullreserve.exchange.wire.commands import AmendOrder, CancelOrder, PlaceOrder
from fullreserve.exchange.wire.events import Reply
from fullreserve.gateway import ids, refusals
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.limits import ACCOUNT_CODE, OrderLimits
from fullreserve.gateway.order_entry import (
    BATCH_MAX,
    TOO_MANY,
    TOO_MANY_AMENDS,
    AmendParams,
    CancelParams,
    OrderEntry,
    PlaceParams,
)
from fullreserve.identity.caller import Caller

P = TypeVar("P", PlaceParams, CancelParams, AmendParams)
OrderCommand = PlaceOrder | CancelOrder | AmendOrder

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(PlaceOrder).decode
_json = msgspec.json.Encoder().encode

log = structlog.get_logger(__name__)

RATE_LIMITED = 50011
# OKX's: a currency is short, and nothing can be borrowed.
SUB_CODES = {51008: "1000", 51502: "1030"}

# A command, its instrument, its client order id and its tag.
Plain = tuple[bytes, int, bytes, bytes]


class Answer(NamedTuple):
    """Encoded rows, and how many of them are refusals."""

    rows: list[bytes]
    failed: int


Done = Callable[[Answer | Problem], None]
Refusing = Callable[[Reply, Instrument, OrderCommand], Problem]


class Submission:
    """One gateway's way of order operations through the door."""

    def __init__(
        self,
        door: Door,
        entry: OrderEntry,
        limits: OrderLimits,
        exchange_ms: Callable[[], int],
        closed: Callable[[], Mapping[int, int]] = dict,
    ) -> None:
        self._closed = closed
        self._door = door
        self._entry = entry
        self._limits = limits
        self._exchange_ms = exchange_ms
        self.plain = PlainOrders(door.gateway)
        self._learned = 0

    def place_plain(self, key: Caller, body: bytes, expires_ms: int, done: Done) -> bool:
        """Place the one order of a JSON object; False, with nothing done, sends it the long way.

        Answers as `place_one` does.
        """
        plain = self.plain.order(body, key.uid, self._door.numbers(1), expires_ms)
        if plain is None:
            return self._learn() and self.place_plain(key, body, expires_ms, done)
        self.send_plain(key, plain, _answering(partial(self.answer, plain), done))
        return True

    def read_plain(self, key: Caller, message: bytes) -> tuple[bytes, Plain] | None:
        """The id, as it was sent, and the one order of a WebSocket request.

        None sends it the long way. Who reads an order sends it: its number is taken.
        """
        read = self.plain.request(message, key.uid, self._door.numbers(1))
        if read is None and self._learn():
            read = self.plain.request(message, key.uid, self._door.numbers(1))
        return read

    def _learn(self) -> bool:
        """Tells the reader of instruments that it does not know; False when there are none."""
        instruments = self._entry.instruments
        if len(instruments) == self._learned:
            return False
        for one in instruments.values():
            scales = (one.price_scale, one.size_scale, one.quote.scale)
            self.plain.learn(one.symbol, one.id, *scales)
        self._learned = len(instruments)
        return True

    def send_plain(self, key: Caller, plain: Plain, done: Callable[[Result], None]) -> None:
        """Sends an order that was read; `done` hears what became of it."""
        self._door.submit((plain[0],), done, self._limits.single(key, "place", plain[1]))

    def answer(self, plain: Plain, result: Result) -> Answer | Problem:
        """The row of an order that was read, from what became of it."""
        if isinstance(result, Refused):
            _, _, client_order_id, tag = plain
            params = PlaceParams(cl_ord_id=client_order_id.decode(), tag=tag.decode())
            return self._not_taken(params, result)
        reply = result[0]
        if reply.code:
            return self._refused_plain(plain, reply)
        _, _, client_order_id, tag = plain
        return Answer([placed_row(client_order_id, reply.order, tag, self._exchange_ms())], 0)

    def _refused_plain(self, plain: Plain, reply: Reply) -> Answer:
        command, instrument, client_order_id, tag = plain
        named = self._entry.instruments[instrument]
        problem = self._problem(reply, named, _unpack(command))
        params = PlaceParams(cl_ord_id=client_order_id.decode(), tag=tag.decode())
        return Answer([_place_row(params, reply.order, self._exchange_ms(), problem)], 1)

    def place(
        self, key: Caller, orders: Sequence[PlaceParams], expires_ms: int, done: Done
    ) -> None:
        """Place orders; `done` gets the rows once they are durable, or a request-level Problem."""
        self._check(orders)
        owner = key.uid
        number = self._door.numbers(len(orders))
        run = _Run(orders, _place_row, done, self._exchange_ms, self._problem)
        for position, params in enumerate(orders):
            try:
                run.add(position, *self._entry.place(params, owner, number, expires_ms))
            except Problem as problem:
                run.refuse(position, problem, self._entry.numbered(params))
            number += 1
        self._send(key, "place", run)

    def place_one(self, key: Caller, params: PlaceParams, expires_ms: int, done: Done) -> None:
        """As `place`; the way that most orders go."""
        try:
            number = self._door.numbers(1)
            instrument, command = self._entry.place(params, key.uid, number, expires_ms)
        except Problem as problem:
            run = _Run((params,), _place_row, done, self._exchange_ms, self._problem)
            run.refuse(0, problem, self._entry.numbered(params))
            self._send(key, "place", run)
            return
        limits = self._limits.single(key, "place", instrument.id)

        def render(result: Result) -> Answer | Problem:
            if isinstance(result, Refused):
                return self._not_taken(params, result)
            reply = result[0]
            problem = None
            if reply.code:
                problem = self._problem(reply, instrument, command)
            row = _place_row(params, reply.order, self._exchange_ms(), problem)
            return Answer([row], 1 if problem else 0)

        self._door.submit((_pack(command),), _answering(render, done), limits)

    def _not_taken(self, params: PlaceParams, result: Refused) -> Answer | Problem:
        problem = refused(result)
        if problem.code != ACCOUNT_CODE:
            return problem
        return Answer([_place_row(params, 0, self._exchange_ms(), problem)], 1)

    def _problem(self, reply: Reply, instrument: Instrument, command: OrderCommand) -> Problem:
        return refusals.problem(reply.code, reply.allowed, instrument, command, self._closed())

    def cancel(self, key: Caller, orders: Sequence[CancelParams], done: Done) -> None:
        """Cancel orders; as `place`."""
        self._check(orders)
        number = self._door.numbers(len(orders))
        run = _Run(orders, _cancel_row, done, self._exchange_ms, self._problem)
        for position, params in enumerate(orders):
            try:
                run.add(position, *self._entry.cancel(params, key.uid, number))
            except Problem as problem:
                run.refuse(position, problem, self._entry.numbered(params))
            number += 1
        self._send(key, "cancel", run)

    def amend(
        self, key: Caller, orders: Sequence[AmendParams], expires_ms: int, done: Done
    ) -> None:
        """Amend orders; as `place`. The second amendment of an order in a batch is refused."""
        self._check(orders, TOO_MANY_AMENDS)
        number = self._door.numbers(len(orders))
        run = _Run(orders, _amend_row, done, self._exchange_ms, self._problem)
        seen = set()
        for position, params in enumerate(orders):
            try:
                instrument, command = self._entry.amend(params, key.uid, number, expires_ms)
                order = (command.order, command.client_order_id)
                if order in seen:
                    raise Problem(51512)  # noqa: TRY301 - one place makes the row of a refusal
                seen.add(order)
                run.add(position, instrument, command)
            except Problem as problem:
                run.refuse(position, problem, self._entry.numbered(params))
            number += 1
        self._send(key, "amend", run)

    def _check(self, orders: Sequence[object], too_many: int = TOO_MANY) -> None:
        if not orders:
            raise Problem(50014, name="args")
        if len(orders) > BATCH_MAX:
            raise Problem(too_many, allowed=str(BATCH_MAX))

    def _send(self, key: Caller, operation: str, run: _AnyRun) -> None:
        numbers = [*(one.id for one in run.instruments), *run.refused]
        limits: Sequence[Limit]
        if len(numbers) == 1:
            limits = self._limits.single(key, operation, numbers[0])
        else:
            limits = self._limits.batch(key, operation, Counter(numbers))
        if run.commands:
            self._door.submit([_pack(command) for command in run.commands], run.finish, limits)
        elif limits:
            self._door.submit((), run.count, limits)
        else:
            run.finish(())


class _Run(Generic[P]):
    """One call on its way: what went through the door, and each row's place."""

    __slots__ = (
        "_done",
        "_exchange_ms",
        "_params",
        "_positions",
        "_problem",
        "_problems",
        "_row",
        "commands",
        "instruments",
        "refused",
    )

    def __init__(
        self,
        params: Sequence[P],
        row: Callable[[P, int, int, Problem | None], bytes],
        done: Done,
        exchange_ms: Callable[[], int],
        problem: Refusing,
    ) -> None:
        self._problem = problem
        self._params: Sequence[P] = params
        self._row: Callable[[P, int, int, Problem | None], bytes] = row
        self._done = done
        self._exchange_ms = exchange_ms
        self._positions: list[int] = []
        self._problems: dict[int, Problem] = {}
        self.commands: list[OrderCommand] = []
        self.instruments: list[Instrument] = []
        # Of each row that is refused here, its instrument's number; 0 for none.
        self.refused: list[int] = []

    def add(self, position: int, instrument: Instrument, command: OrderCommand) -> None:
        self._positions.append(position)
        self.instruments.append(instrument)
        self.commands.append(command)

    def refuse(self, position: int, problem: Problem, instrument: int) -> None:
        self._problems[position] = problem
        self.refused.append(instrument)

    def finish(self, result: Result) -> None:
        """Answer with the rows."""
        _answering(self._render, self._done)(result)

    def count(self, result: Result) -> None:
        """Answer with the rows, none of which was sent, unless there were too many requests."""
        is_limited = isinstance(result, Refused) and result.code == RATE_LIMITED
        self.finish(result if is_limited else ())

    def _render(self, result: Result) -> Answer | Problem:
        """The rows from the replies, which stand in the order of the commands."""
        orders = {}
        if isinstance(result, Refused):
            problem = refused(result)
            # It has the status 200, and clients look for a row behind that.
            if problem.code != ACCOUNT_CODE:
                return problem
            self._problems |= dict.fromkeys(self._positions, problem)
            result = ()
        for index, reply in enumerate(result):
            position = self._positions[index]
            orders[position] = reply.order
            if reply.code:
                self._problems[position] = self._refusal(index, reply)
        now = self._exchange_ms()
        rows = [
            self._row(params, orders.get(position, 0), now, self._problems.get(position))
            for position, params in enumerate(self._params)
        ]
        return Answer(rows, len(self._problems))

    def _refusal(self, index: int, reply: Reply) -> Problem:
        return self._problem(reply, self.instruments[index], self.commands[index])


_AnyRun = _Run[PlaceParams] | _Run[CancelParams] | _Run[AmendParams]


def rendered(render: Callable[[Result], Answer | Problem], result: Result) -> Answer | Problem:
    """What `render` makes of a result; 50026 when it fails."""
    try:
        return render(result)
    except Exception:  # the orders stand: whoever placed them must hear something
        log.exception("acknowledgement cannot be rendered", result=str(result)[:200])
        return Problem(50026)


def _answering(
    render: Callable[[Result], Answer | Problem], done: Done
) -> Callable[[Result], None]:
    """Gives `done` what is rendered; the client is answered when that fails, too."""
    return lambda result: done(rendered(render, result))


def refused(result: Refused) -> Problem:
    """A submission without replies as a Problem; the door's words where it has some."""
    return Problem(result.code if result.known else 50004, allowed=result.message)


def placed_row(client_order_id: bytes, order: int, tag: bytes, now: int) -> bytes:
    """The row of an order that was taken."""
    # Both texts were checked to be letters and digits, so they need no escaping.
    return (
        b'{"clOrdId":"%b","ordId":"%d","sCode":"0","sMsg":"","subCode":"","tag":"%b","ts":"%d"}'
        % (client_order_id, ids.BASE + order, tag, now)
    )


def _place_row(params: PlaceParams, order: int, now: int, problem: Problem | None) -> bytes:
    if problem is None:
        return placed_row(params.cl_ord_id.encode(), order, params.tag.encode(), now)
    return _json(
        {
            "clOrdId": params.cl_ord_id,
            "ordId": "",
            "sCode": str(problem.code),
            "sMsg": problem.message,
            "subCode": SUB_CODES.get(problem.code, ""),
            "tag": params.tag,
            "ts": str(now),
        }
    )


def _cancel_row(params: CancelParams, order: int, now: int, problem: Problem | None) -> bytes:
    return _json(
        {
            "clOrdId": params.cl_ord_id,
            "ordId": ids.text(order) or params.ord_id,
            "sCode": str(problem.code) if problem else "0",
            "sMsg": problem.message if problem else "",
            "ts": str(now),
        }
    )


def _amend_row(params: AmendParams, order: int, now: int, problem: Problem | None) -> bytes:
    return _json(
        {
            "clOrdId": params.cl_ord_id,
            "ordId": ids.text(order) or params.ord_id,
            "reqId": params.req_id,
            "sCode": str(problem.code) if problem else "0",
            "sMsg": problem.message if problem else "",
            "subCode": SUB_CODES.get(problem.code, "") if problem else "",
            "ts": str(now),
        }
    )
