"""One order from the bytes of its HTTP request: read, checked and encoded by compiled code."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from fullreserve.clock import NS_PER_US, US_PER_MS
from fullreserve.door.protocol import Refused, Result
from fullreserve.gateway import wire
from fullreserve.gateway.context import Context
from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.address import Client
from fullreserve.gateway.rest.once import TOGETHER_MS, Once
from fullreserve.gateway.rest.signers import PlainOrder, Signers
from fullreserve.gateway.submission import Submission, placed_row
from fullreserve.identity.api_key import Permission

Respond = Callable[[int, bytes], None]

log = structlog.get_logger(__name__)


class SignedOrders:
    """`POST trade/order` of callers that are known; everything else is declined."""

    def __init__(
        self, context: Context, signers: Signers, submission: Submission, once: Once, path: bytes
    ) -> None:
        self._signers = signers
        self._submission = submission
        self._once = once
        self._path = path
        self._numbers = context.door.numbers
        self._exchange_ms = context.clock.exchange_ms
        self._now_ns = context.clock.monotonic_ns
        self._wall_us = context.clock.wall_us
        self._permission = int(Permission.TRADE)

    def take(self, data: bytes, client: Client, respond: Respond) -> bool:
        """Places the order; False, with nothing done, for anything that is not as usual."""
        started_ns = self._now_ns()
        in_us = self._wall_us()
        now_ms = in_us // US_PER_MS
        submission = self._submission
        found = self._signers.order(data, self._path, now_ms, submission.plain, self._numbers(1))
        if found is None:
            return False
        key, forwarded, sign, plain = found
        if not self._signers.admits(key, self._permission, client, forwarded, now_ms):
            return False
        # A name is one order's: two that are meant have two.
        if self._once.was_used(sign, now_ms, 0 if plain[2] else TOGETHER_MS):
            return False

        def answered(result: Result) -> None:
            try:
                status, content = self._answer(result, plain, in_us, started_ns)
            except Exception:  # the order stands: whoever placed it must hear something
                log.exception("acknowledgement cannot be rendered", result=str(result)[:200])
                problem = Problem(50026)
                status, content = problem.http, wire.refusal(problem.code, problem.message)
            respond(status, content)

        submission.send_plain(key, plain, answered)
        return True

    def _answer(
        self, result: Result, plain: PlainOrder, in_us: int, started_ns: int
    ) -> tuple[int, bytes]:
        if isinstance(result, Refused) or result[0].code:
            answer = self._submission.answer(plain, result)
            if isinstance(answer, Problem):
                return answer.http, wire.refusal(answer.code, answer.message)
            rows, failed = answer
        else:
            rows = [placed_row(plain[2], result[0].order, plain[3], self._exchange_ms())]
            failed = 0
        out_us = in_us + (self._now_ns() - started_ns) // NS_PER_US
        return 200, wire.rows(rows, failed, in_us, out_us)
