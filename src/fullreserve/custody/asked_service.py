"""A service of the operator's or a vendor's, asked by signed requests; what it answers is signed.

A request is a JSON object with a `nonce` and a `ts` of its own; an answer repeats `request` and
`nonce`, so that neither can be played again. Both carry `X-Fullreserve-Signature`: HMAC-SHA-256 of
the body under a secret that both sides know, in hexadecimal digits. The same question may come more
than once, after a worker was killed, under the same `request`: it is to be answered the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from fullreserve.clock import NS_PER_MS, Clock
from fullreserve.custody.answer_deadline import response

SIGNATURE = "X-Fullreserve-Signature"
ANSWER_MAX = 64 * 1024
ATTEMPTS = 2
NS_PER_S = 10**9
# After a failure it counts as down for so long without being asked: nobody waits for it in turn.
DOWN_MS = 10_000
LOCAL = ("127.0.0.1", "localhost", "::1")


# Of their own, so that vendors who are slow keep nobody else of the process waiting for a thread.
THREADS = ThreadPoolExecutor(32, "vendor")

T = TypeVar("T")


async def apart(asked: Callable[[], T]) -> T:
    """What a blocking question comes to, asked in a thread of the vendors'."""
    return await asyncio.get_running_loop().run_in_executor(THREADS, asked)


class ServiceDown(Exception):
    """No answer, or none that can be believed; the message says why and holds no secret."""


class BadService(ValueError):
    """The service cannot be asked as it is configured."""


class Answer(msgspec.Struct):
    """`answer` is one of the words that the question allows."""

    request: str
    nonce: str
    answer: str


def signature(secret: bytes, body: bytes) -> str:
    """What stands in the header."""
    return hmac.new(secret, body, hashlib.sha256).hexdigest()


class Service:
    """One URL. Blocking: ask it from a thread."""

    def __init__(self, url: str, secret: bytes, timeout_ms: int, clock: Clock) -> None:
        parts = urlsplit(url)
        is_local = parts.hostname in LOCAL
        if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
            raise BadService(f"{parts.scheme}://{parts.hostname}: https, or http on this machine")
        if len(secret) < hashlib.sha256().digest_size:
            raise BadService(f"the secret for {parts.hostname} has fewer than 32 bytes")
        self.name = f"{parts.hostname}:{parts.port or ''}".rstrip(":")
        self._parts = parts
        self._secret = secret
        self._timeout_s = timeout_ms / 1000
        self._clock = clock
        self._down_until_ms = 0

    def ask(self, request: str, facts: Mapping[str, Any], words: tuple[str, ...]) -> str:
        """One of `words`; ServiceDown."""
        now_ms = self._clock.monotonic_ns() // NS_PER_MS
        if now_ms < self._down_until_ms:
            raise ServiceDown(f"{self.name} was down a moment ago")
        problem = ServiceDown("")
        for _ in range(ATTEMPTS):
            try:
                return self._asked(request, facts, words)
            except ServiceDown as one:
                problem = one
            except Exception as one:  # noqa: BLE001 - whatever it sends, it is no answer
                problem = ServiceDown(f"{self.name}: {type(one).__name__}")
        self._down_until_ms = self._clock.monotonic_ns() // NS_PER_MS + DOWN_MS
        raise problem

    def _asked(self, request: str, facts: Mapping[str, Any], words: tuple[str, ...]) -> str:
        nonce = os.urandom(16).hex()
        whole = {"request": request, "nonce": nonce, "ts": self._clock.wall_ms(), **facts}
        content, signed = self._post(msgspec.json.encode(whole))
        wanted = signature(self._secret, content).encode()
        if not hmac.compare_digest(wanted, signed.encode("latin-1", "replace")):
            raise ServiceDown(f"{self.name}: the answer is not signed with the secret")
        try:
            found = msgspec.json.decode(content, type=Answer)
        except msgspec.DecodeError:
            raise ServiceDown(f"{self.name}: the answer cannot be read") from None
        if (found.request, found.nonce) != (request, nonce):
            raise ServiceDown(f"{self.name}: the answer is to another question")
        if found.answer not in words:
            raise ServiceDown(f"{self.name}: the answer is none of {', '.join(words)}")
        return found.answer

    def _post(self, body: bytes) -> tuple[bytes, str]:
        """The answer's body and its signature; ServiceDown. Redirections are not followed."""
        parts = self._parts
        https = parts.scheme == "https"
        make = http.client.HTTPSConnection if https else http.client.HTTPConnection
        connection = make(parts.hostname or "", parts.port, timeout=self._timeout_s)
        headers = {"Content-Type": "application/json", SIGNATURE: signature(self._secret, body)}
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        until_ns = self._clock.monotonic_ns() + int(self._timeout_s * NS_PER_S)
        try:
            connection.request("POST", target, body, headers)
            told = response(connection, lambda: (until_ns - self._clock.monotonic_ns()) / NS_PER_S)
            content = told.read(ANSWER_MAX + 1)
        except (OSError, http.client.HTTPException) as problem:
            raise ServiceDown(f"{self.name}: {type(problem).__name__}") from None
        finally:
            connection.close()
        if told.status != http.client.OK or len(content) > ANSWER_MAX:
            raise ServiceDown(f"{self.name}: status {told.status}, {len(content)} bytes")
        return content, told.headers.get(SIGNATURE, "")
