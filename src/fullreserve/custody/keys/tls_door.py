"""The TLS side of a data folder: where its certificates are, who is asked, who may ask.

`custody-certificates/NAME.pem` is a ceremony's certificate and `NAME.key` its key: a signer's is
encrypted under its passphrase, a coordinator's is not, since a coordinator is trusted with nothing.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

from fullreserve.custody.keys import tls
from fullreserve.custody.keys.record import Record
from fullreserve.custody.keys.tls import Endpoint, NotTrusted, Trust

CERTIFICATES = "custody-certificates"
COORDINATOR = "payer"


async def listen(
    data: Path,
    name: str,
    where: str,
    passphrase: bytes,
    answering: Callable[[bytes], Awaitable[bytes]],
) -> asyncio.Server:
    """Serves coordinators at `host:port` as the signer of this name; OSError."""
    trust, of = _shown(data, name, passphrase, serves=True)
    host, _, port = where.rpartition(":")

    async def answered(asker: str, question: bytes) -> bytes:
        if asker != COORDINATOR:
            raise NotTrusted(f"{asker} is a holder and asks no signer")
        return await answering(question)

    return await tls.serve(answered, trust, of, host, int(port))


def ask(data: Path, place: str, question: bytes) -> bytes:
    """The answer of the signer at `tls:name@host:port`; OSError."""
    try:
        where = Endpoint.read(place)
    except ValueError as bad:
        raise NotTrusted(str(bad)) from None
    trust, of = _shown(data, COORDINATOR, b"", serves=False)
    return tls.ask(where, trust, of, question)


def _shown(
    data: Path, name: str, passphrase: bytes, *, serves: bool
) -> tuple[Trust, ssl.SSLContext]:
    trust = Trust.of(Record.of(data))
    folder = data / CERTIFICATES
    if name not in trust.certificates:
        raise NotTrusted(f"the record of ceremonies names no certificate of {name}")
    made = tls.context(
        trust, folder / f"{name}.pem", folder / f"{name}.key", passphrase, serves=serves
    )
    return trust, made
