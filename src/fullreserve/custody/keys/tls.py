"""Signers over mutually authenticated TLS: both sides show a certificate of a ceremony.

A certificate counts when the record names it for that name: one of a holder who was replaced opens
nothing, though its authority is the same. TLS 1.3 alone. What is said within is `signer_wire`'s,
or `view_wire`'s.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import structlog

from fullreserve.clock import Clock
from fullreserve.custody.keys.authority import SUFFIX
from fullreserve.custody.keys.record import Record
from fullreserve.until_terminated import until_ended

LENGTH = 4
QUESTION_MAX = 1 << 23
REQUEST_S = 10.0
IDLE_S = 60.0  # until who is connected and asks nothing is let go
OPEN_MAX = 32  # connections of one host that are not known yet, and of one name
LINES_MAX = 10  # of refusals in the log, in a minute
MINUTE_NS = 60 * 10**9
SCHEME = "tls:"

log = structlog.get_logger(__name__)

Answering = Callable[[str, bytes], Awaitable[bytes]]


class NotTrusted(OSError):
    """The other side is not who it should be, or does not take us for whom we say we are."""


class Endpoint(NamedTuple):
    """Where a signer listens, and the name that its certificate must have."""

    name: str
    host: str
    port: int

    @classmethod
    def read(cls, text: str) -> Endpoint:
        """Of `tls:name@host:port`; ValueError."""
        name, at, place = text.removeprefix(SCHEME).partition("@")
        host, colon, port = place.rpartition(":")
        if not (text.startswith(SCHEME) and name and at and colon and port.isdigit()):
            raise ValueError(f"{text!r} is not {SCHEME}name@host:port")
        return cls(name, host, int(port))


class Trust(NamedTuple):
    """Authorities (PEM), the fingerprint of each name's certificate, names by renewed ones."""

    authorities: Sequence[str]
    certificates: Mapping[str, str]
    renewed: Mapping[str, str] = {}

    @classmethod
    def of(cls, record: Record) -> Trust:
        state = record.state
        return cls(tuple(state.authorities), dict(state.certificates), dict(state.renewed))

    def name_of(self, connection: ssl.SSLObject | ssl.SSLSocket) -> str:
        """Whom the other side has proven to be; NotTrusted."""
        shown = connection.getpeercert(binary_form=True)
        told = hashlib.sha256(shown or b"").hexdigest()
        for name, known in self.certificates.items():
            if known == told:
                return name
        if told in self.renewed:
            return self.renewed[told]
        raise NotTrusted("the certificate is not one that counts")


def context(
    trust: Trust, certificate: Path, key: Path, passphrase: bytes, *, serves: bool
) -> ssl.SSLContext:
    """How one side shows itself and whom it takes; OSError, ssl.SSLError for a wrong passphrase."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if serves else ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    made.verify_mode = ssl.CERT_REQUIRED
    made.load_verify_locations(cadata="\n".join(trust.authorities))
    # Never asked for on a terminal: a wrong passphrase is an error.
    made.load_cert_chain(certificate, key, password=lambda: passphrase)
    return made


class Shown(NamedTuple):
    """How one side shows itself now, and whom it takes."""

    trust: Trust
    context: ssl.SSLContext


class Refusals:
    """Says in the log who was refused: some lines in a minute, then how many more there were."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since = clock.monotonic_ns()
        self._said = self._more = 0

    def say(self, who: str, why: str) -> None:
        now = self._clock.monotonic_ns()
        if now - self._since >= MINUTE_NS:
            if self._more:
                log.warning("more was refused by TLS", times=self._more)
            self._since, self._said, self._more = now, 0, 0
        if self._said < LINES_MAX:
            self._said += 1
            log.warning("refused by TLS", who=who, why=why[:200])
        else:
            self._more += 1


class Listener:
    """Answers connections; each begins with what `shown` says then."""

    def __init__(
        self,
        answering: Answering,
        shown: Callable[[], Shown],
        clock: Clock,
        question_max: int = QUESTION_MAX,
    ) -> None:
        self._answering = answering
        self._shown = shown
        self._question_max = question_max
        self._refusals = Refusals(clock)
        self._open: Counter[tuple[str, str]] = Counter()

    async def listen(self, host: str, port: int) -> asyncio.Server:
        return await asyncio.start_server(until_ended(self._connection), host, port)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        who = str((writer.get_extra_info("peername") or ("?",))[0])
        try:
            with self._room("host", who):
                # Nothing is waited for before it: what is read until then would be lost to TLS.
                known = self._shown()
                await writer.start_tls(known.context, ssl_handshake_timeout=REQUEST_S)
                who = known.trust.name_of(writer.get_extra_info("ssl_object"))
            with self._room("name", who):
                await self._answer(who, reader, writer)
        except NotTrusted as refusal:
            self._refusals.say(who, str(refusal))
        except ssl.SSLError as problem:
            self._refusals.say(who, problem.reason or "no TLS")
        except OSError as problem:  # strangers, and those who go away
            self._refusals.say(who, f"no TLS: {type(problem).__name__}")
        finally:
            writer.close()

    async def _answer(
        self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Questions until they end; each comes with the name of who asks."""
        try:
            while question := await self._question(reader):
                # A certificate that was taken back meanwhile opens nothing more.
                self._shown().trust.name_of(writer.get_extra_info("ssl_object"))
                answer = await self._answering(name, question)
                writer.write(len(answer).to_bytes(LENGTH, "big") + answer)
                await writer.drain()
        except NotTrusted:
            raise
        except (asyncio.IncompleteReadError, TimeoutError, OSError):
            pass  # who is known may go away at any moment

    async def _question(self, reader: asyncio.StreamReader) -> bytes:
        async with asyncio.timeout(IDLE_S):
            if not (head := await reader.read(LENGTH)):
                return b""
            head += await reader.readexactly(LENGTH - len(head))
            length = int.from_bytes(head, "big")
            if length > self._question_max:
                raise NotTrusted(f"a question of {length} bytes: {self._question_max} at most")
            return await reader.readexactly(length)

    @contextmanager
    def _room(self, kind: str, who: str) -> Iterator[None]:
        """NotTrusted beyond OPEN_MAX."""
        if self._open[kind, who] >= OPEN_MAX:
            raise NotTrusted(f"more than {OPEN_MAX} connections")
        self._open[kind, who] += 1
        try:
            yield
        finally:
            self._open[kind, who] -= 1
            if not self._open[kind, who]:
                del self._open[kind, who]


def ask(
    where: Endpoint, trust: Trust, of: ssl.SSLContext, question: bytes, wait_s: float = REQUEST_S
) -> bytes:
    """The answer of exactly who is meant; NotTrusted, OSError."""
    with socket.create_connection((where.host, where.port), wait_s) as bare:
        try:
            wire = of.wrap_socket(bare, server_hostname=where.name + SUFFIX)
        except ssl.SSLError as problem:
            raise NotTrusted(f"{where.name}: {problem.reason or 'no TLS'}") from None
        with wire:
            if trust.name_of(wire) != where.name:
                raise NotTrusted(f"{where.name}: the certificate is another's")
            wire.sendall(len(question).to_bytes(LENGTH, "big") + question)
            with wire.makefile("rb") as stream:
                length = int.from_bytes(_exactly(stream.read(LENGTH), LENGTH, where), "big")
                if length > QUESTION_MAX:
                    raise NotTrusted(f"{where.name} answers {length} bytes")
                return _exactly(stream.read(length), length, where)


def _exactly(content: bytes, length: int, where: Endpoint) -> bytes:
    if len(content) != length:
        raise NotTrusted(f"{where.name} does not take our certificate, or went away")
    return content
