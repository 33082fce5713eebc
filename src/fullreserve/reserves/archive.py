"""The statements on disk, as static files that any web server can mirror.

    latest.json             the newest, with the log's checkpoint and its proof of inclusion
    epochs/<n>.json         each one
    evidence/<hash>.json    what shows the reserves of a statement
    addresses/<hash>.json   all addresses that a statement knows, and since when
    addresses.json          the newest of these lists
    log/hashes              32 bytes a statement: leaf hashes of the log, for witnesses
    log/checkpoint          the newest signed checkpoint
    history.json            ratios over time, for the page's plots
    key.json                the public key

A statement is durable, beside the folder, before its hash is in the log: after a crash the log goes
on where the files stand, and no second statement is made for an epoch that has one. Whatever is in
the folder under its own name is whole, at any moment and after any crash.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from fullreserve.journal.durable_file import replace_file, sync_folder, write_file
from fullreserve.reserves.canonical import canonical, digest
from fullreserve.reserves.keys import FOLDER, Signer
from fullreserve.reserves.statement import Document, hash_of, signed
from fullreserve.reserves.transparency import ORIGIN, Checkpoint, Log, leaf_hash

PUBLIC = "public"
HASHES = "log/hashes"
# What is being published, below the room's own folder: nobody is to see it before it is whole.
PENDING = "pending.json"
FRESH = ".new"
LEAF_BYTES = 32
# Enough for a plot of 90 days.
POINTS_MAX = 2_000
# A mirror may run as another user.
_READABLE = 0o644


class Damaged(ValueError):
    """The files contradict each other; the message says how, and what to do."""


class Archive:
    """All statements of an exchange, and the log over them."""

    def __init__(self, data: Path, signer: Signer) -> None:
        self.folder = data / FOLDER / PUBLIC
        self._pending = data / FOLDER / PENDING
        self._signer = signer
        self.log = Log()
        for part in ("epochs", "evidence", "addresses", "log"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        for part in ("", "epochs", "evidence", "addresses", "log"):
            _clear(self.folder / part)
        self._recover()
        key = {"exchange": signer.public.hex(), "origin": ORIGIN}
        self._write("key.json", key)

    @property
    def epoch(self) -> int:
        """The newest, 0 before the first. Epochs are counted from 1, as the log's entries."""
        return self.log.size

    @property
    def previous(self) -> str:
        """Hash of the newest statement, empty before the first."""
        return hash_of(self.read(self.epoch)["statement"]) if self.epoch else ""

    def read(self, epoch: int) -> Document:
        """A published epoch; FileNotFoundError."""
        document: Document = json.loads((self.folder / "epochs" / f"{epoch}.json").read_bytes())
        return document

    def publish(
        self,
        envelope: Document,
        evidence: Document | None = None,
        shown_addresses: Document | None = None,
    ) -> Document:
        """Makes a signed statement durable and public; what was published."""
        document = envelope["statement"]
        if document["epoch"] != self.epoch + 1:
            raise Damaged(f"epoch {document['epoch']} does not follow {self.epoch}")
        if shown_addresses is not None:
            self._once(f"addresses/{digest(shown_addresses)}.json", shown_addresses)
        if evidence is not None:
            name = f"evidence/{document['reserves']['evidence']}.json"
            self._once(name, evidence)
        self._append(envelope)
        row = {**envelope, "log": self._proof(self.epoch - 1)}
        self._write(f"epochs/{self.epoch}.json", row)
        self._finish(row)
        return row

    def put(self, name: str, content: bytes) -> None:
        """A file that is no statement's beside them, whole as they are."""
        self._show(name, content)

    def bundle(self, epoch: int) -> Document:
        """A published epoch with its place in the log as the log is now."""
        row = self.read(epoch)
        return {**row, "log": self._proof(epoch - 1)}

    def _proof(self, index: int) -> Document:
        """Where an entry stands, and that the log before the newest entry is its beginning."""
        size = self.log.size
        newest = Checkpoint(size, self.log.root())
        return {
            "checkpoint": newest.signed(self._signer),
            "index": index,
            "inclusion": [one.hex() for one in self.log.inclusion(index, size)],
            "before": {
                "size": size - 1,
                "root": self.log.root(size - 1).hex(),
                "consistency": [one.hex() for one in self.log.consistency(size - 1, size)],
            },
        }

    def consistency(self, first: int, second: int) -> Document:
        """That the log's first entries are the same in two sizes; transparency.Problem."""
        return {
            "first": first,
            "second": second,
            "firstRoot": self.log.root(first).hex(),
            "secondRoot": self.log.root(second).hex(),
            "proof": [one.hex() for one in self.log.consistency(first, second)],
        }

    def _append(self, envelope: Document) -> None:
        leaf = leaf_hash(canonical(envelope["statement"]))
        # The statement first: a hash without its statement could not be explained.
        replace_file(self._pending, canonical(envelope))
        with (self.folder / HASHES).open("ab") as file:
            file.write(leaf)
            file.flush()
            os.fsync(file.fileno())
        self.log.append(leaf)

    def _recover(self) -> None:
        place = self.folder / HASHES
        content = place.read_bytes() if place.exists() else b""
        whole = len(content) // LEAF_BYTES * LEAF_BYTES
        if whole != len(content):
            replace_file(place, content[:whole])
        if content:
            place.chmod(_READABLE)
        for at in range(0, whole, LEAF_BYTES):
            self.log.append(content[at : at + LEAF_BYTES])
        if not self.log.size:
            return
        row = self._newest()
        if leaf_hash(canonical(row["statement"])) != self.log.leaf(self.epoch - 1):
            raise Damaged(f"statement {self.epoch} is not the one in the log")
        if "log" not in row:
            # The envelope may be without its signature: folders of before there was a pending one.
            row = {**row, **signed(row["statement"], self._signer)}
            row["log"] = self._proof(self.epoch - 1)
            self._write(f"epochs/{self.epoch}.json", row)
        if self._shown() != self.epoch:
            self._finish(row)

    def _newest(self) -> Document:
        """As published, else as it was about to be; Damaged."""
        for place in (self.folder / "epochs" / f"{self.epoch}.json", self._pending):
            try:
                row: Document = json.loads(place.read_bytes())
                if row["statement"]["epoch"] == self.epoch:
                    return row
            except (OSError, ValueError, KeyError, TypeError):
                continue
        raise Damaged(f"statement {self.epoch} is in the log and cannot be read")

    def _shown(self) -> int:
        """The epoch of the files that are made from the newest statement, in their last."""
        try:
            points = json.loads((self.folder / "history.json").read_bytes())["points"]
            epoch: int = points[-1]["epoch"]
        except (OSError, ValueError, LookupError, TypeError):
            return 0
        return epoch

    def _finish(self, row: Document) -> None:
        self._show("latest.json", canonical(row))
        if "addresses" in row["statement"]:
            name = row["statement"]["addresses"]["list"]
            self._show("addresses.json", (self.folder / f"addresses/{name}.json").read_bytes())
        self._show("log/checkpoint", row["log"]["checkpoint"].encode())
        self._extend_history(row["statement"])

    def _extend_history(self, document: Document) -> None:
        place = self.folder / "history.json"
        points = json.loads(place.read_bytes())["points"] if place.exists() else []
        ratios = {one["symbol"]: one["ratio"] for one in document["assets"]}
        points.append({"ts": document["ts"], "epoch": document["epoch"], "ratios": ratios})
        while len(points) > POINTS_MAX:
            points = _thinned(points)
        self._show("history.json", canonical({"points": points}))

    def _once(self, name: str, document: Document) -> None:
        """A file that is named by what it holds."""
        if not (self.folder / name).exists():
            self._write(name, document)

    def _write(self, name: str, document: Document) -> None:
        place = self.folder / name
        fresh = self.folder / (name + FRESH)
        write_file(fresh, canonical(document))
        fresh.chmod(_READABLE)
        fresh.replace(place)
        sync_folder(place.parent)

    def _show(self, name: str, content: bytes) -> None:
        """What can be made again from the statements: whole or not there, but not synced."""
        fresh = self.folder / (name + FRESH)
        fresh.write_bytes(content)
        fresh.chmod(_READABLE)
        fresh.replace(self.folder / name)


def _clear(folder: Path) -> None:
    """Of what a process that was killed had not finished; a folder may hold many files."""
    with os.scandir(folder) as entries:
        halves = [Path(one.path) for one in entries if one.name.endswith(FRESH)]
    for half in halves:
        half.unlink()


def _thinned(points: list[Document]) -> list[Document]:
    """Half as many of the older half: of two neighbours the one with the lower ratio stays."""
    older, newer = points[: len(points) // 2], points[len(points) // 2 :]
    pairs = zip(older[::2], older[1::2], strict=False)
    return [min(pair, key=_lowest) for pair in pairs] + older[len(older) // 2 * 2 :] + newer


def _lowest(point: Document) -> float:
    return min((float(one) for one in point["ratios"].values() if one), default=float("inf"))
