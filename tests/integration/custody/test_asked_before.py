"""Goal: before a payment is let go of a lane, all who may know of it are asked: signers and nodes.

Method: anvil behind liars, an exchange, its payer and signers, which have lost a lane's key; a
payer as a process of its own, ended by the kernel.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from fullreserve.custody import networks
from fullreserve.custody.chains import evm_transaction as tx
from fullreserve.custody.chains.adapter import Payment, Plan
from fullreserve.custody.chains.free_nonces import Doubt, Nodes
from fullreserve.custody.nodes import free_port
from fullreserve.custody.paying import STORE
from fullreserve.custody.signer_wire import (
    Answer,
    AnyQuestion,
    ShowSigned,
    Signed,
    SignPlan,
    ask,
    content_of,
    decode_question,
    serve_frames,
)
from fullreserve.custody.signing import WillNotSign
from fullreserve.custody.store import Store
from fullreserve.custody.unbinding import AGAIN_MS
from fullreserve.exchange.products.approval_acts import BoundPayment
from fullreserve.exchange.products.withdrawal_state import EDITION, WithdrawalState
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.worker_files import WhyUnsigned
from fullreserve.gateway import unpaid
from tests.bed import USDT
from tests.integration.custody.liar import Liar
from tests.integration.custody.outsiders import EvmBed
from tests.integration.custody.test_hot_rotation import ROUNDS
from tests.integration.custody.test_lane_rotation import (
    AMOUNT,
    NETWORK,
    NEW,
    OLD,
    SIGNERS,
    Lanes,
    bed,
    office,
)
from tests.integration.custody.test_letting_go import agreed, bindings, lose

__all__ = ["bed", "office"]  # fixtures

pytestmark = pytest.mark.usefixtures("cheap_passphrases")

PAYMENTS = 6  # two by each lane
PAID = AMOUNT // 100  # in the chain's units


class Lost:
    """Payments that are bound while no signer is there; those of a lane whose key is lost then."""

    def __init__(self, office: Lanes) -> None:
        self.office, self.old = office, office.network_lane(0)
        self.numbers: list[int] = []
        self.plans: list[Plan] = []
        self.whys: set[WhyUnsigned] = set()

    async def bound(self) -> None:
        office = self.office
        machine = office.exchange.bed.sequencer.machine
        next(one for one in machine.folds if isinstance(one, Withdrawals)).state.edition = EDITION
        await office.serve()
        self.numbers = [await office.asked() for _ in range(PAYMENTS)]
        for _ in range(2):
            await office.paying.round()
        plans = [kept.plan for kept in office.store.open_plans(NETWORK)]
        self.plans = [one for one in plans if tx.read_body(one.body).lane == self.old]
        assert [tx.read_body(one.body).nonce for one in self.plans] == [0, 1]

    @property
    def stuck(self) -> list[int]:
        return [one for plan in self.plans for one in plan.withdrawals]

    async def left(self) -> None:
        """The key is lost, people agree, and the lane is left."""
        office = self.office
        lose(office, 0)
        new = office.new_lane()
        await office.serve(*NEW)
        payments = [BoundPayment(one.withdrawals[0], one.binding) for one in self.plans]
        await agreed(office, tuple(payments))
        await office.rotated("--add", new, "--leave", self.old, *SIGNERS)
        office.begin()

    async def held(self) -> list[str]:
        """Why nothing is let go in another round; as operators read it."""
        self.office.clock.advance(AGAIN_MS)
        await self.office.paying.round()
        known = await bindings(self.office, self.stuck)
        assert [one.binding for one in known] == [one.binding for one in self.plans]
        (shown,) = unpaid.unsigned(self.office.folder)
        told = {one.withdrawal: one for one in shown.oldest}
        self.whys = {told[one].why for one in self.stuck}
        return [told[one].problem for one in self.stuck]

    async def ended(self) -> None:
        """All are paid once."""
        office = self.office
        for _ in range(ROUNDS):
            await office.paying.round()
            found = [await office.exchange.found(one) for one in self.numbers]
            if all(one.state == WithdrawalState.SUCCESS for one in found):
                break
            office.clock.advance(AGAIN_MS)
            office.bed.mine()
        places = [(one + 1).to_bytes(20, "big") for one in range(PAYMENTS)]
        chain = office.account_chain
        held = chain.balances(places, chain.tip())
        assert [held[one, USDT] for one in places] == [PAID] * PAYMENTS

    def sent_by_the_lost_lane(self) -> int:
        chain = self.office.account_chain
        return chain.used([self.old], chain.tip())[self.old]


@pytest.fixture
async def lost(office: Lanes) -> Lost:
    made = Lost(office)
    await made.bound()
    return made


async def test_what_a_signer_signed_alone_is_paid_by_it(lost: Lost) -> None:
    """The payer never got it, and the signer's key is lost since. Criterion: CUST-UNBIND-7."""
    office, (first, second) = lost.office, lost.plans
    await office.serve("ann")
    await asyncio.to_thread(ask, office.folder / "ann.sock", SignPlan(first))
    await lost.left()
    await lost.ended()
    signed, other = await bindings(office, lost.stuck)
    assert (signed.binding, signed.unbound) == (first.binding, ())
    assert other.unbound == (second.binding,)
    assert lost.sent_by_the_lost_lane() == 1
    await office.agreed()


def says(other: bytes, more: int) -> Callable[[str, list[Any], Any], Any]:
    """A node that has seen more of a lane."""

    def lie(method: str, params: list[Any], result: Any) -> Any:
        is_of = method == "eth_getTransactionCount" and params[0] == "0x" + other.hex()
        return hex(int(result, 16) + more) if is_of else result

    return lie


async def test_all_nodes_are_asked_for_the_nonce(lost: Lost) -> None:
    """One that disagrees or lies holds it, one that is down does not. Criterion: CUST-UNBIND-8."""
    office = lost.office
    with Liar(office.bed.url) as second, Liar(office.bed.url) as third:
        (of,) = networks.load(office.folder)
        nodes = (office.bed.url, second.url, third.url)
        networks.keep(office.folder, [msgspec.structs.replace(of, nodes=nodes)])
        await lost.left()
        second.lie = says(lost.old, 1)
        taken, differs = await lost.held()
        assert "nonce 0 of its lane is taken on the chain, or about to be, by node 2" in taken
        said = "nodes do not agree on the next nonce of its lane: 0 by node 1, 1 by node 2, 0 by"
        assert said in differs
        assert lost.whys == {WhyUnsigned.TAKEN, WhyUnsigned.NODES}
        second.lie, third.mode = None, "null"
        for why in await lost.held():
            assert "node 3 answers what makes no sense" in why
        third.mode = "html"  # as what stands before a node that is down
        with capture_logs() as logs:
            await lost.ended()
        assert any("node 3" in str(one.get("silent")) for one in logs)
    known = await bindings(office, lost.stuck)
    assert [one.unbound for one in known] == [(one.binding,) for one in lost.plans]
    assert lost.sent_by_the_lost_lane() == 0


def test_nodes_of_other_blocks_let_nothing_go(bed: EvmBed) -> None:
    """Nor fewer of them than payments go by. Criterion: CUST-UNBIND-8."""
    place = b"\x07" * 20
    plan = bed.chain.plan([Payment(1, USDT, 5, place)], [])
    assert Nodes([bed.chain]).doubts([plan]) == [None]
    down = bed.over(f"http://127.0.0.1:{free_port()}")
    few = Doubt(WhyUnsigned.NODES, "1 of 2 nodes tell its lane's nonce: 2 have to")
    assert Nodes([bed.chain, down]).doubts([plan]) == [few]
    assert Nodes([bed.chain, bed.over(bed.url), down]).doubts([plan]) == [None]
    with bed.rival() as other:
        (doubt,) = Nodes([bed.chain, bed.over(bed.url), other]).doubts([plan])
    assert doubt is not None
    assert doubt.why is WhyUnsigned.NODES
    assert "node 3 cannot be believed (split): two nodes differ at block" in doubt.text


@asynccontextmanager
async def instead(
    office: Lanes, name: str, answer: Callable[[AnyQuestion, bytes], bytes]
) -> AsyncIterator[None]:
    """Who answers at a signer's socket: the signer itself is at `real-…` meanwhile."""
    place, real = office.folder / f"{name}.sock", office.folder / f"real-{name}.sock"
    place.rename(real)

    async def answering(question: bytes) -> bytes:
        told = await asyncio.to_thread(content_of, office.folder, real.name, question)
        return answer(decode_question(question), told)

    server = await asyncio.start_unix_server(partial(serve_frames, answering), place)
    try:
        yield
    finally:
        server.close()
        place.unlink(missing_ok=True)
        real.rename(place)


def tells(*signed: Signed) -> Callable[[AnyQuestion, bytes], bytes]:
    """Of what it is asked whether it signed."""
    content = msgspec.json.encode(Answer(msgspec.json.encode(signed)))
    return lambda asked, told: content if isinstance(asked, ShowSigned) else told


def always(content: bytes) -> Callable[[AnyQuestion, bytes], bytes]:
    return lambda _asked, _told: content


async def test_who_says_yes_without_a_transaction_holds_it(lost: Lost) -> None:
    """Whatever it shows in its place. Criterion: CUST-UNBIND-7."""
    office, (first, second) = lost.office, lost.plans
    await lost.left()
    body = tx.read_body(first.body)
    key = office.bed.keys[lost.old]

    def signed(**other: Any) -> Signed:
        made = msgspec.structs.replace(body, **other)
        plan = msgspec.structs.replace(first, body=msgspec.json.encode(made))
        part = key.sign_recoverable(made.digest(), hasher=None)
        return Signed(first.binding, first.binding, plan, part)

    good = signed()
    forged = office.bed.outsider.sign_recoverable(body.digest(), hasher=None)
    yes = Signed(second.binding, second.binding)
    for shown, why in (
        (Signed(first.binding, first.binding), "and has not kept the transaction"),
        (Signed(first.binding, second.binding), "has signed it with another nonce"),
        (signed(data=tx.transfer_call(b"\x09" * 20, PAID)), "has signed something else"),
        (signed(nonce=7), "has signed something else"),
        (msgspec.structs.replace(good, part=forged), "has signed something else"),
        (msgspec.structs.replace(good, part=b"?"), "has signed something else"),
    ):
        async with instead(office, "bob", tells(shown, yes)):
            for said in (held := await lost.held()):
                assert "to be let go, and is not: bob.sock has signed" in said
            assert why in held[0]
            assert lost.whys == {WhyUnsigned.SIGNED}
    older = msgspec.json.encode(Answer(refusal="the proposal cannot be read"))
    for answer in (older, b"nothing"):
        async with instead(office, "bob", always(answer)):
            for said in await lost.held():
                assert "bob.sock" in said
            assert lost.whys == {WhyUnsigned.UNTOLD}
    assert office.store.unsigned_plans(NETWORK)
    async with instead(office, "bob", tells(good, yes)):
        office.clock.advance(AGAIN_MS)
        await office.paying.round()
    await lost.ended()
    assert lost.sent_by_the_lost_lane() == 1
    assert (await bindings(office, lost.stuck))[0].unbound == ()


async def test_who_is_silent_holds_nothing_and_is_named(lost: Lost) -> None:
    """As the lane is left. Criterion: CUST-UNBIND-7."""
    await lost.left()
    lost.office.silence("dan")
    with capture_logs() as logs:
        await lost.ended()
    said = [one for one in logs if one["event"].startswith("signers are silent")]
    assert [(one["who"], one["withdrawals"]) for one in said] == [
        (("dan.sock",), plan.withdrawals) for plan in lost.plans
    ]
    known = await bindings(lost.office, lost.stuck)
    assert [one.unbound for one in known] == [(one.binding,) for one in lost.plans]


async def test_a_payer_that_is_killed_in_between_is_followed_by_another(lost: Lost) -> None:
    """By SIGKILL, once signers have said that they sign it never. Criterion: CUST-UNBIND-7."""
    office = lost.office
    await lost.left()
    asked: list[bool] = []
    office.store.close()
    environment = {**os.environ, "FULLRESERVE_DATA": str(office.folder)}
    payer = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "fullreserve.custody.paying"), env=environment
    )
    office.exchange.socket.payers = lambda: (os.getpid(), payer.pid)

    def kills(question: AnyQuestion, told: bytes) -> bytes:
        if isinstance(question, ShowSigned):
            asked.append(question.never)
            if question.never:
                payer.send_signal(signal.SIGKILL)
        return told

    async with instead(office, "eve", kills):
        assert await asyncio.wait_for(payer.wait(), 60) == -signal.SIGKILL
    assert asked == [False, True]
    known = await bindings(office, lost.stuck)
    assert [(one.binding, one.unbound) for one in known] == [
        (one.binding, ()) for one in lost.plans
    ]
    for name in NEW:
        with pytest.raises(WillNotSign, match="is being let go of this, and nothing was signed"):
            await asyncio.to_thread(ask, office.folder / f"{name}.sock", SignPlan(lost.plans[0]))
    office.store = Store(office.folder / STORE)
    office.begin()
    await lost.ended()
    assert lost.sent_by_the_lost_lane() == 0
    known = await bindings(office, lost.stuck)
    assert [one.unbound for one in known] == [(one.binding,) for one in lost.plans]


async def test_who_is_not_the_payer_is_told_nothing(lost: Lost) -> None:
    """It could have signers refuse what is to be paid. Criterion: CUST-UNBIND-7."""
    office = lost.office
    await office.serve(*OLD)
    office.exchange.socket.payers = lambda: ()
    with pytest.raises(WillNotSign, match="only the payer"):
        await asyncio.to_thread(ask, office.folder / "ann.sock", ShowSigned(NETWORK, (), True))
