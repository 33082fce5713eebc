"""TLS of both ports: one context, whose certificate is replaced without a restart."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from pathlib import Path

import structlog

from fullreserve.clock import Clock
from fullreserve.config import TlsSettings

# How often to look whether the files changed. Renewal comes weeks before the old certificate ends.
LOOK_MS = 30_000

log = structlog.get_logger(__name__)

Stamp = tuple[tuple[int, int, int], ...]


class UnusableCertificate(ValueError):
    """The certificate and key cannot be used; the message says why."""


class ServerTls:
    """The servers' TLS; `context` stays the same object when the certificate is renewed."""

    def __init__(self, settings: TlsSettings, clock: Clock) -> None:
        self._files = (Path(settings.certificate), Path(settings.key))
        self._clock = clock
        self._watching: asyncio.Task[None] | None = None
        self._stamp = self._look()
        self.context = server_context(*self._files)

    def _look(self) -> Stamp:
        """What tells a renewed file; a renewal may also point a link elsewhere."""
        stamps = []
        for file in self._files:
            with suppress(OSError):
                stat = file.stat()
                stamps.append((stat.st_ino, stat.st_mtime_ns, stat.st_size))
        return tuple(stamps)

    def reload(self) -> bool:
        """Serves what is in the files now from the next handshake on; else goes on as before."""
        self._stamp = self._look()
        try:
            # First aside: a key that does not fit must not break the context in use.
            server_context(*self._files)
            _load(self.context, *self._files)
        except UnusableCertificate as problem:
            log.warning("the renewed certificate is unusable; the old one is served on",
                      problem=str(problem))  # fmt: skip
            return False
        log.info("certificate renewed", certificate=str(self._files[0]))
        return True

    def start(self) -> None:
        """Follows the files from now on."""
        self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            await self._clock.wait_ms(LOOK_MS)
            if self._look() != self._stamp:
                self.reload()

    async def close(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """A context for servers, TLS 1.2 and later; UnusableCertificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    _load(context, certificate, key)
    return context


def _load(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    for file in (certificate, key):
        if not file.is_file():
            raise UnusableCertificate(f"{file} is not there (tls.certificate, tls.key)")
    try:
        # With a password in hand OpenSSL does not ask for one on the terminal.
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as problem:
        message = f"the certificate {certificate} and the key {key} cannot be used: {problem}"
        raise UnusableCertificate(message) from None


def client_context(certificate: str) -> ssl.SSLContext:
    """A context for clients on this machine: it trusts this exchange's certificate alone.

    They connect to an address, which need not stand in the certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cafile=certificate)
    return context
