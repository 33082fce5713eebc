"""Goal: a signer signs what was approved, whoever asks for what. Method: the process itself, beside
a real exchange, asked by a coordinator under attack."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from coincurve import PrivateKey

from fullreserve.custody import holdings, keyfile, networks, ownership
from fullreserve.custody.addresses import EvmAddresses, checksummed
from fullreserve.custody.chains import evm_transaction
from fullreserve.custody.chains.adapter import Move, Payment, Plan
from fullreserve.custody.hd import Private
from fullreserve.custody.hot_sweeps import surplus_of
from fullreserve.custody.networks import Branch, Network
from fullreserve.custody.payer_desk import NotSigned
from fullreserve.custody.quorum import Quorum
from fullreserve.custody.signer_wire import (
    AnyQuestion,
    SignerGone,
    SignMessage,
    SignPlan,
    Spec,
    ask,
)
from fullreserve.custody.signing import WillNotSign, branch_name, lane_of
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.tier_moves_wire import (
    TIER_MOVES,
    Bind,
    End,
    ListMoves,
    Marks,
    MoveState,
    SetMarks,
    Want,
)
from fullreserve.exchange.wire.commands import amount_bytes
from tests.bed import USDT
from tests.integration.custody.withdrawing import Withdrawing

KEY, COLD = PrivateKey(b"\x07" * 32), PrivateKey(b"\x08" * 32)
USERS = Private.of_seed(b"users' addresses, of a test alone")
LANE, TOKEN, TARGET = lane_of(KEY), b"\x22" * 20, b"\x33" * 20
WARM = b"\x44" * 20
PLACE = EvmAddresses(USERS.public()).place(5)
AMOUNT = 1_000  # of 6 decimals
PASSPHRASE = b"open sesame"
NETWORK, ETH = 1, 2
NOTHING, LARGE = amount_bytes(0), amount_bytes(10**15)
TERMS = wire.DefineNetwork(
    NETWORK, "ERC20", 1, 2, needs_memo=False, gas_asset=ETH,
    assets=(wire.NetworkAsset(USDT, 6, NOTHING, NOTHING, NOTHING, LARGE, 6),),
)  # fmt: skip


def body_of(payment: Payment, nonce: int = 4) -> evm_transaction.Body:
    called = evm_transaction.call_of(payment, TOKEN)
    return evm_transaction.Body(31_337, LANE, nonce, *called, evm_transaction.GAS_TOKEN, 10, 10**11)


def plan(body: evm_transaction.Body, *withdrawals: int, network: int = NETWORK) -> Plan:
    fixed = evm_transaction.binding(body.lane, body.nonce)
    return Plan(network, withdrawals, fixed, msgspec.json.encode(body), 1)


class Signing:
    """A signer's process, and the exchange that it asks."""

    def __init__(self, folder: Path, exchange: Withdrawing) -> None:
        self.folder = folder
        self.exchange = exchange
        self.socket = folder / "signer-one.sock"
        self.said = b""
        self.listen = ""

    async def start(self, passphrase: bytes = PASSPHRASE) -> asyncio.subprocess.Process:
        spec = Spec("one", str(self.folder / "keys"), str(self.socket), str(self.folder),
                    self.listen)  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "fullreserve.custody.signer"),
            msgspec.json.encode(spec).decode(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(passphrase + b"\n")
        process.stdin.close()
        self.said += await process.stdout.readline()
        return process

    async def end(self, process: asyncio.subprocess.Process) -> int:
        if process.returncode is None:
            process.terminate()
        assert process.stdout is not None
        self.said += await process.stdout.read()
        return await process.wait()

    async def ask(self, question: AnyQuestion | Plan) -> bytes:
        asked = SignPlan(question) if isinstance(question, Plan) else question
        return await asyncio.to_thread(ask, self.socket, asked)

    async def approved(self, nonce: int, target: bytes = TARGET) -> Payment:
        """A withdrawal that the exchange has bound to a nonce."""
        number = await self.exchange.ask(NETWORK, USDT, AMOUNT * 100, checksummed(target))
        binding = evm_transaction.binding(LANE, nonce)
        assert await self.exchange.house.report(wire.WITHDRAWALS, wire.Bound(number, binding)) == [
            0
        ]
        return Payment(number, USDT, AMOUNT, target)


def network() -> Network:
    return Network(
        network=NETWORK, kind="evm", nodes=("http://127.0.0.1:1",),
        branches=(Branch(USERS.public().key.hex(), USERS.code.hex()),), coin=ETH,
        decimals={ETH: 18, USDT: 6}, credit_after=2, unlock_after=3, chain_id=31_337,
        tokens={USDT: TOKEN.hex()}, lanes=(LANE.hex(),), cold=lane_of(COLD).hex(),
        warm=checksummed(WARM),
        signers=("signer-gone.sock", "signer-one.sock"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The signer's file of keys, which each test copies: to make one is dear, and shall be."""
    secrets = {"lane-0": KEY.secret, "cold": COLD.secret}
    secrets[branch_name(NETWORK)] = USERS.secret + USERS.code
    made = tmp_path_factory.mktemp("sealed") / "keys"
    keyfile.seal(made, secrets, PASSPHRASE)
    return made


@pytest.fixture
async def signing(tmp_path: Path, sealed: Path) -> AsyncIterator[Signing]:
    networks.keep(tmp_path, [network()])
    shutil.copy(sealed, tmp_path / "keys")
    made = Signing(tmp_path, await Withdrawing.open(tmp_path, TERMS))
    process = await made.start()
    yield made
    assert await made.end(process) == 0
    for secret in (KEY.secret, USERS.secret, PASSPHRASE):
        assert secret not in made.said
        assert secret.hex().encode() not in made.said
    await made.exchange.close()


async def test_what_was_approved_is_signed_the_same_each_time(signing: Signing) -> None:
    """Criterion: CHAINS-SIGNER-3."""
    payment = await signing.approved(4)
    body = body_of(payment)
    asked = plan(body, payment.withdrawal)
    signature = await signing.ask(asked)
    assert await signing.ask(asked) == signature
    recovered = type(KEY.public_key).from_signature_and_message(
        signature, body.digest(), hasher=None
    )
    assert recovered == KEY.public_key
    assert signing.socket.stat().st_mode & 0o077 == 0


async def test_any_one_of_a_lanes_signers_may_be_gone(signing: Signing) -> None:
    """Criterion: CUST-GONE-14. In whatever order they stand; with none nothing is signed."""
    payment = await signing.approved(4)
    wanted, served = plan(body_of(payment), payment.withdrawal), network()
    signed = evm_transaction.read_body(wanted.body).signed(await signing.ask(wanted)).raw

    def quorum(*names: str) -> Quorum:
        there = msgspec.structs.replace(served, signers=names)
        return Quorum(signing.folder, there, lambda _: ())

    for names in (served.signers, served.signers[::-1]):
        for _ in range(2):
            made = await asyncio.to_thread(quorum(*names).sign, wanted)
            assert made.raw == signed
    with pytest.raises(NotSigned, match="0 of 1 signers"):
        await asyncio.to_thread(quorum(served.signers[0]).sign, wanted)


async def test_a_coordinator_under_attack_gets_nothing(signing: Signing) -> None:
    """Criterion: CHAINS-SIGNER-3."""
    payment = await signing.approved(4)
    number, good = payment.withdrawal, body_of(payment)
    unbound = await signing.exchange.ask(NETWORK, USDT, AMOUNT * 100, checksummed(TARGET))

    def other(**change: object) -> Plan:
        return plan(msgspec.structs.replace(good, **change), number)

    not_bound = "the exchange has not bound the withdrawal to this transaction"
    proposals = [
        (other(data=good.data[:-1] + b"\xff"), "target, value or call are not those"),
        (other(nonce=5), not_bound),
        (other(chain_id=1), "it is for another chain"),
        (other(max_fee=10**13), "the fee is outside the band"),
        (plan(good, number, 10), not_bound),
        (plan(good, number, number), "a withdrawal stands twice"),
        (plan(good, unbound), not_bound),
        (plan(good, 10), not_bound),
        (plan(good), "a transaction pays one withdrawal"),
        (plan(good, number, network=2), "network 2 is none of this signer's"),
        (msgspec.structs.replace(plan(good, number), body=b"\xff"), "cannot be read"),
        (
            msgspec.structs.replace(plan(good), move=Move(USDT, 1, 0, "branch/5", AMOUNT)),
            "the gas would go to an address that is none of ours",
        ),
    ]
    for proposal, why in proposals:
        with pytest.raises(WillNotSign, match=why):
            await signing.ask(proposal)
    assert await signing.ask(plan(good, number))


async def test_a_withdrawal_is_signed_for_under_one_binding_for_ever(signing: Signing) -> None:
    """Whatever the exchange would say later, after a restart too. Criterion: CHAINS-SIGNER-5."""
    payment = await signing.approved(4)
    await signing.ask(plan(body_of(payment), payment.withdrawal))
    bed = signing.exchange.bed
    fold = next(one for one in bed.folds if one.number == wire.WITHDRAWALS)
    fold.state.withdrawals[payment.withdrawal].binding = evm_transaction.binding(LANE, 9)
    with pytest.raises(WillNotSign, match="other inputs or another nonce"):
        await signing.ask(plan(body_of(payment, 9), payment.withdrawal))


async def test_hot_is_swept_to_warm_as_the_log_has_bound_it_and_no_otherwise(
    signing: Signing,
) -> None:
    """Criterion: CUST-SWEEP-2. Warm's place is what the signer's own file says."""
    house = signing.exchange.house
    hot = wire.Funded(NETWORK, bytes(32), USDT, wire.Tier.HOT, amount_bytes(9 * 100_000))
    low, target, cap = (amount_bytes(units * 100_000) for units in (1, 2, 3))
    marks = Marks(NETWORK, USDT, low, target, cap, low, amount_bytes(10**9), amount_bytes(10**9))
    assert await house.report(wire.DEPOSITS, hot) == [0]
    want = Want(NETWORK, USDT, wire.Tier.HOT, wire.Tier.WARM)
    assert await house.report(TIER_MOVES, SetMarks(marks), want) == [0, 0]
    (move,) = await house.ask(TIER_MOVES, ListMoves(is_open=True, limit=9))
    surplus = surplus_of(move, network(), WARM)
    assert surplus.payment == Payment(0, USDT, 7 * AMOUNT, WARM)
    good = body_of(surplus.payment)

    def swept(body: evm_transaction.Body, **change: object) -> Plan:
        return msgspec.structs.replace(plan(body), **({"move": surplus.move} | change))

    with pytest.raises(WillNotSign, match="not bound"):
        await signing.ask(swept(good))
    bind = Bind(move.number, evm_transaction.binding(LANE, 4))
    assert await house.report(TIER_MOVES, bind) == [0]
    replace = msgspec.structs.replace
    other, not_bound = "target, value or call are not those", "has not bound the sweep to this"
    for wrong, why in (
        (swept(replace(good, data=good.data[:-1] + b"\xff")), other),
        (swept(body_of(replace(surplus.payment, place=TARGET))), other),
        (swept(replace(good, nonce=5)), not_bound),
        (swept(good, withdrawals=(move.number,)), not_bound),
        (swept(good, move=replace(surplus.move, key=f"sweep/{move.number + 1}")), not_bound),
        (swept(good, move=None), "a transaction pays one withdrawal"),
    ):
        with pytest.raises(WillNotSign, match=why):
            await signing.ask(wrong)
    assert await signing.ask(swept(good)) == await signing.ask(swept(good))
    assert await house.report(TIER_MOVES, End(move.number, MoveState.DONE, bytes(32))) == [0]
    with pytest.raises(WillNotSign, match="not any more"):
        await signing.ask(swept(good))


async def test_coins_move_between_our_own_places_alone(signing: Signing) -> None:
    """Sweeps and their gas need no approval, as they cannot leave. Criterion: CHAINS-SWEEP-2."""
    sweep = Move(USDT, wire.Tier.DEPOSIT, wire.Tier.HOT, "branch/5", AMOUNT)
    gas = Move(ETH, wire.Tier.HOT, wire.Tier.DEPOSIT, "branch/5", 10**15)

    def moving(move: Move, source: bytes, to: bytes, value: int = 0, data: bytes = b"") -> Plan:
        limit = evm_transaction.GAS_TOKEN if data else evm_transaction.GAS_BARE
        body = evm_transaction.Body(31_337, source, 0, to, value, data, limit, 10, 10**11)
        return msgspec.structs.replace(plan(body), move=move)

    home = evm_transaction.transfer_call(LANE, AMOUNT)
    assert await signing.ask(moving(sweep, PLACE, TOKEN, data=home))
    assert await signing.ask(moving(sweep, PLACE, LANE, value=10**15))
    assert await signing.ask(moving(gas, LANE, PLACE, value=10**15))
    away = evm_transaction.transfer_call(TARGET, AMOUNT)
    elsewhere, foreign = "the target is none of the hot wallets", "the source is none of our"
    for refused, why in (
        (moving(sweep, PLACE, TOKEN, data=away), elsewhere),
        (moving(sweep, PLACE, TARGET, value=10**15), elsewhere),
        (moving(sweep, PLACE, TOKEN, data=home + b"\0"), elsewhere),
        (moving(sweep, PLACE, TARGET, data=home), elsewhere),
        (moving(gas, LANE, TARGET, value=10**15), "to an address that is none of ours"),
        (moving(gas, LANE, PLACE, value=10**21), "it is more than gas for a sweep"),
        (moving(msgspec.structs.replace(sweep, key="branch/6"), PLACE, LANE, value=1), foreign),
        (moving(msgspec.structs.replace(sweep, key="lane-0"), PLACE, LANE, value=1), foreign),
    ):
        with pytest.raises(WillNotSign, match=why):
            await signing.ask(refused)


ASKS = """
import sys
from pathlib import Path
import msgspec
from fullreserve.custody import signer_wire as wire
from fullreserve.custody.signing import WillNotSign
asked = msgspec.json.decode(sys.stdin.buffer.read(), type=wire.AnyQuestion)
try:
    print(wire.ask(Path(sys.argv[1]), asked).hex())
except WillNotSign as refusal:
    print(refusal)
"""


async def asked_elsewhere(signing: Signing, question: AnyQuestion) -> str:
    """What another process of the same user is answered at the same socket."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ASKS, str(signing.socket)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate(msgspec.json.encode(question))
    return told.decode().strip()


async def test_plans_are_signed_for_the_payers_process_alone(signing: Signing) -> None:
    """Also what would leak nothing. Criterion: CHAINS-SIGNER-12."""
    payment = await signing.approved(4)
    wanted = plan(body_of(payment), payment.withdrawal)
    refused = "only the payer that the exchange started may propose a plan"
    assert await asked_elsewhere(signing, SignPlan(wanted)) == refused
    gas = Move(ETH, wire.Tier.HOT, wire.Tier.DEPOSIT, "branch/5", 10**15)
    body = evm_transaction.Body(
        *(31_337, LANE, 0, PLACE, 10**15, b"", evm_transaction.GAS_BARE, 10, 10**11)
    )
    moves = msgspec.structs.replace(plan(body), move=gas)
    assert await asked_elsewhere(signing, SignPlan(moves)) == refused
    proof = SignMessage(NETWORK, "lane-0", "Fullreserve proof of ownership 2026-11-26")
    assert await asked_elsewhere(signing, proof) == (await signing.ask(proof)).hex()
    assert await signing.ask(wanted)
    signing.exchange.socket.payers = tuple  # none is running
    with pytest.raises(WillNotSign, match="only the payer"):
        await signing.ask(wanted)


async def test_what_moves_cost_in_a_day_is_bounded_over_restarts(signing: Signing) -> None:
    """A lane's cancels, whoever asks for them; payments go on. Criterion: CHAINS-SIGNER-8."""
    cost, most = evm_transaction.GAS_TOKEN * 5 * 10**11, network().fees_a_day
    cancel = Move(ETH, wire.Tier.HOT, wire.Tier.HOT, "", 0)

    def cancelled(nonce: int, fee: int = 5 * 10**11, tip: int = 10) -> Plan:
        limits = (evm_transaction.GAS_TOKEN, tip, fee)
        body = evm_transaction.Body(31_337, LANE, nonce, LANE, 0, b"", *limits)
        return msgspec.structs.replace(plan(body), move=cancel)

    with pytest.raises(WillNotSign, match="tip"):
        await signing.ask(cancelled(0, tip=51 * 10**9))
    for nonce in range(most // cost):
        # Its replacement counts as what it costs more.
        await signing.ask(cancelled(nonce, fee=10**11))
        await signing.ask(cancelled(nonce))
    with pytest.raises(WillNotSign, match=f"fee_budget of {most}"):
        await signing.ask(cancelled(most // cost))
    await signing.ask(cancelled(0))
    signing.socket = signing.folder / "again.sock"
    again = await signing.start()
    with pytest.raises(WillNotSign, match="in 24 hours"):
        await signing.ask(cancelled(most // cost))
    payment = await signing.approved(most // cost)
    assert await signing.ask(plan(body_of(payment, most // cost), payment.withdrawal))
    assert await signing.end(again) == 0


async def test_every_place_of_ours_is_proven_and_nothing_else_is_signed(signing: Signing) -> None:
    """Criterion: CHAINS-OWNERSHIP-1, CHAINS-OWNERSHIP-2."""
    message = "Fullreserve proof of ownership 2026-11-26"
    found = list(holdings.places(network(), 2))
    assert [one.key for one in found] == ["lane-0", "cold", "branch/1", "branch/2"]
    for place in found:
        proof = await asyncio.to_thread(holdings.prove, signing.folder, network(), place, message)
        assert ownership.verify(proof)
        assert not ownership.verify(msgspec.structs.replace(proof, message=message + "!"))
    begins, long = "a message begins with", "at most 1000 printable"
    for key, text, why in (
        ("lane-0", "\x02 a transaction's first byte", begins),
        ("lane-0", "Send all of it", begins),
        ("lane-0", "Fullreserve " + "x" * 1_000, long),
        ("lane-0", "Fullreserve \n", long),
        ("lane-1", message, "'lane-1' is no key of this signer's"),
        ("utxo", message, "'utxo' is no key of this signer's"),
    ):
        with pytest.raises(WillNotSign, match=why):
            await signing.ask(SignMessage(NETWORK, key, text))


async def test_a_signer_without_its_passphrase_ends_and_says_why(
    signing: Signing, tmp_path: Path
) -> None:
    """Criterion: CHAINS-SIGNER-4."""
    failed = Signing(signing.folder, signing.exchange)
    failed.socket = tmp_path / "other.sock"
    process = await failed.start(b"open says me")
    assert await process.wait() == os.EX_DATAERR
    await failed.end(process)
    assert b"passphrase is wrong" in failed.said
    with pytest.raises(SignerGone):
        await failed.ask(plan(body_of(Payment(1, USDT, AMOUNT, TARGET)), 1))
