"""The TLS side of a data folder: where its certificates are, who is asked, who may ask.

`custody-certificates/NAME.pem` is a ceremony's certificate and `NAME.key` its key: a signer's is
encrypted under its passphrase. A coordinator's is not, since a coordinator is trusted with nothing;
nor is the exchange's, which lies beside all that the exchange has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from threading import Lock

from fullreserve.clock import SystemClock
from fullreserve.custody.keys import taken, tls
from fullreserve.custody.keys.record import FILE as RECORD
from fullreserve.custody.keys.record import BadRecord, Record
from fullreserve.custody.keys.taken import NotTaken
from fullreserve.custody.keys.tls import Endpoint, Listener, NotTrusted, Shown, Trust
from fullreserve.custody.keys.view_wire import COORDINATOR

CERTIFICATES = "custody-certificates"


class Side:
    """One side's certificate and its copy of the record, read again as the files change.

    So a certificate that was replaced opens nothing from the moment that the new record lies there.
    Of who is `elsewhere` than the exchange it counts as far as he has taken it, or it proves itself
    (`taken`): whoever brings a copy could name another exchange or payer.
    """

    def __init__(
        self,
        data: Path,
        name: str,
        passphrase: bytes = b"",
        *,
        serves: bool,
        is_elsewhere: bool = False,
    ) -> None:
        folder = data / CERTIFICATES
        self._data = data
        self._name = name
        self._passphrase = passphrase
        self._serves = serves
        self._is_elsewhere = is_elsewhere
        self._files = (data / RECORD, folder / f"{name}.pem", folder / f"{name}.key")
        self._seen = (*self._files, taken.place(data, name))
        self._stamp: list[tuple[int, ...]] = []
        self._lock = Lock()

    def now(self) -> Shown:
        """NotTrusted where the record names no certificate of this name, or is damaged; OSError."""
        return self._now()[1]

    def record(self) -> Record:
        """This side's copy, as `now`."""
        return self._now()[0]

    def _now(self) -> tuple[Record, Shown]:
        with self._lock:
            stamp = [_stamp(path) for path in self._seen]
            if stamp != self._stamp:
                self._read = self._made()
                self._stamp = stamp
            return self._read

    def _made(self) -> tuple[Record, Shown]:
        try:
            if self._is_elsewhere:
                taken.check(self._data, self._name)
            record = Record.of(self._data)
        except (BadRecord, NotTaken) as bad:
            raise NotTrusted(str(bad)) from None
        trust, (_, certificate, key) = Trust.of(record), self._files
        if self._name not in trust.certificates:
            raise NotTrusted(f"the record of ceremonies names no certificate of {self._name}")
        made = tls.context(trust, certificate, key, self._passphrase, serves=self._serves)
        return record, Shown(trust, made)


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns


async def listen(
    data: Path,
    name: str,
    where: str,
    passphrase: bytes,
    answering: Callable[[bytes], Awaitable[bytes]],
    *,
    is_elsewhere: bool = False,
) -> asyncio.Server:
    """Serves coordinators at `host:port` as the signer of this name; OSError."""
    side = Side(data, name, passphrase, serves=True, is_elsewhere=is_elsewhere)
    side.now()
    host, _, port = where.rpartition(":")

    async def answered(asker: str, question: bytes) -> bytes:
        if asker != COORDINATOR:
            raise NotTrusted(f"{asker} is not {COORDINATOR}, and asks no signer")
        return await answering(question)

    return await Listener(answered, side.now, SystemClock()).listen(host, int(port))


def ask(data: Path, place: str, question: bytes) -> bytes:
    """The answer of the signer at `tls:name@host:port`; OSError."""
    try:
        where = Endpoint.read(place)
    except ValueError as bad:
        raise NotTrusted(str(bad)) from None
    known = Side(data, COORDINATOR, serves=False).now()
    return tls.ask(where, known.trust, known.context, question)
