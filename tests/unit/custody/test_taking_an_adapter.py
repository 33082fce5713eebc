"""Goal: a file counts once it was tried. Method: the command as it is typed, files that fail."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from fullreserve import cli
from fullreserve.custody import networks
from fullreserve.custody.adapter_files import FOLDER, Adapter, hash_of
from fullreserve.custody.keys import adapter_commands
from fullreserve.custody.networks import Network
from tests.unit.custody.test_adapter_files import CONTENT, EXAMPLE, FILE, network

OTHER = Network(
    network=6, kind="evm", nodes=(), branches=(), decimals={2: 18}, coin=2,
    credit_after=2, unlock_after=3,
)  # fmt: skip


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "data"
    made.mkdir(mode=0o700)
    monkeypatch.setenv("FULLRESERVE_DATA", str(made))
    networks.keep(made, [network(None), OTHER])
    return made


def typed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    capsys.readouterr()
    code = cli.main(("custody", *words))
    told = capsys.readouterr()
    return code, told.out + told.err


def test_a_file_is_tried_shown_and_then_counts(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: CHAINS-FAMILY-3. A dry run leaves all as it is; again it is the same."""
    before = (data / networks.FILE).read_bytes()
    code, told = typed(capsys, "take-adapter", "5", str(EXAMPLE), "--dry-run")
    assert code == 0, told
    assert told.splitlines() == [
        f"Adapter {FILE}, SHA-256 {hash_of(CONTENT)}: family bech32-accounts, of accounts.",
        f"The first user's address there is {told.split('is ')[1].split('.')[0]}.",
        "It has no node in custody.json: none was asked.",
        "Nothing was done: this was a dry run.",
    ]
    assert (data / networks.FILE).read_bytes() == before
    assert not (data / FOLDER).exists()
    for _ in range(2):
        code, told = typed(capsys, "take-adapter", "5", str(EXAMPLE))
        assert code == 0, told
        found, other = networks.load(data)
        assert found.adapter == Adapter(FILE, hash_of(CONTENT))
        assert found.addresses().address(1) in told
        assert other == OTHER


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("bech32.encode_bytes(self._hrp, place)", "'bell1'", "network 5, .*: BadAddress"),
        ('super().read("0x" + account.hex())', "account[::-1]", "as another place than its own"),
        ("if not (lanes or branch):", "if False:", "its policy signs without a key"),
        ('"bech32-accounts"', '"solana"', "of kind 'bech32-accounts', its adapter of 'solana'"),
        ("def chain(", "def chains(", "cannot be loaded: TypeError: .*abstract"),
        ("FAMILY = Bech32Accounts()", "", "names no FAMILY"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_and_nothing_is_kept(
    old: str,
    new: str,
    message: str,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Criterion: CHAINS-FAMILY-3. By either command; no exchange is asked for it."""
    text, place = CONTENT.decode(), tmp_path / "mine.py"
    assert old in text
    place.write_text(text.replace(old, new))
    assert_refused(data, capsys, place, message)


def test_a_node_that_does_not_answer_and_a_chain_of_another_kind_are_said(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: CHAINS-FAMILY-3."""
    asked = msgspec.structs.replace(network(None), nodes=("http://127.0.0.1:1",))
    networks.keep(data, [asked, OTHER])
    assert_refused(data, capsys, EXAMPLE, "NodeDown: 127.0.0.1:1 does not answer")
    place = tmp_path / "mine.py"
    old = '    """Blocks are read'
    assert old in CONTENT.decode()
    place.write_text(CONTENT.decode().replace(old, f"    is_script = True\n{old}"))
    assert_refused(data, capsys, place, "another is_script than its family")


@pytest.mark.parametrize(
    ("begins", "message"),
    [
        ("import os; os._exit(0)", "mine.py ends the process that loads it, with 0"),
        ("import os; os.kill(os.getpid(), 15)", "mine.py ends the process that loads it, with -15"),
        ("while True: pass", "mine.py is not loaded after 0.5 s"),
    ],
)
def test_a_file_that_ends_who_loads_it_or_never_does_is_said(
    begins: str,
    message: str,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Criterion: CHAINS-FAMILY-3. It would have ended with 0, or hung, without a word."""
    if "while" in begins:
        monkeypatch.setattr(adapter_commands, "LOADED_MS", 500)
    place = tmp_path / "mine.py"
    place.write_text(f"{CONTENT.decode()}\n{begins}\n")
    assert_refused(data, capsys, place, message)


def test_a_file_that_is_none_and_a_network_that_is_not_stated_are_said(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: CHAINS-FAMILY-3."""
    assert_refused(data, capsys, tmp_path / "gone.py", "No such file")
    wrong = tmp_path / "no name.py"
    wrong.write_bytes(CONTENT)
    assert_refused(data, capsys, wrong, "'no name.py' is no name of an adapter")
    assert_refused(data, capsys, EXAMPLE, "network 7 stands 0 times in .*, which has 5, 6", "7")


def assert_refused(
    data: Path, capsys: pytest.CaptureFixture[str], file: Path, message: str, number: str = "5"
) -> None:
    """By both commands in one line, nothing having been written."""
    before = (data / networks.FILE).read_bytes()
    define = ("define-network", number, "--code", "Bells", "--adapter", str(file))
    for words in (("take-adapter", number, str(file)), define):
        code, told = typed(capsys, *words)
        assert code == 1, told
        assert re.search(message, told), told
        assert told.startswith("fullreserve: ")
        assert len(told.splitlines()) == 1
    assert (data / networks.FILE).read_bytes() == before
    assert not (data / FOLDER).exists()
