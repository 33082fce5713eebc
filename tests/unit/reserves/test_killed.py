"""Goal: whoever publishes statements may be killed at any moment, and every file is whole.

Method: a process publishes and is ended with SIGKILL before its first touch of a file, its second,
and so on; after each the folder is read as a stranger would, and publishing goes on.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from itertools import pairwise
from pathlib import Path

from fullreserve.reserves import keys
from fullreserve.reserves.archive import FRESH, HASHES, LEAF_BYTES, Archive
from fullreserve.reserves.canonical import canonical, digest
from fullreserve.reserves.statement import Document
from fullreserve.reserves.statement import signed as signed_by
from tests.unit.reserves.forge import FOUNDED_MS, KEY, NOW_MS, statement_of
from tests.unit.reserves.receipts import MINUTE_MS, TREE
from verifier import verify

# What touches a file, by https://docs.python.org/3/library/audit_events.html
TOUCHES = ("open", "os.rename", "os.remove", "os.chmod")
TOUCHES_MAX = 200
AT_ONCE = 2  # statements of one process


def next_statement(archive: Archive, evidence: Document, listed: Document) -> Document:
    """What follows the newest, with evidence and addresses of its own."""
    epoch = archive.epoch + 1
    made = statement_of(
        *(TREE, (1_000, 20_000)),
        epoch=epoch, previous=archive.previous, ts=NOW_MS + epoch * MINUTE_MS,
        expires=NOW_MS + (epoch + 3) * MINUTE_MS,
    )  # fmt: skip
    made["addresses"] |= {"list": digest(listed)}
    made["reserves"] |= {"evidence": digest(evidence), "read": made["ts"] - 1_000}
    return made


def publish(data: Path) -> None:
    archive = Archive(data, KEY)
    archive.put("verify.py", b"a program\n" * 9_999)
    for _ in range(AT_ONCE):
        evidence: Document = {"v": 2, "chains": [], "of": archive.epoch}
        listed: Document = {"v": 1, "founded": FOUNDED_MS, "addresses": [str(archive.epoch)]}
        statement = next_statement(archive, evidence, listed)
        envelope = {**signed_by(statement, KEY), "house": TREE.proof(0)}
        archive.publish(envelope, evidence, listed)


def dies(data: Path, at: int) -> bool:
    """Publishes in a process that is killed before it touches a file for the `at`-th time."""
    child = os.fork()
    if child:
        status = os.waitpid(child, 0)[1]
        assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
        return os.WIFSIGNALED(status)
    left = at

    def touched(event: str, given: tuple[object, ...]) -> None:
        nonlocal left
        if event in TOUCHES and str(given[0]).startswith(str(data)):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    code = 1
    try:
        sys.addaudithook(touched)
        publish(data)
        code = 0
    finally:
        os._exit(code)


def check_whole(public: Path, known: dict[str, bytes]) -> None:
    """Every file is whole, readable by a mirror, and what was published before stays."""
    for place in public.rglob("*"):
        if place.is_dir() or place.name.endswith(FRESH) or place.name == "hashes":
            continue
        name, content = str(place.relative_to(public)), place.read_bytes()
        assert place.stat().st_mode & 0o044 == 0o044, name
        if place.suffix == ".json":
            assert content == canonical(json.loads(content)), name
        if name.startswith("epochs/"):
            verify.check_bundle(verify.load(content))
        if place.parent.name in ("evidence", "addresses", "epochs"):
            assert known.setdefault(name, content) == content, name
    verifier = public / "verify.py"
    assert not verifier.exists() or verifier.read_bytes() == b"a program\n" * 9_999
    latest = public / "latest.json"
    if latest.exists():
        row = verify.load(latest.read_bytes())
        epoch, named = row["statement"]["epoch"], row["statement"]["reserves"]["evidence"]
        assert (public / f"epochs/{epoch}.json").read_bytes() == latest.read_bytes()
        assert (public / f"evidence/{named}.json").exists()
        assert epoch <= (public / HASHES).stat().st_size // LEAF_BYTES


def test_a_publisher_that_is_killed_leaves_whole_files(tmp_path: Path) -> None:
    """At each touch of a file; and no epoch gets a second statement. Criterion: POR-STATE-18"""
    public, known = tmp_path / keys.FOLDER / "public", dict[str, bytes]()
    deaths = 0
    while dies(tmp_path, deaths + 1):
        deaths += 1
        check_whole(public, known)
        assert deaths < TOUCHES_MAX
    assert deaths > 10 * AT_ONCE, "it was killed too seldom to show anything"
    check_whole(public, known)
    archive = Archive(tmp_path, KEY)
    assert not list(public.rglob("*" + FRESH))
    rows = [archive.bundle(epoch) for epoch in range(1, archive.epoch + 1)]
    assert len(rows) > deaths // 20
    verify.check_files([json.dumps(one).encode() for one in rows[-3:]])
    for before, row in pairwise(rows):
        digest_of = verify.sha(verify.canonical(before["statement"])).hex()
        assert row["statement"]["previous"] == digest_of


def test_a_torn_hash_is_none(tmp_path: Path) -> None:
    """Of a log whose last entry was written in part the statement is made anew.

    Criterion: POR-STATE-18
    """
    publish(tmp_path)
    hashes = tmp_path / keys.FOLDER / "public" / HASHES
    with hashes.open("ab") as file:
        file.write(b"\x55" * 7)
    assert Archive(tmp_path, KEY).epoch == AT_ONCE
    publish(tmp_path)
    assert hashes.stat().st_size == 2 * AT_ONCE * LEAF_BYTES
