"""Goal: a signer signs what was approved, whoever asks for what. Method: the process itself, asked
by a coordinator under attack."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from coincurve import PrivateKey

from fullreserve.custody import keyfile, networks
from fullreserve.custody.chains import evm, evm_transaction
from fullreserve.custody.chains.adapter import Payment, Plan
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.signer import SignerGone, Spec, ask
from fullreserve.custody.signing import WillNotSign, lane_of

KEY = PrivateKey(b"\x07" * 32)
LANE, TOKEN, TARGET = lane_of(KEY), b"\x22" * 20, b"\x33" * 20
PAYMENT = Payment(9, 6, 1_000, TARGET)
CALL = evm_transaction.call_of(PAYMENT, TOKEN)
BODY = evm_transaction.Body(31_337, LANE, 4, *CALL, evm.GAS_TOKEN, 10, 10**11)
PASSPHRASE = b"open sesame"


def plan(body: evm_transaction.Body, withdrawals: tuple[int, ...] = (9,), network: int = 1) -> Plan:
    fixed = evm_transaction.binding(body.lane, body.nonce)
    return Plan(network, withdrawals, fixed, msgspec.msgpack.encode(body), 1)


class Process:
    def __init__(self, folder: Path, passphrase: bytes) -> None:
        self.socket = folder / "signer.sock"
        names = {name: str(folder / name) for name in ("keys", "intents")}
        spec = Spec(socket=str(self.socket), data=str(folder), **names)
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "fullreserve.custody.signer",
                msgspec.json.encode(spec).decode(),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(passphrase + b"\n")
        self.process.stdin.close()
        self.first = self.process.stdout.readline()

    def end(self) -> bytes:
        self.process.terminate()
        assert self.process.stdout is not None
        said = self.first + self.process.stdout.read()
        self.process.stdout.close()
        self.process.wait()
        return said


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("signer")
    branch = Branch(KEY.public_key.format().hex(), bytes(32).hex())
    network = Network(
        network=1, kind="evm", nodes=("http://127.0.0.1:1",), branches=(branch,), coin=2,
        decimals={2: 18, 6: 6}, credit_after=2, unlock_after=3, chain_id=31_337,
        tokens={6: TOKEN.hex()}, lanes=(LANE.hex(),),
    )  # fmt: skip
    networks.keep(made, [network])
    keyfile.seal(made / "keys", {"lane-0": KEY.secret}, PASSPHRASE)
    approved = {plan(BODY).binding: [PAYMENT]}
    (made / "intents").write_bytes(msgspec.msgpack.encode(approved))
    return made


@pytest.fixture(scope="module")
def signer(folder: Path) -> Iterator[Process]:
    running = Process(folder, PASSPHRASE)
    yield running
    said = running.end()
    assert KEY.secret.hex().encode() not in said
    assert KEY.secret not in said


def test_what_was_approved_is_signed_the_same_each_time(signer: Process) -> None:
    """Criterion: CHAINS-SIGNER-3."""
    signature = ask(signer.socket, plan(BODY))
    assert ask(signer.socket, plan(BODY)) == signature
    recovered = type(KEY.public_key).from_signature_and_message(
        signature, BODY.digest(), hasher=None
    )
    assert recovered == KEY.public_key
    assert signer.socket.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "proposal",
    [
        plan(msgspec.structs.replace(BODY, data=CALL[2][:-1] + b"\xff")),
        plan(msgspec.structs.replace(BODY, nonce=5)),
        plan(msgspec.structs.replace(BODY, chain_id=1)),
        plan(msgspec.structs.replace(BODY, max_fee=10**13)),
        plan(BODY, withdrawals=(9, 10)),
        plan(BODY, withdrawals=(10,)),
        plan(BODY, network=2),
        msgspec.structs.replace(plan(BODY), body=b"\xff"),
    ],
)
def test_a_coordinator_under_attack_gets_nothing(signer: Process, proposal: Plan) -> None:
    """Criterion: CHAINS-SIGNER-3."""
    with pytest.raises(WillNotSign):
        ask(signer.socket, proposal)
    assert ask(signer.socket, plan(BODY))


def test_a_signer_without_its_passphrase_ends_and_says_why(folder: Path, tmp_path: Path) -> None:
    """Criterion: CHAINS-SIGNER-4."""
    failed = Process(folder, b"open says me")
    assert failed.process.wait(30) == 1
    said = failed.end()
    assert b"passphrase is wrong" in said
    with pytest.raises(SignerGone):
        ask(tmp_path / "nobody.sock", plan(BODY))
