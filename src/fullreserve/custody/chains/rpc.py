"""JSON-RPC over HTTP to a chain's node, which may be down, slow, or say anything at all.

What a node answers is not trusted: an answer that is no JSON, too long, for another question, or of
another shape is told apart from a refusal and from silence.
"""

from __future__ import annotations

import base64
import http.client
import json
import weakref
from collections.abc import Mapping, Sequence
from copy import copy
from decimal import Decimal, InvalidOperation
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 10.0
ANSWER_MAX = 64 * 1024 * 1024
SHOWN = 80  # of an answer, in a message
MESSAGE_MOST = 500  # of what a node refuses with
DIGITS_MOST = 20  # before the point: no amount of coins has more
HEIGHT_BITS = 63  # of a block: what keeps and tells heights has signed words
BITS_MOST = 256  # of a quantity: no chain has larger numbers


class NodeProblem(Exception):
    """The node cannot be used as it is; nothing that depends on it may be concluded."""


class NodeDown(NodeProblem):
    """Nobody answers, or not in time."""


class NodeGarbage(NodeProblem):
    """The answer makes no sense: HTML, half an answer, a wrong shape, a block that is no block."""


class NodeMute(NodeGarbage):
    """What answers speaks no JSON or no HTTP, as what stands before a node that is down."""


class NodeRefuses(NodeProblem):
    """The node understood and says no."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Outbid(NodeRefuses):
    """A higher fee is wanted, as where it holds another transaction that takes the same."""


class OldRefused(NodeRefuses):
    """It tells of other things and not of an old state, and does not say that it has lost it."""


class Node:
    """One node. The URL may hold a name and a password, which no message repeats.

    Threads may ask at once, as where several plans are signed: one exchange waits for the other.
    """

    def __init__(self, url: str, timeout_s: float = TIMEOUT_S) -> None:
        parts = urlsplit(url)
        self.name = f"{parts.hostname}:{parts.port}"
        self._path = parts.path or "/"
        self._headers = {"Content-Type": "application/json"}
        if parts.username is not None:
            secret = f"{parts.username}:{parts.password or ''}".encode()
            self._headers["Authorization"] = "Basic " + base64.b64encode(secret).decode()
        make = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self._opens(make(parts.hostname or "", parts.port, timeout=timeout_s))
        self._last = 0
        self._asking = Lock()

    def apart(self) -> Node:
        """The same node through another connection, which waits for none of this one's calls."""
        made, old = copy(self), self._connection
        made._opens(type(old)(old.host, old.port, timeout=old.timeout))
        made._asking = Lock()
        return made

    def close(self) -> None:
        """Ends the connection; the next call makes a new one."""
        self._connection.close()

    def _opens(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection
        # Not by `__del__`: of a cycle the socket may be found first, and complains.
        weakref.finalize(self, connection.close).atexit = False

    def call(self, method: str, *params: Any) -> Any:
        """The result; NodeProblem."""
        with self._asking:
            self._last += 1
            answer = self._exchange(self._question(self._last, method, params))
            return _result(answer, self._last)

    def calls(self, asked: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """The results of several calls in one exchange, in order; NodeProblem for the first bad."""
        results = self.tried(asked)
        for one in results:
            if isinstance(one, NodeRefuses):
                raise one
        return results

    def tried(self, asked: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """As `calls`, but what the node refuses stands as NodeRefuses where its result would."""
        with self._asking:
            first = self._last + 1
            self._last += len(asked)
            questions = [self._question(n, *one) for n, one in enumerate(asked, first)]
            answers = self._exchange(questions) if asked else []
        if not isinstance(answers, list) or len(answers) != len(asked):
            raise NodeGarbage(f"{self.name} did not answer all of {len(asked)} questions")
        # What else a node says in place of a number may be no key at all.
        by_id = {a["id"]: a for a in answers if isinstance(a, dict) and type(a.get("id")) is int}
        return [_tried(by_id.get(n), n) for n in range(first, first + len(asked))]

    @staticmethod
    def _question(number: int, method: str, params: Sequence[Any]) -> dict[str, Any]:
        # Core's nodes speak 1.0 and take 2.0 for the same.
        return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}

    def _exchange(self, question: Any) -> Any:
        body = json.dumps(question).encode()
        try:
            content = self._post(body)
        except (ConnectionError, http.client.RemoteDisconnected):
            # A kept connection that the node has closed meanwhile; every call may be repeated.
            self._connection.close()
            try:
                content = self._post(body)
            except (OSError, http.client.HTTPException) as problem:
                raise self._down(problem) from None
        except (OSError, http.client.HTTPException) as problem:
            raise self._down(problem) from None
        try:
            return json.loads(content)
        except (ValueError, RecursionError):  # no JSON, or lists in lists without an end
            shown = content[:SHOWN].decode("utf-8", "replace")
            raise NodeMute(f"{self.name} answers no JSON: {shown!r}") from None

    def _post(self, body: bytes) -> bytes:
        self._connection.request("POST", self._path, body, self._headers)
        response = self._connection.getresponse()
        content = response.read(ANSWER_MAX + 1)
        if len(content) > ANSWER_MAX:
            self._connection.close()
            raise NodeGarbage(f"{self.name} answers more than {ANSWER_MAX} bytes")
        if response.status in (401, 403):
            raise NodeRefuses(response.status, f"{self.name} does not let us in")
        return content

    def _down(self, problem: Exception) -> NodeProblem:
        self._connection.close()
        if isinstance(problem, http.client.HTTPException):
            return NodeMute(f"{self.name} does not speak HTTP: {type(problem).__name__}")
        return NodeDown(f"{self.name} does not answer: {problem}")


def _result(answer: Any, number: int) -> Any:
    if not isinstance(answer, dict) or answer.get("id") != number:
        raise NodeGarbage(f"an answer to another question: {_shown(answer)}")
    problem = answer.get("error")
    if problem is not None:
        if not isinstance(problem, dict):
            raise NodeGarbage(f"an error of no shape: {_shown(problem)}")
        raise _refusal(problem)
    if "result" not in answer:
        raise NodeGarbage("an answer without a result")
    return answer["result"]


def _refusal(problem: Mapping[str, Any]) -> NodeRefuses:
    """Of a node's error; NodeGarbage where it says no code or message."""
    code, message = problem.get("code"), problem.get("message")
    if not (code is None or isinstance(code, int)) or not isinstance(message, str | None):
        raise NodeGarbage(f"an error of no shape: {_shown(problem)}")
    # Half a pair of UTF-16, which JSON may hold, could be written nowhere.
    said = str(message)[:MESSAGE_MOST].encode("utf-8", "replace").decode()
    return NodeRefuses(code or 0, said)


def _shown(value: Any) -> str:
    """The beginning of what a node said, for a message."""
    try:
        return repr(str(value)[:SHOWN])
    except (ValueError, RecursionError):  # as deep as what reads JSON goes
        return f"a {type(value).__name__}"


def _tried(answer: Any, number: int) -> Any:
    try:
        return _result(answer, number)
    except NodeRefuses as refusal:
        return refusal


def hexed(value: Any, size: int | None = None) -> bytes:
    """The bytes of `0x…` or of bare hexadecimal digits; NodeGarbage."""
    try:
        data = bytes.fromhex(value.removeprefix("0x"))
    except (ValueError, AttributeError):
        raise NodeGarbage(f"no pairs of hexadecimal digits: {_shown(value)}") from None
    if size is not None and len(data) != size:
        raise NodeGarbage(f"{len(data)} bytes where {size} belong")
    return data


def quantity(value: Any, bits: int = BITS_MOST) -> int:
    """The number of `0x…`; NodeGarbage, also for what is less than 0 or needs more bits."""
    try:
        number = int(value, 16)
    except (ValueError, TypeError):
        number = -1
    if number < 0 or number.bit_length() > bits:
        raise NodeGarbage(f"no number: {_shown(value)}")
    return number


def whole(value: Any) -> int:
    """A number of blocks as JSON wrote it, from 0 on; NodeGarbage."""
    if type(value) is not int or value < 0 or value.bit_length() > HEIGHT_BITS:
        raise NodeGarbage(f"no number of blocks: {_shown(value)}")
    return value


def decimal(value: Any) -> Decimal:
    """A number as JSON wrote it, or in a string; NodeGarbage for what is none that amounts have."""
    try:
        number = Decimal(str(value))
    except (InvalidOperation, ValueError, RecursionError):
        number = Decimal("NaN")
    if not number.is_finite() or number.adjusted() > DIGITS_MOST:
        raise NodeGarbage(f"no number: {_shown(value)}")
    return number


def listed(value: Any) -> list[Any]:
    """A list; NodeGarbage."""
    if not isinstance(value, list):
        raise NodeGarbage(f"no list: {_shown(value)}")
    return value


def field(value: Any, name: str) -> Any:
    """A field of an object; NodeGarbage."""
    if not isinstance(value, dict) or name not in value:
        raise NodeGarbage(f"an answer without {name}")
    return value[name]
