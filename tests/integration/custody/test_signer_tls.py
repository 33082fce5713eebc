"""Goal: the hot signers also serve by TLS, and holders prove that they are there. Method: the
signer's process behind a ceremony's certificates; the fold of liveness in an exchange."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from fullreserve.custody import keyfile, networks, nodes
from fullreserve.custody.chains import evm_transaction
from fullreserve.custody.keys import answers, authority, card
from fullreserve.custody.keys.answers import NotTaken
from fullreserve.custody.keys.record import Entry, Record
from fullreserve.custody.keys.tls_door import CERTIFICATES
from fullreserve.custody.quorum import Quorum
from fullreserve.custody.signer_wire import SignerGone, SignPlan, ask_named
from fullreserve.custody.signing import WillNotSign, branch_name
from fullreserve.door.local import LocalDoor
from fullreserve.exchange import chart
from fullreserve.exchange.products.liveness import LIVENESS, Define, Liveness, LivenessState
from fullreserve.exchange.products.quorum_rules import Holder, Role
from fullreserve.exchange.products.quorum_rules import Quorum as Asked
from fullreserve.exchange.wire.commands import Product
from fullreserve.exchange.wire.queries import GetFold
from tests.bed import Bed, submit
from tests.integration.custody.holders import people
from tests.integration.custody.test_signer import (
    COLD,
    KEY,
    NETWORK,
    PASSPHRASE,
    TERMS,
    USERS,
    Signing,
    body_of,
    network,
    plan,
)
from tests.integration.custody.withdrawing import Withdrawing


def certify(data: Path, now_ms: int, **passphrases: bytes) -> None:
    """A ceremony that knows these names."""
    made = {name: authority.identity(name, word) for name, word in passphrases.items()}
    issued = authority.issue("c", [(name, one.request) for name, one in made.items()], now_ms)
    folder = data / CERTIFICATES
    folder.mkdir(exist_ok=True)
    for name, text in issued.certificates.items():
        (folder / f"{name}.pem").write_text(text)
        (folder / f"{name}.key").write_bytes(made[name].key)
    prints = {name: authority.fingerprint(text) for name, text in issued.certificates.items()}
    entry = Entry(0, now_ms, "ceremony", "", authority=issued.authority, certificates=prints)
    Record.of(data).append(entry)


@pytest.fixture
async def far(tmp_path: Path) -> AsyncIterator[Signing]:
    from fullreserve.clock import SystemClock

    networks.keep(tmp_path, [network()])
    secrets = {"lane-0": KEY.secret, "cold": COLD.secret}
    secrets[branch_name(NETWORK)] = USERS.secret + USERS.code
    keyfile.seal(tmp_path / "keys", secrets, PASSPHRASE)
    certify(tmp_path, SystemClock().wall_ms(), one=PASSPHRASE, two=PASSPHRASE, payer=b"")
    made = Signing(tmp_path, await Withdrawing.open(tmp_path, TERMS))
    made.listen = f"127.0.0.1:{nodes.free_port()}"
    process = await made.start()
    yield made
    assert await made.end(process) == 0
    await made.exchange.close()


async def test_the_payers_quorum_signs_by_tls(far: Signing) -> None:
    """Criterion: CUST-TLS-3."""
    payment = await far.approved(4)
    body = body_of(payment)
    wanted = plan(body, payment.withdrawal)
    there = msgspec.structs.replace(network(), signers=(f"tls:one@{far.listen}",))
    made = await asyncio.to_thread(Quorum(far.folder, there, lambda _: ()).sign, wanted)
    assert made.raw == evm_transaction.read_body(wanted.body).signed(await far.ask(wanted)).raw
    wrong = plan(msgspec.structs.replace(body, value=1), payment.withdrawal)
    with pytest.raises(WillNotSign, match="target, value or call are not those"):
        await asyncio.to_thread(ask_named, far.folder, f"tls:one@{far.listen}", SignPlan(wrong))
    for name in (f"tls:two@{far.listen}", "tls:one@127.0.0.1:1", "tls:nonsense"):
        with pytest.raises(SignerGone):
            await asyncio.to_thread(ask_named, far.folder, name, SignPlan(wanted))


HOLDERS = people(3)
QUORUM = Asked(1, Role.HOT, 2, tuple(Holder(n) for n in (1, 2, 3)), 300_000)


async def test_holders_answer_challenges_and_nobody_answers_for_them(tmp_path: Path) -> None:
    """Criterion: CUST-KEY-6."""
    bed = await Bed.open(tmp_path, folds=(Liveness(),))
    door = await LocalDoor.open(bed.sequencer, 9)
    word = msgspec.msgpack.encode(Define(QUORUM))
    await submit(door, [Product(9, door.numbers(1), LIVENESS, chart.HOUSE, word)])
    cards = [card.make(one.device, one.name, "file") for one in HOLDERS]
    digest, other = b"\x11" * 32, b"\x22" * 32
    await answers.challenge(door, 1, digest)
    signed = answers.answer(HOLDERS[0].device, HOLDERS[0].name, 1, digest)
    await answers.report(door, cards[0], 1, 1, digest, signed)
    for who, quorum, said, made in (
        (cards[1], 1, digest, signed),
        (cards[0], 2, digest, signed),
        (cards[0], 1, other, signed),
        (cards[0], 1, digest, signed[:-1]),
        (cards[0], 1, digest, b""),
    ):
        with pytest.raises(NotTaken, match="is not holder"):
            await answers.report(door, who, 1, quorum, said, made)
    # The challenge before the newest proves nothing.
    await answers.challenge(door, 1, other)
    with pytest.raises(NotTaken, match="94004"):
        await answers.report(door, cards[0], 1, 1, digest, signed)
    content = await door.query(GetFold(LIVENESS))
    state = msgspec.msgpack.decode(content, type=LivenessState)
    assert state.challenges == {1: other}
    with pytest.raises(NotTaken, match="32 bytes"):
        answers.answer(HOLDERS[0].device, HOLDERS[0].name, 1, b"short")
    await bed.close()
