"""Signers over mutually authenticated TLS: both sides show a certificate of a ceremony.

A certificate counts when the record names it for that name: one of a holder who was replaced opens
nothing, though its authority is the same. TLS 1.3 alone. What is said within is `signer_wire`'s.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from fullreserve.custody.keys.authority import SUFFIX
from fullreserve.custody.keys.record import Record

LENGTH = 4
QUESTION_MAX = 1 << 23
REQUEST_S = 10.0
SCHEME = "tls:"

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
    """Authorities (PEM), and the fingerprint of each name's certificate."""

    authorities: Sequence[str]
    certificates: Mapping[str, str]

    @classmethod
    def of(cls, record: Record) -> Trust:
        return cls(tuple(record.state.authorities), dict(record.state.certificates))

    def name_of(self, connection: ssl.SSLObject | ssl.SSLSocket) -> str:
        """Whom the other side has proven to be; NotTrusted."""
        shown = connection.getpeercert(binary_form=True)
        told = hashlib.sha256(shown or b"").hexdigest()
        for name, known in self.certificates.items():
            if known == told:
                return name
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


async def serve(
    answering: Answering, trust: Trust, of: ssl.SSLContext, host: str, port: int
) -> asyncio.Server:
    """Listens; each question comes with the name of who asks."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            name = trust.name_of(writer.get_extra_info("ssl_object"))
            while head := await reader.read(LENGTH):
                head += await reader.readexactly(LENGTH - len(head))
                length = int.from_bytes(head, "big")
                if length > QUESTION_MAX:
                    break
                answer = await answering(name, await reader.readexactly(length))
                writer.write(len(answer).to_bytes(LENGTH, "big") + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass  # strangers, and those who go away
        finally:
            writer.close()

    return await asyncio.start_server(connection, host, port, ssl=of)


def ask(where: Endpoint, trust: Trust, of: ssl.SSLContext, question: bytes) -> bytes:
    """The answer of exactly this signer; NotTrusted, OSError."""
    with socket.create_connection((where.host, where.port), REQUEST_S) as bare:
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
                return _exactly(stream.read(length), length, where)


def _exactly(content: bytes, length: int, where: Endpoint) -> bytes:
    if len(content) != length:
        raise NotTrusted(f"{where.name} does not take our certificate, or went away")
    return content
