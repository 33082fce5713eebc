"""Goal: a signer that answers nonsense, or signs wrongly, holds nothing up: the next one is asked.

Method: signers at sockets, of which the first is wrong; parts of scripts, altered one by one.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from coincurve import PrivateKey
from embit.psbt import PSBT

from fullreserve.custody.addresses import UtxoAddresses
from fullreserve.custody.chains import evm_transaction
from fullreserve.custody.chains import utxo_transaction as coins
from fullreserve.custody.chains.adapter import Plan
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.payer_desk import NotSigned
from fullreserve.custody.quorum import Quorum
from fullreserve.custody.signer_wire import Answer
from fullreserve.custody.signing import lane_of
from tests.unit.custody.test_addresses import NEW, ROOTS

KEY, OTHER = PrivateKey(b"\x01" * 32), PrivateKey(b"\x02" * 32)
LANE = lane_of(KEY)
BRANCH = Branch(KEY.public_key.format().hex(), "00" * 32)
NETWORK = Network(
    network=1, kind="evm", nodes=(), branches=(BRANCH,), decimals={1: 18}, coin=1, credit_after=1,
    unlock_after=2, chain_id=5, lanes=(LANE.hex(),), signers=("bad.sock", "good.sock"),
)  # fmt: skip
BODY = evm_transaction.Body(5, LANE, 0, b"\x09" * 20, 10, b"", 21_000, 1, 2)
PLAN = Plan(1, (7,), evm_transaction.binding(LANE, 0), msgspec.json.encode(BODY), 1)
GOOD = KEY.sign_recoverable(BODY.digest(), hasher=None)


@contextmanager
def answering(path: Path, content: bytes) -> Iterator[None]:
    """Something that says this to whatever is asked at a socket."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def answer() -> None:
            while True:
                try:
                    asking, _ = listener.accept()
                except OSError:
                    return
                with asking:
                    left = int.from_bytes(asking.recv(4, socket.MSG_WAITALL), "big")
                    asking.recv(left, socket.MSG_WAITALL)
                    asking.sendall(len(content).to_bytes(4, "big") + content)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    "wrong",
    [
        b"<html>",
        b"",
        msgspec.json.encode(Answer(b"short")),
        msgspec.json.encode(Answer(bytes(65))),
        msgspec.json.encode(Answer(OTHER.sign_recoverable(BODY.digest(), hasher=None))),
        msgspec.json.encode(Answer(KEY.sign_recoverable(b"\x05" * 32, hasher=None))),
    ],
)
def test_whatever_one_signer_answers_the_next_is_asked(tmp_path: Path, wrong: bytes) -> None:
    """Criterion: CHAINS-SIGNER-15."""
    good = msgspec.json.encode(Answer(GOOD))
    quorum = Quorum(tmp_path, NETWORK, lambda _: ())
    with answering(tmp_path / "bad.sock", wrong):
        with answering(tmp_path / "good.sock", good):
            assert quorum.sign(PLAN) == BODY.signed(GOOD)
        with pytest.raises(NotSigned, match=r"0 of 1 signers signed: .*bad\.sock"):
            quorum.sign(PLAN)


def test_a_part_that_is_signed_wrongly_is_none() -> None:
    """By another key, another signature of the same key, or with more than that changed.

    Criterion: CHAINS-SIGNER-15.
    """
    of = UtxoAddresses([one.public() for one in ROOTS], 2, "rltc")
    held = tuple(coins.Coin(bytes([n]) * 32, n, 50_000, 0) for n in (1, 2))
    body = coins.Body(held, (coins.Pays(of.place(7), 60_000),), 39_000)
    part = signed(body, of, 0)
    assert coins.is_of(part, body, of)
    assert coins.is_of(signed(body, of, 0, 1), body, of)
    assert not coins.is_of(coins.unsigned(body, of).serialize(), body, of)
    assert not coins.is_of(signed(msgspec.structs.replace(body, change=38_000), of, 0), body, of)
    for at in range(2):
        swapped, strange, changed, half = (PSBT.parse(part) for _ in range(4))
        (key, made), (_, other) = (next(iter(one.partial_sigs.items())) for one in swapped.inputs)
        swapped.inputs[at].partial_sigs[key] = other if made != other and at == 0 else made
        if at:
            swapped.inputs[at].partial_sigs[key] = next(
                iter(swapped.inputs[0].partial_sigs.values())
            )
        stranger = type(key).parse(NEW.public().key)
        strange.inputs[at].partial_sigs[stranger] = made
        changed.inputs[at].witness_utxo.value += 1
        half.inputs[at].partial_sigs.clear()
        for bad in (swapped, strange, changed, half):
            assert not coins.is_of(bad.serialize(), body, of)


def signed(body: coins.Body, of: UtxoAddresses, *signers: int) -> bytes:
    """By the keys of these at index 0."""
    from embit import ec

    made = coins.unsigned(body, of)
    for one in signers:
        made.sign_with(ec.PrivateKey(ROOTS[one].child(0).secret))
    return bytes(made.serialize())
