"""Goal: whatever keeps keys signs as chains take it and shows none. Method: one suite over each
kind of device (a file; SoftHSM2 through PKCS#11), with another library as judge."""

from __future__ import annotations

import faulthandler
import io
import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from coincurve import PublicKey
from eth_account import Account

from fullreserve.config import LogSettings
from fullreserve.custody.addresses import account_of, checksummed
from fullreserve.custody.keys import signature
from fullreserve.custody.keys.device import Device, DeviceProblem, NoSuchKey
from fullreserve.custody.keys.key_file import FileDevice
from fullreserve.custody.keys.token import TokenDevice
from fullreserve.logs import configure

NAME = "alice"
DIGESTS = [bytes([n]) * 32 for n in range(1, 41)]
PASSPHRASE = b"correct horse battery staple"
SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")


class Made:
    """A device, and how it is opened with a passphrase or PIN."""

    def __init__(self, device: Device, opened: Callable[[bytes], Device], word: bytes) -> None:
        self.device = device
        self.opened = opened
        self.word = word

    def again(self) -> Device:
        """A token is logged in to once by each process."""
        self.device.close()
        self.device = self.opened(self.word)
        return self.device


def made_file(folder: Path) -> Made:
    path = folder / "alice.keys"
    device = FileDevice.create(path, PASSPHRASE, [NAME])
    return Made(device, lambda word: FileDevice.open(path, word), PASSPHRASE)


def made_token(folder: Path, environment: pytest.MonkeyPatch) -> Made:
    if not SOFTHSM.exists() or not shutil.which("softhsm2-util"):
        pytest.skip("softhsm2 is not installed; `apt-get install softhsm2` installs it")
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    environment.setenv("SOFTHSM2_CONF", str(settings))
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", "hot", "--so-pin", "7357",
         "--pin", "2468"], check=True, capture_output=True,
    )  # fmt: skip
    device = TokenDevice.open(SOFTHSM, "hot", "2468")
    device.make(NAME)
    return Made(device, lambda word: TokenDevice.open(SOFTHSM, "hot", word.decode()), b"2468")


@pytest.fixture(scope="module", params=["file", "token"])
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as environment:
        one = made_file(folder) if request.param == "file" else made_token(folder, environment)
        yield one
        one.device.close()


def test_signatures_are_low_and_give_the_key_back(made: Made) -> None:
    """Criterion: CUST-KEY-1."""
    key = made.device.public(NAME)
    for digest in DIGESTS:
        signed = made.device.sign(NAME, digest)
        assert int.from_bytes(signed[32:64], "big") <= signature.ORDER // 2
        assert signature.recovered(signed, digest) == key
        assert signature.is_valid_der(signature.der(signed), digest, key)
        assert PublicKey(key).verify(signature.der(signed), digest, hasher=None)


def test_an_independent_wallet_names_the_same_account(made: Made) -> None:
    """Criterion: CUST-KEY-1."""
    account = checksummed(account_of(made.device.public(NAME)))
    for digest in DIGESTS[:5]:
        signed = made.device.sign(NAME, digest)
        v, r, s = 27 + signed[64], signed[:32], signed[32:64]
        told = Account._recover_hash(
            digest, vrs=(v, int.from_bytes(r, "big"), int.from_bytes(s, "big"))
        )
        assert told == account


def test_a_device_knows_its_keys_again(made: Made) -> None:
    """Criterion: CUST-KEY-1."""
    key = made.device.public(NAME)
    other = made.again()
    assert list(other.names()) == [NAME]
    assert other.public(NAME) == key
    branch = other.branch(NAME)
    if branch is not None:
        assert branch.child(7).key == other.public(NAME, (7,))
        signed = other.sign(NAME, DIGESTS[0], (7,))
        assert signature.recovered(signed, DIGESTS[0]) == branch.child(7).key


def test_what_makes_no_sense_is_refused(made: Made) -> None:
    """Criterion: CUST-KEY-2."""
    with pytest.raises(NoSuchKey, match="mallory"):
        made.device.sign("mallory", DIGESTS[0])
    for wrong in (b"", bytes(31), bytes(33), bytes(64)):
        with pytest.raises(DeviceProblem, match="32 bytes"):
            made.device.sign(NAME, wrong)
    if made.device.branch(NAME) is None:
        with pytest.raises(DeviceProblem, match="nothing is below"):
            made.device.sign(NAME, DIGESTS[0], (1,))
    with pytest.raises(TypeError, match="not copied"):
        pickle.dumps(made.device)


def test_a_module_or_token_that_is_not_there_is_named(made: Made, tmp_path: Path) -> None:
    """Criterion: CUST-KEY-2."""
    if not isinstance(made.device, TokenDevice):
        pytest.skip("of tokens alone")
    for module in (tmp_path / "none.so", Path(__file__)):
        with pytest.raises(DeviceProblem, match=f"module {module}: .*--module is the PKCS#11 lib"):
            TokenDevice.open(module, "hot", "2468")
    with pytest.raises(DeviceProblem, match=f"{SOFTHSM} has no token 'hal'; .* one of: .*'hot'"):
        TokenDevice.open(SOFTHSM, "hal", "2468")


def test_a_token_lets_no_key_out(made: Made) -> None:
    """Criterion: CUST-KEY-3."""
    if not isinstance(made.device, TokenDevice):
        pytest.skip("of tokens alone")
    import pkcs11

    (key,) = made.device._session.get_objects(
        {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
    )
    with pytest.raises(pkcs11.PKCS11Error):
        _ = key[pkcs11.Attribute.VALUE]
    with pytest.raises(DeviceProblem, match="already"):
        made.device.make(NAME)
    made.device.close()
    with pytest.raises(DeviceProblem, match="PinIncorrect"):
        made.opened(b"9999")
    made.device = made.opened(made.word)


def test_a_file_is_its_owners_and_opens_with_its_passphrase_alone(tmp_path: Path) -> None:
    """Criterion: CUST-KEY-4."""
    path = tmp_path / "keys"
    FileDevice.create(path, PASSPHRASE, [NAME])
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        FileDevice.create(path, PASSPHRASE, [NAME])
    with pytest.raises(DeviceProblem, match="passphrase is wrong"):
        FileDevice.open(path, PASSPHRASE + b"!")
    data = bytearray(path.read_bytes())
    for at in (len(b"fullreserve device 1\n") + 4, len(data) // 2, len(data) - 1):
        changed = bytes(data[:at]) + bytes([data[at] ^ 1]) + bytes(data[at + 1 :])
        other = tmp_path / f"changed-{at}"
        other.touch(0o600)
        other.write_bytes(changed)
        with pytest.raises(DeviceProblem):
            FileDevice.open(other, PASSPHRASE)
    path.chmod(0o640)
    with pytest.raises(DeviceProblem, match="chmod 600"):
        FileDevice.open(path, PASSPHRASE)


def everything_said(device: FileDevice, problem: BaseException) -> str:
    """What a careless line of code might print: logs with locals, traces, dumps."""
    out = io.StringIO()
    configure(LogSettings(), out)
    log = structlog.get_logger("test")
    log.warning("device", device=device, branch=device._private(NAME), state=vars(device))
    log.error("failed", exc_info=problem)
    structlog.reset_defaults()
    traceback.TracebackException.from_exception(problem, capture_locals=True).print(file=out)
    with tempfile.TemporaryFile() as dump:
        faulthandler.dump_traceback(dump, all_threads=True)
        dump.seek(0)
        out.write(dump.read().decode())
    return out.getvalue() + repr(device) + str(device) + f"{problem!r}"


def test_no_key_is_in_logs_dumps_or_errors(tmp_path: Path) -> None:
    """Criterion: CUST-KEY-5."""
    path = tmp_path / "keys"
    device = FileDevice.create(path, PASSPHRASE, [NAME])
    problems: list[BaseException] = []
    for wrong in (
        lambda: device.sign(NAME, b"short"),
        lambda: device.sign("mallory", DIGESTS[0]),
        lambda: FileDevice.open(path, b"wrong"),
    ):
        with pytest.raises(DeviceProblem) as caught:
            wrong()
        problems.append(caught.value)
    said = "".join(everything_said(device, one) for one in problems)
    assert "FileDevice" in said
    branch = device._private(NAME)
    for hidden in (branch.secret, branch.code, branch.child(7).secret, PASSPHRASE):
        bare = repr(hidden)[2:-1]
        shown = (hidden.hex(), bare, json.dumps(bare)[1:-1], str(int.from_bytes(hidden, "big")))
        assert not [one for one in shown if one in said]
        assert hidden not in path.read_bytes()


# Whose keys are a holder's, or those of TLS by which the exchange is known to signers elsewhere.
WITH_KEYS = (
    "fullreserve.custody.signer",
    "fullreserve.custody.demo_holders",
    "fullreserve.custody.signer_desk",
    "fullreserve.custody.paying",
    "fullreserve.custody.duty",
    "fullreserve.reserves.worker",
)
AFTER_MAIN = """
import contextlib, ctypes, importlib, resource, sys
program = importlib.import_module(sys.argv.pop(1))
with contextlib.suppress(Exception):
    program.main()  # which ends at once: there is no exchange here
print("dumps", resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


@pytest.mark.parametrize("module", WITH_KEYS)
def test_a_process_with_keys_leaves_no_core_dump(tmp_path: Path, module: str) -> None:
    """Criterion: CUST-KEY-5. By its limit, and as nobody may dump it, whatever the limit is."""
    told = subprocess.run(
        [sys.executable, "-c", AFTER_MAIN, module, "no specification"],
        env={**os.environ, "FULLRESERVE_DATA": str(tmp_path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout.splitlines()[-1] == "dumps (0, 0) 0"


def test_a_process_that_stays_dumpable_takes_no_keys() -> None:
    """Criterion: CUST-KEY-5. What the system answers is looked at."""
    script = """
import ctypes
from fullreserve.custody.keys import no_dumps
no_dumps._PR_SET_DUMPABLE = {option}
try:
    no_dumps.forbid_dumps()
except OSError as problem:
    print(problem)
"""
    # Asks only; asks for what no system knows.
    for option, said in ((3, "it stays dumpable"), (-1, "Invalid argument")):
        told = subprocess.run(
            [sys.executable, "-c", script.format(option=option)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert said in told.stdout
