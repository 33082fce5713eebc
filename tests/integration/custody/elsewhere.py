"""Signers and the exchange's desk for them as processes, each with a data folder of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import msgspec

from fullreserve.clock import SystemClock
from fullreserve.custody import networks, nodes
from fullreserve.custody.keys import authority
from fullreserve.custody.keys.card import Card
from fullreserve.custody.keys.record import FILE as RECORD
from fullreserve.custody.keys.record import RENEWAL, Entry, Record, ShownKey, TierWallet
from fullreserve.custody.keys.tls_door import CERTIFICATES
from fullreserve.custody.signer_wire import Spec

PASSPHRASE = b"a passphrase of the tests"
DESK, SIGNER = "fullreserve.custody.signer_desk", "fullreserve.custody.signer"


class Process:
    """A module that runs until the block ends, over a data folder."""

    def __init__(
        self,
        module: str,
        data: Path,
        *words: str,
        secret: bytes = b"",
        env: Mapping[str, str] = {},
    ) -> None:
        self.data = data
        self._module, self._words, self._secret = module, words, secret
        self._env = os.environ | {"FULLRESERVE_DATA": str(data), **env}
        self._process: asyncio.subprocess.Process | None = None
        self.said = ""

    async def start(self, ready: str) -> Self:
        """Returns when it says so."""
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", self._module, *self._words),
            env=self._env,
            stdin=pipe,
            stdout=pipe,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(self._secret)
        self._process.stdin.close()
        if ready:
            await self.until(ready)
        return self

    async def until(self, word: str) -> str:
        """The line with a word in it; AssertionError where it ends before."""
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.said += (told := line.decode())
            if word in told:
                return told
        raise AssertionError(self.said)

    async def ended(self) -> int:
        """Its code, once it has ended by itself."""
        assert self._process is not None
        assert self._process.stdout is not None
        self.said += (await self._process.stdout.read()).decode()
        return await self._process.wait()

    async def kill(self) -> None:
        """Ends it at whatever it does."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


class Ceremony:
    """Who has which certificate; folders are given what is theirs of it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._keys: dict[str, bytes] = {}
        self._issued: dict[str, str] = {}

    def hold(
        self, *names: str, wallets: Sequence[TierWallet] = (), cards: Sequence[Card] = ()
    ) -> None:
        """New certificates for these; the record names them from now on."""
        made = {name: authority.identity(name, self.phrase(name)) for name in names}
        now = SystemClock().wall_ms()
        title = f"{self.folder.name} {len(self._issued)}"  # of one name no other is looked for
        issued = authority.issue(title, [(name, one.request) for name, one in made.items()], now)
        self._keys |= {name: one.key for name, one in made.items()}
        self._issued |= issued.certificates
        prints = {name: authority.fingerprint(text) for name, text in issued.certificates.items()}
        entry = Entry(
            *(0, now, "ceremony", ""),
            cards=tuple(cards),
            wallets=tuple(wallets),
            authority=issued.authority,
            certificates=prints,
        )
        Record.of(self.folder).append(entry)

    def renew(self, name: str) -> None:
        """A certificate of the same key for exchange or payer, as `renew` records it."""
        before, now = self._issued[name], SystemClock().wall_ms()
        title = f"{self.folder.name} {name} again"
        issued = authority.renew(title, [(name, before)], now)
        self._issued |= issued.certificates
        after = issued.certificates[name]
        entry = Entry(
            *(0, now, RENEWAL, ""),
            authority=issued.authority,
            certificates={name: authority.fingerprint(after)},
        )
        shown = {name: ShownKey(after, before)}
        Record.of(self.folder).append(msgspec.structs.replace(entry, **shown))

    @staticmethod
    def phrase(name: str) -> bytes:
        """What a certificate's key is encrypted under; nothing beside the exchange."""
        return b"" if name in ("payer", "exchange") else PASSPHRASE

    def give(self, folder: Path, *names: str, under: str = "") -> None:
        """The record, and these names' certificates and keys; `under` another name."""
        shutil.copy(self.folder / RECORD, folder / RECORD)
        there = folder / CERTIFICATES
        there.mkdir(exist_ok=True)
        for name in names:
            (there / f"{under or name}.pem").write_text(self._issued[name])
            (there / f"{under or name}.key").write_bytes(self._keys[name])


def append_strangers(copy: Path, ceremony: Ceremony) -> bytes:
    """Has a copy of the record name certificates of a stranger's ceremony; what it was before."""
    kept, (theirs,) = copy.read_bytes(), Record.of(ceremony.folder).entries
    entry = Entry(
        *(0, 9, "ceremony", ""), authority=theirs.authority, certificates=theirs.certificates
    )
    Record(copy).append(entry)
    return kept


class Apart:
    """The exchange's folder with its desk, and signers' folders with nothing of the exchange's."""

    def __init__(self, folder: Path, ceremony: Ceremony) -> None:
        self.folder, self.ceremony = folder, ceremony
        self.home = folder / "exchange"
        self.home.mkdir()
        self.port = nodes.free_port()
        self._processes: list[Process] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for one in self._processes:
            await one.kill()

    def started(self, made: Process) -> Process:
        """One that ends with the test."""
        self._processes.append(made)
        return made

    async def desk(self) -> Process:
        where = {"FULLRESERVE_CUSTODY_SIGNERS": str(self.port)}
        return await self.started(Process(DESK, self.home, env=where)).start("are told")

    def away(self, name: str, served: Sequence[networks.Network]) -> Path:
        """A signer's own folder: networks, record, his certificate and its key."""
        folder = self.folder / name
        folder.mkdir()
        networks.keep(folder, list(served))
        self.ceremony.give(folder, name)
        return folder

    async def signer(self, name: str, port: int, ready: str = "signer serves") -> Process:
        folder = self.folder / name
        spec = Spec(
            *(name, str(folder / "keys"), str(folder / "own.sock"), str(folder)),
            listen=f"127.0.0.1:{port}",
            exchange=f"tls:exchange@127.0.0.1:{self.port}",
        )
        word = msgspec.json.encode(spec).decode()
        made = self.started(Process(SIGNER, folder, word, secret=PASSPHRASE + b"\n"))
        return await made.start(ready)
