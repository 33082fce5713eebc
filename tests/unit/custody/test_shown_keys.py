"""Goal: which keys signers have is proven by them, and what nobody has is named.

Method: signers at sockets of the test, honest ones and such as lie, asked as `rotate-hot` asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest
from coincurve import PrivateKey
from structlog.testing import capture_logs

from fullreserve.clock import ManualClock
from fullreserve.custody.addresses import account_of, checksummed
from fullreserve.custody.hd import Private
from fullreserve.custody.networks import Branch, Generation, Network
from fullreserve.custody.shown_keys import Held, Shown, ask, digest, missing, shown, watch
from fullreserve.custody.signer_wire import Answer, ShowKeys, decode_question, serve_frames
from fullreserve.custody.signing import WillNotSign

ROOTS = [Private.of_seed(bytes([n]) * 32) for n in (1, 2, 3)]
BRANCHES = tuple(Branch(one.public().key.hex(), one.public().code.hex()) for one in ROOTS)
LANES = [PrivateKey(bytes([n]) * 32) for n in (7, 8, 9)]
ACCOUNTS = tuple(account_of(one.public_key.format()) for one in LANES)
NAMES = ("one.sock", "two.sock", "three.sock")
COINS = Network(network=3, kind="utxo", nodes=(), decimals={4: 8}, coin=4, credit_after=1,
                unlock_after=2, branches=BRANCHES, hrp="rltc", signers=NAMES)  # fmt: skip
ETHER = Network(network=1, kind="evm", nodes=(), decimals={1: 18}, coin=1, credit_after=1,
                unlock_after=2, branches=BRANCHES[:1], signers=NAMES[:2],
                lanes=tuple(one.hex() for one in ACCOUNTS))  # fmt: skip

Answering = Callable[[ShowKeys], bytes]


def honest(*keys: PrivateKey | Private) -> Answering:
    return lambda asked: shown(asked.network, asked.challenge, keys)


async def asked(folder: Path, network: Network, *answering: Answering) -> Held:
    """As the first signers answer so; of the others there is no socket."""
    async with AsyncExitStack() as stack:
        for name, of in zip(network.signers, answering, strict=False):
            server = await asyncio.start_unix_server(_frames(of), folder / name)
            await stack.enter_async_context(server)
        return await asyncio.to_thread(ask, folder, network)


def _frames(
    of: Answering,
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def answered(data: bytes) -> bytes:
        question = decode_question(data)
        assert isinstance(question, ShowKeys)
        try:
            return msgspec.json.encode(Answer(of(question)))
        except WillNotSign as refusal:
            return msgspec.json.encode(Answer(refusal=str(refusal)))

    return lambda reader, writer: serve_frames(answered, reader, writer)


async def test_signers_show_their_keys(tmp_path: Path) -> None:
    """Criterion: CUST-SHOWN-1."""
    held = await asked(tmp_path, COINS, *map(honest, ROOTS))
    assert [held.of_branch(one) for one in BRANCHES] == [[name] for name in NAMES]
    assert missing(COINS, held, {}) == ((), ())


async def test_what_too_few_have_is_named(tmp_path: Path) -> None:
    """Criterion: CUST-SHOWN-2. The key that is only in the file, and who is not there."""
    held = await asked(tmp_path, COINS, honest(ROOTS[0]), honest(ROOTS[1]))
    said = missing(COINS, held, {BRANCHES[2].key: "dan"})
    assert said.faults[0] == "signers have shown 2 of 3 keys: 3 at least"
    assert said.faults[1].startswith("no signer has shown the key of dan with fingerprint ")
    assert said.notes[0].startswith("three.sock shows no key: no signer answers at three.sock")
    four = msgspec.structs.replace(COINS, threshold=1)
    assert missing(four, held, {}).faults == ()
    assert len(missing(four, held, {}).notes) == 2
    # What counts is the newest keys.
    later = (Generation(BRANCHES[:2]),)
    assert missing(msgspec.structs.replace(four, later=later), held, {}).faults == ()


@pytest.mark.parametrize(
    "lie", ["other challenge", "another's name", "other code", "garbage", "no"]
)
async def test_a_key_that_does_not_prove_itself_is_not_there(tmp_path: Path, lie: str) -> None:
    """Criterion: CUST-SHOWN-1."""
    root = ROOTS[2].public()

    def lies(question: ShowKeys) -> bytes:
        if lie == "garbage":
            return b"<html>"
        if lie == "no":
            raise WillNotSign("the proposal cannot be read")  # as a signer of before says
        if lie == "other challenge":
            return shown(question.network, bytes(32), [ROOTS[2]])
        code = bytes(32) if lie == "other code" else root.code
        secret = ROOTS[2].secret if lie == "other code" else ROOTS[1].secret
        text = digest(question.network, question.challenge, root.key, code)
        made = PrivateKey(secret).sign_recoverable(text, hasher=None)
        return msgspec.json.encode([Shown(root.key, code, made)])

    held = await asked(tmp_path, COINS, *map(honest, ROOTS[:2]), lies)
    assert held.of_branch(BRANCHES[2]) == []
    assert missing(COINS, held, {}).faults


async def test_of_accounts_two_signers_have_each_key(tmp_path: Path) -> None:
    """Criterion: CUST-SHOWN-2."""
    both = honest(ROOTS[0], *LANES)
    assert missing(ETHER, await asked(tmp_path, ETHER, both, both), {}) == ((), ())
    # Who is asked beside them, and has keys of other networks alone, is not missed.
    three = msgspec.structs.replace(ETHER, signers=NAMES)
    assert missing(three, await asked(tmp_path, three, both, both, honest()), {}) == ((), ())
    held = await asked(tmp_path, ETHER, both, honest(*LANES[:2]))
    said = missing(ETHER, held, {})
    assert len(said.faults) == 1
    assert said.faults[0].startswith("one.sock alone has shown the key with fingerprint")
    lane = checksummed(ACCOUNTS[2])
    assert said.notes == (f"one.sock alone has shown the key of lane {lane}: 2 signers have to",)
    nobody = missing(ETHER, await asked(tmp_path, ETHER), {})
    assert nobody.notes[0].startswith("no signer has shown the key of lane")


class Asked(ManualClock):
    """Every pause is over at once, and the last signer is there from the third on."""

    def __init__(self, come: Callable[[], Awaitable[asyncio.Server]]) -> None:
        super().__init__(0)
        self._come, self.pauses = come, 0
        self.server: asyncio.Server | None = None

    async def wait_ms(self, duration_ms: int) -> None:
        self.pauses += 1
        assert duration_ms > 0
        if self.pauses == 3:
            self.server = await self._come()


async def test_a_payer_says_once_what_its_signers_lack(tmp_path: Path) -> None:
    """Criterion: CUST-SHOWN-3."""

    async def come() -> asyncio.Server:
        return await asyncio.start_unix_server(_frames(honest(ROOTS[2])), tmp_path / NAMES[2])

    clock = Asked(come)
    async with AsyncExitStack() as stack:
        for name, root in zip(NAMES[:2], ROOTS, strict=False):
            server = await asyncio.start_unix_server(_frames(honest(root)), tmp_path / name)
            await stack.enter_async_context(server)
        with capture_logs() as logs:
            await watch(tmp_path, COINS, clock)
        assert clock.server is not None
        await stack.enter_async_context(clock.server)
    assert clock.pauses == 3
    with capture_logs() as logs_of_none:
        await watch(tmp_path, msgspec.structs.replace(COINS, signers=()), clock)
    assert (clock.pauses, logs_of_none) == (3, [])
    assert [one["log_level"] for one in logs] == ["error", "info"]
    assert "signers have shown 2 of 3 keys: 3 at least" in logs[0]["missing"]


def test_a_challenge_of_another_length_is_not_signed() -> None:
    """Criterion: CUST-SHOWN-1."""
    with pytest.raises(WillNotSign, match="32 bytes"):
        shown(3, b"short", ROOTS)
