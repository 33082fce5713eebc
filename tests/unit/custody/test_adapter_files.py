"""Goal: only the file that the configuration names runs. Method: folders as an operator may leave
them, and files that are no family.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from coincurve import PrivateKey
from structlog.testing import capture_logs

from fullreserve.custody import adapter_files, networks
from fullreserve.custody.adapter_files import FOLDER, SIZE_MAX, Adapter, BadAdapter, hash_of
from fullreserve.custody.chains.families import FAMILIES
from fullreserve.custody.hd import Private
from fullreserve.custody.networks import BadNetworks, Branch, Network
from fullreserve.custody.signer import Signer, policies_of
from fullreserve.custody.signer_wire import SignMessage

FILE = "bech32_accounts.py"
EXAMPLE = Path(__file__).parents[3] / "examples/adapters" / FILE
CONTENT = EXAMPLE.read_bytes()
SOURCE = Path(adapter_files.__file__).parents[1]
KIND = "bech32-accounts"
PUBLIC = Private.of_seed(bytes(32)).public()
BRANCH = Branch(PUBLIC.key.hex(), PUBLIC.code.hex())


def kept(data: Path, content: bytes = CONTENT) -> Adapter:
    return adapter_files.keep(data, FILE, content)


def network(adapter: Adapter | None, kind: str = KIND, hrp: str = "bell") -> Network:
    return Network(
        network=5, kind=kind, nodes=(), branches=(BRANCH,), decimals={2: 18}, coin=2,
        credit_after=2, unlock_after=3, adapter=adapter, hrp=hrp,
    )  # fmt: skip


def loaded(data: Path, *stated: Network) -> list[Network]:
    networks.keep(data, list(stated))
    return networks.load(data)


def test_a_network_is_of_the_family_of_the_file_that_it_names(tmp_path: Path) -> None:
    """Criterion: CHAINS-FAMILY-1. Again it runs nothing, and leaves nothing beside the file."""
    (found,) = loaded(tmp_path, network(kept(tmp_path)))
    assert (found.family.name, found.is_script, found.needs_memo) == (KIND, False, False)
    text = found.addresses().address(7)
    assert text.startswith("bell1")
    assert found.addresses().read(text) == found.addresses().place(7)
    assert networks.load(tmp_path)[0].family is found.family
    assert [one.name for one in (tmp_path / FOLDER).iterdir()] == [FILE]
    assert (tmp_path / FOLDER / FILE).stat().st_mode & 0o777 == 0o600


def test_a_family_of_scripts_follows_from_bitcoins(tmp_path: Path) -> None:
    """Criterion: CHAINS-FAMILY-1."""
    content = (
        b"from fullreserve.custody.chains.families import Utxo\n"
        b"class Other(Utxo):\n    name = 'other'\nFAMILY = Other()\n"
    )
    stated = network(kept(tmp_path, content), "other")
    branches = tuple(
        Branch(one.key.hex(), one.code.hex())
        for one in (Private.of_seed(bytes([n]) * 32).public() for n in range(3))
    )
    stated = msgspec.structs.replace(stated, branches=branches, genesis="00" * 32)
    (found,) = loaded(tmp_path, msgspec.structs.replace(stated, nodes=("http://127.0.0.1:1",)))
    assert (found.is_script, found.signatures) == (True, 2)
    assert found.scripts().address(7).startswith("bell1q")
    assert [one.is_script for one in found.chains()] == [True]


def test_no_module_asks_for_a_family_by_its_name() -> None:
    """Criterion: CHAINS-FAMILY-5. What is asked of a chain is asked of its family."""
    asked = [
        f"{path.name}:{node.lineno}"
        for path in SOURCE.rglob("*.py")
        if ".kind" in (text := path.read_text()) and any(f'"{one}"' in text for one in FAMILIES)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Compare) and _asks_for_a_family(node)
    ]
    assert asked == []


def _asks_for_a_family(node: ast.Compare) -> bool:
    parts = list(ast.walk(node))
    is_of_kind = any(isinstance(one, ast.Attribute) and one.attr == "kind" for one in parts)
    return is_of_kind and any(
        isinstance(one, ast.Constant) and one.value in FAMILIES for one in parts
    )


def of_another_user(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(data / FOLDER / FILE, 4_242, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 4_242)


def altered(data: Path, _patch: pytest.MonkeyPatch) -> None:
    with (data / FOLDER / FILE).open("ab") as file:
        file.write(b"\n")


def missing(data: Path, _patch: pytest.MonkeyPatch) -> None:
    (data / FOLDER / FILE).unlink()


def no_folder(data: Path, _patch: pytest.MonkeyPatch) -> None:
    (data / FOLDER).rename(data / "elsewhere")


def linked(data: Path, _patch: pytest.MonkeyPatch) -> None:
    place = data / FOLDER / FILE
    place.rename(data / "elsewhere.py")
    place.symlink_to(data / "elsewhere.py")


def linked_folder(data: Path, _patch: pytest.MonkeyPatch) -> None:
    (data / FOLDER).rename(data / "elsewhere")
    (data / FOLDER).symlink_to(data / "elsewhere")


def a_pipe(data: Path, _patch: pytest.MonkeyPatch) -> None:
    (data / FOLDER / FILE).unlink()
    os.mkfifo(data / FOLDER / FILE)


def too_large(data: Path, _patch: pytest.MonkeyPatch) -> None:
    (data / FOLDER / FILE).write_bytes(b"#" * (SIZE_MAX + 1))


def others_write(data: Path, _patch: pytest.MonkeyPatch) -> None:
    (data / FOLDER / FILE).chmod(0o622)


def others_write_there(data: Path, _patch: pytest.MonkeyPatch) -> None:
    (data / FOLDER).chmod(0o777)


@pytest.mark.parametrize(
    ("happens", "message"),
    [
        (altered, r"was altered: its SHA-256 is [0-9a-f]{64}, and .* names .*`.* take-adapter`"),
        (missing, "cannot be read: No such file"),
        (no_folder, "cannot be read: No such file"),
        (linked, "cannot be read: .*; it is a plain file of its own, no link"),
        (linked_folder, "it is a plain file of its own, no link"),
        (a_pipe, f"is no plain file of at most {SIZE_MAX} bytes"),
        (too_large, f"is no plain file of at most {SIZE_MAX} bytes"),
        (of_another_user, "belongs to user .*; allowed: "),
        (others_write, "has mode 0622: others may write it; allowed: 0644 and less"),
        (others_write_there, "has mode 0777: others may write it"),
    ],
)
def test_another_file_than_the_one_that_was_checked_does_not_run(
    happens: Callable[[Path, pytest.MonkeyPatch], None],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Criterion: CHAINS-FAMILY-2. Though it ran in this process before."""
    loaded(tmp_path, network(kept(tmp_path)))
    happens(tmp_path, monkeypatch)
    with pytest.raises(BadNetworks, match=f"network 5: .*{message}"):
        networks.load(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("FAMILY = 1", f"{FILE} names no FAMILY, an instance of a class of `Family`"),
        ("", f"{FILE} names no FAMILY"),
        ("def (", f"{FILE} cannot be loaded: SyntaxError"),
        ("import fullreserve.solana", "cannot be loaded: ModuleNotFoundError: .*solana"),
        ("1 / 0", "cannot be loaded: ZeroDivisionError"),
        ("raise SystemExit", "cannot be loaded: SystemExit"),
        (
            "from fullreserve.custody.chains.families import FAMILIES\nFAMILY = FAMILIES['evm']",
            "evm is a family of the exchange's own source",
        ),
    ],
)
def test_what_is_no_family_is_refused_by_what_is_wrong_with_it(
    content: str, message: str, tmp_path: Path
) -> None:
    """Criterion: CHAINS-FAMILY-2."""
    with pytest.raises(BadNetworks, match=f"network 5: .*{message}"):
        loaded(tmp_path, network(kept(tmp_path, content.encode())))


@pytest.mark.parametrize("name", ["../x.py", "x", ".py", "a/b.py", "x.py\n", "é.py", "a" * 65])
def test_a_file_outside_of_the_folder_is_named_by_nobody(name: str, tmp_path: Path) -> None:
    """Criterion: CHAINS-FAMILY-2."""
    allowed = "allowed are 1 to 64 letters, digits, _ and -, then .py"
    with pytest.raises(BadNetworks, match=allowed):
        loaded(tmp_path, network(Adapter(name, hash_of(CONTENT))))
    with pytest.raises(BadAdapter, match=allowed):
        adapter_files.keep(tmp_path, name, CONTENT)


@pytest.mark.parametrize("wrong", ["", "ab", "AB" * 32, "zz" * 32])
def test_a_hash_is_a_whole_one(wrong: str, tmp_path: Path) -> None:
    """Criterion: CHAINS-FAMILY-2."""
    kept(tmp_path)
    with pytest.raises(BadNetworks, match="its hash is 64 hexadecimal digits in small letters"):
        loaded(tmp_path, network(Adapter(FILE, wrong)))


def test_a_kind_is_that_of_its_adapter(tmp_path: Path) -> None:
    """Criterion: CHAINS-FAMILY-2."""
    adapter = kept(tmp_path)
    with pytest.raises(BadNetworks, match="of kind 'solana', its adapter of 'bech32-accounts'"):
        loaded(tmp_path, network(adapter, "solana"))
    (found,) = loaded(tmp_path, network(None))
    with pytest.raises(BadNetworks, match=f"kind '{KIND}'; allowed: evm, memo, utxo, and that of"):
        found.addresses()


def test_what_an_adapter_cannot_do_is_its_networks_fault(tmp_path: Path) -> None:
    """Criterion: CHAINS-FAMILY-2. Whatever its code raises."""
    (found,) = loaded(tmp_path, network(kept(tmp_path), hrp=""))
    with pytest.raises(BadNetworks, match=f"network 5, {FILE}: ValueError: hrp"):
        found.addresses()
    broken = CONTENT.replace(b"if not network.hrp:", b"if network.nowhere:")
    (found,) = loaded(tmp_path, network(kept(tmp_path, broken)))
    with pytest.raises(BadNetworks, match=f"network 5, {FILE}: AttributeError"):
        found.addresses()


SECRET = bytes(31) + b"\x07"


def changed(data: Path, old: str, new: str) -> Network:
    """A network whose adapter was written otherwise."""
    text = CONTENT.decode()
    assert old in text
    networks.keep(data, [network(kept(data, text.replace(old, new).encode()))])
    (found,) = networks.load(data)
    return found


def test_a_policy_that_cannot_be_made_is_told_by_the_kind_of_its_fault(tmp_path: Path) -> None:
    """Criterion: CHAINS-FAMILY-4. What it says may hold a key."""
    old = "branch = signing.branch_of(secrets, network.network)"
    found = changed(tmp_path, old, f"raise KeyError(repr(secrets))\n        {old}")
    with pytest.raises(BadNetworks) as refused:
        policies_of([found], {"lane-0": SECRET})
    assert str(refused.value) == f"network 5, {FILE}: KeyError in its signer's policy"


async def test_a_policy_that_fails_ends_no_signer_and_tells_nothing_of_what_it_holds(
    tmp_path: Path,
) -> None:
    """Criterion: CHAINS-FAMILY-4. Neither to who asks nor in the log."""
    old = "raise WillNotSign("
    found = changed(
        tmp_path, old, f"raise KeyError(self._calls.own_keys()[0].secret)\n        {old}"
    )
    unused: Any = None
    presence = PrivateKey(bytes(31) + b"\x05")
    policies = policies_of([found], {"lane-0": SECRET})
    signer = Signer(policies, unused, presence, unused, unused)
    question = msgspec.json.encode(SignMessage(5, "lane-0", "Fullreserve says", hashed=False))
    with capture_logs() as logged:
        answer = await signer.answer(question)
    assert answer.refusal == "this signer's policy fails: KeyError"
    assert [one["problem"] for one in logged] == ["KeyError"]
