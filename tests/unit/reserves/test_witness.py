"""Goal: whoever follows the log of statements from outside sees each lie about its history.

Method: folders as an exchange publishes them, made with its own key and code; then the same
exchange rewrites, truncates or forks its history, as section 6's attacks do. `witness.py` runs as a
stranger runs it, on the folder and over HTTP.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fullreserve.reserves.archive import Archive
from fullreserve.reserves.canonical import canonical
from fullreserve.reserves.keys import Signer
from fullreserve.reserves.statement import hash_of, signed
from fullreserve.reserves.transparency import Checkpoint, Log, leaf_hash
from tests.unit.reserves import following
from tests.unit.reserves.forge import KEY, Document
from tests.unit.reserves.receipts import history
from verifier import verify, witness

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = ROOT / "verifier" / "witness.py"
OTHER = Signer(bytes(range(1, 33)))


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing."""


def published(folder: Path, statements: list[Document], key: Signer = KEY) -> Path:
    """The public folder of an exchange that made these statements."""
    shutil.rmtree(folder, ignore_errors=True)
    archive = Archive(folder, key)
    for one in statements:
        archive.publish(signed(one, key))
    return archive.folder


def ran(state: Path, *sources: object, key: str = "") -> tuple[int, str]:
    """Exit code and sentence."""
    more = ["--key", key] if key else []
    done = subprocess.run(
        [sys.executable, str(PROGRAM), *map(str, sources), "--state", str(state), *more],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout.strip()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "witness.json"


@pytest.fixture
def exchange(tmp_path: Path) -> Path:
    return tmp_path / "exchange"


def told(count: int, other_from: int | None = None) -> list[Document]:
    """Statements that follow each other; from a place on those of another history."""
    made: list[Document] = []
    for place, one in enumerate(history(count)):
        del one["addresses"]  # no list is published here
        if other_from is not None and place >= other_from:
            one["journal"] = {**one["journal"], "sequence": 77}
        made.append({**one, "previous": hash_of(made[-1]) if made else ""})
    return made


@pytest.mark.parametrize(("first", "second"), [(1, 1), (1, 2), (3, 4), (4, 7), (5, 8), (7, 8)])
def test_a_log_that_grows_is_followed(state: Path, exchange: Path, first: int, second: int) -> None:
    """And each new statement is the next one, signed. Criterion: POR-WITNESS-1"""
    code, said = ran(state, published(exchange, told(first)))
    assert (code, said) == (0, f"From here on the log of {first} statements is watched.")
    code, said = ran(state, published(exchange, told(second)))
    assert code == 0
    assert said.startswith(f"The log of {second} statements only grew, by {second - first}; it is")
    kept = json.loads(state.read_bytes())
    assert kept["checkpoint"].split("\n")[1] == str(second)
    assert kept["statement"] == hash_of(told(second)[-1])


def forked(folder: Path) -> None:
    published(folder, told(5, 4))


def rewrote(folder: Path) -> None:
    published(folder, told(6, 1))


def truncated(folder: Path) -> None:
    published(folder, told(4))


def loses_entries(folder: Path) -> None:
    """With its newest checkpoint, and entries taken away."""
    hashes = published(folder, told(6)) / "log" / "hashes"
    hashes.write_bytes(hashes.read_bytes()[:-32])


def alters_an_entry(folder: Path) -> None:
    hashes = published(folder, told(6)) / "log" / "hashes"
    content = hashes.read_bytes()
    hashes.write_bytes(bytes((content[0] ^ 1,)) + content[1:])


def tells_two(folder: Path) -> None:
    """Another statement for an epoch than the one in the log."""
    place = published(folder, told(6)) / "epochs" / "6.json"
    place.write_bytes(canonical(signed({**told(6)[-1], "expires": 1}, KEY)))


def skips(folder: Path) -> None:
    """A statement that does not name the one before it."""
    made = told(6)
    made[5]["previous"] = "ab" * 32
    published(folder, made)


def unsigned(folder: Path) -> None:
    place = published(folder, told(6)) / "epochs" / "6.json"
    row = json.loads(place.read_bytes())
    place.write_bytes(canonical({**row, "signature": row["signature"][:-2] + "00"}))


def by_another(folder: Path) -> None:
    published(folder, told(6), OTHER)


def goes_back(folder: Path) -> None:
    made = told(6)
    made[5]["ts"] = made[4]["ts"] - 1
    published(folder, made)


LIES: tuple[tuple[Callable[[Path], None], str], ...] = (
    (forked, "there are two different logs of 5 entries."),
    (rewrote, "the log was rewritten: its first 5 entries are not what they were."),
    (truncated, "the log has 4 entries where it had 5: it was truncated."),
    (loses_entries, "the checkpoint is of 6 entries and only 5 are there: the log was truncated."),
    (alters_an_entry, "the entries of the log do not lead to its checkpoint."),
    (tells_two, "there are two different statements for epoch 6."),
    (skips, "statement 6 does not follow the one before it."),
    (goes_back, "statement 6 is said to be of before the one before it."),
    (unsigned, "statement 6 is not signed by the key of the exchange."),
    (by_another, "The log's checkpoint is not signed by the key of the exchange."),
)


@pytest.mark.parametrize(("lie", "sentence"), LIES, ids=[lie.__name__ for lie, _ in LIES])
def test_each_lie_about_the_log_is_told(
    state: Path, exchange: Path, lie: Callable[[Path], None], sentence: str
) -> None:
    """Again and again, and never forgotten. Criterion: POR-WITNESS-2, POR-ATTACK-3"""
    public = published(exchange, told(5))
    assert ran(state, public)[0] == 0
    before = state.read_bytes()
    lie(exchange)
    for _ in range(2):
        code, said = ran(state, public)
        assert code == 1
        assert said.startswith("TWO STORIES: ")
        assert sentence in said
        assert state.read_bytes() == before
    proof = json.loads(state.with_name("witness.json.proof").read_bytes())
    assert proof["kept"].split("\n")[1] == "5"
    assert "checkpoint" in proof[str(public)]


def of_contracts(*tokens: Document) -> list[Document]:
    """Statements that follow each other, each with its token."""
    made: list[Document] = []
    for one in following.counting(*tokens):
        del one["addresses"]
        made.append({**one, "previous": hash_of(made[-1]) if made else ""})
    return made


def test_another_contract_has_to_be_said(state: Path, exchange: Path) -> None:
    """With a statement that is no older than the last that counted the one before.

    Criterion: POR-WITNESS-2, POR-PIT-18
    """
    first, second = following.token(following.A), following.token(following.B)
    assert ran(state, published(exchange, of_contracts(first, first)))[0] == 0
    hidden = f"counts 0x{following.B} as USDT on ERC20 instead of 0x{following.A}, and does not"
    for unsaid in (second, {**second, "changed": following.at(1)}):
        code, said = ran(state, published(exchange, of_contracts(first, first, unsaid)))
        assert code == 1
        assert hidden in said
    told_openly = {**second, "changed": following.at(2)}
    code, said = ran(state, published(exchange, of_contracts(first, first, told_openly)))
    assert code == 0, said
    assert json.loads(state.read_bytes())["contracts"]["1 USDT"] == [f"0x{following.B}", 3]


def test_sources_are_compared_with_each_other(state: Path, tmp_path: Path) -> None:
    """A mirror that is behind is none of the lies; one of another log is.

    Criterion: POR-WITNESS-2
    """
    exchange, mirror = (published(tmp_path / name, told(6)) for name in ("a", "b"))
    published(tmp_path / "b", told(4))
    assert ran(state, exchange, mirror) == (
        *(0, "From here on the log of 6 statements is watched."),
    )
    published(tmp_path / "b", told(5, 3))
    code, said = ran(state, exchange, mirror)
    assert code == 1
    assert "tell two different logs: of their first 5 entries some differ." in said


@pytest.fixture
def served(exchange: Path) -> Iterator[str]:
    """The address of a web server that mirrors the folder."""
    handler = partial(Quiet, directory=str(exchange / "reserves" / "public"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_web_server_is_followed_as_a_folder_is(state: Path, exchange: Path, served: str) -> None:
    """Criterion: POR-WITNESS-1, POR-WITNESS-3"""
    published(exchange, told(3))
    key = KEY.public.hex()
    assert ran(state, served, key=key)[0] == 0
    published(exchange, told(5))
    assert ran(state, served, key=key)[1].startswith("The log of 5 statements only grew, by 2;")
    published(exchange, told(5, 2))
    assert ran(state, served, key=key)[0] == 1


def test_what_cannot_be_read_is_no_lie(state: Path, exchange: Path) -> None:
    """No source, a damaged file, another key: code 2, and nothing is forgotten.

    Criterion: POR-WITNESS-3
    """
    public = published(exchange, told(3))
    code, said = ran(state, exchange / "nowhere")
    assert code == 2
    assert said.startswith(f"NOT READ: {exchange}/nowhere does not give key.json: ")
    assert not state.exists()
    assert ran(state, public, key="ab" * 31)[0] == 2
    assert ran(state, public)[0] == 0
    before = state.read_bytes()
    assert ran(state, public, key=OTHER.public.hex()) == (
        *(2, f"NOT READ: {state} is of another key than the one you gave."),
    )
    (public / "log" / "checkpoint").write_text("fullreserve/reserves\nmany\n")
    assert ran(state, public) == (2, "NOT READ: The log's checkpoint has another form.")
    (public / "log" / "checkpoint").unlink()
    assert ran(state, public)[0] == 2
    assert state.read_bytes() == before
    state.write_text("{}")
    code, said = ran(state, public)
    assert code == 2
    assert "is damaged" in said


def test_roots_and_signatures_are_those_of_the_verifier() -> None:
    """The two programs were written apart. Criterion: POR-WITNESS-1"""
    log, leaves = Log(), list[bytes]()
    assert witness.root_of(leaves) == log.root()
    for n in range(1, 70):
        leaves.append(leaf_hash(bytes((n,))))
        log.append(leaves[-1])
        assert witness.root_of(leaves) == log.root()
    public, note = KEY.public, Checkpoint(log.size, log.root()).signed(KEY)
    found = witness.checkpoint_of(note, public)
    assert (found.size, found.root) == verify.check_checkpoint(note, public)
    message = b"a message"
    made = KEY.sign(message)
    for signature in (made, made[:-1] + b"\x00", bytes(64), made[:32] + b"\xff" * 32, b""):
        for key in (public, OTHER.public, bytes(32), b"\x01" + bytes(31)):
            same = verify.ed25519_holds(key, message, signature)
            assert witness.ed25519_holds(key, message, signature) is same
    assert witness.ed25519_holds(public, message, made)
