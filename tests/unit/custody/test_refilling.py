"""Goal: what is wrong with one refill, or with one node, holds up no other and ends none.

Method: the log's fold on a bed, and the real worker over a Safe; the nodes are outside, and say of
the Safe what a test wants.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from errno import EIO, ENOSPC
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fullreserve.custody.exchange_view import LocalView
from fullreserve.custody.keys.decided_moves import DecidedMoves
from fullreserve.custody.keys.intent import Approval
from fullreserve.custody.keys.record import Record
from fullreserve.custody.keys.refilling import AGAIN_MS, keep
from fullreserve.custody.keys.tier_signer import Answer, TierMemory, TierSigner
from fullreserve.door.protocol import Unavailable
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products import tier_moves_wire as moves
from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.exchange.worker_files import Why
from fullreserve.gateway.held_moves import held
from tests.unit.custody.refill_world import COIN, FINAL, IDA, NETWORK, TOKEN, UNIT, Refills


@pytest.fixture
async def refills(tmp_path: Path) -> AsyncIterator[Refills]:
    made = await Refills.open(tmp_path)
    yield made
    await made.bed.close()


async def test_of_a_safes_moves_one_has_its_nonce_the_oldest_first(refills: Refills) -> None:
    """Criterion: CUST-REFILL-4. Two assets are due at once."""
    await refills.wanted(COIN, TOKEN)
    for _ in range(3):
        await refills.worker.round()
    assert await refills.states() == [moves.MoveState.BOUND, moves.MoveState.DECIDED]
    refills.safes[0].nonce = 1
    await refills.worker.round()
    assert await refills.states() == [moves.MoveState.BOUND] * 2


async def test_a_move_that_reverts_holds_up_no_other(refills: Refills) -> None:
    """Criterion: CUST-REFILL-4. As a token that is paused."""
    await refills.wanted(COIN)
    for _ in range(2):
        await refills.worker.round()
    (move,) = await refills.known()
    refills.signed(move)
    await refills.wanted(TOKEN)
    await refills.worker.round()
    assert refills.gas.asked == 1
    assert await refills.states() == [moves.MoveState.BOUND, moves.MoveState.DECIDED]


async def test_a_nonce_that_is_used_is_signed_for_no_more(refills: Refills) -> None:
    """Criterion: CUST-REFILL-4. Its move ends once that is final."""
    await refills.wanted(COIN)
    for _ in range(2):
        await refills.worker.round()
    (move,) = await refills.known()
    refills.signed(move)
    for one in refills.safes:
        one.nonce = 1
    await refills.worker.round()
    for one in refills.safes:
        one.height += FINAL
    await refills.worker.round()
    assert refills.gas.asked == 0
    assert (await refills.states())[0] == moves.MoveState.OVERTAKEN


async def test_no_move_is_given_up_by_the_word_of_one_node(refills: Refills) -> None:
    """Criterion: CUST-REFILL-5. The nonce is used by one node's word alone, at first."""
    await refills.wanted(COIN)
    for _ in range(2):
        await refills.worker.round()
    first, second = refills.safes
    first.nonce = 1
    for _ in range(3):
        await refills.worker.round()
        first.height += FINAL
    assert await refills.states() == [moves.MoveState.BOUND]
    second.nonce = 1
    await refills.worker.round()
    assert (await refills.states())[0] == moves.MoveState.OVERTAKEN


async def test_a_doubt_that_is_over_is_forgotten(refills: Refills) -> None:
    """Criterion: CUST-REFILL-5. The next one begins anew."""
    await refills.wanted(COIN)
    for _ in range(2):
        await refills.worker.round()
    (move,) = await refills.known()
    kept = refills.worker._kept.find(move.number)
    assert kept is not None
    refills.worker._kept.keep(msgspec.structs.replace(kept, at=1))
    await refills.worker._follow(move, msgspec.structs.replace(kept, at=1))
    after = refills.worker._kept.find(move.number)
    assert after is not None
    assert after.at == 0


async def test_a_stray_approval_spoils_no_standing_rule(refills: Refills) -> None:
    """Criterion: CUST-REFILL-3. Nor is one enough where the log has not decided."""
    await refills.wanted(COIN)
    for _ in range(2):
        await refills.worker.round()
    (move,) = await refills.known()
    kept = refills.worker._kept.find(move.number)
    assert kept is not None
    terms, memory = refills.worker._terms, TierMemory(refills.folder / "ida.sqlite")
    decided = DecidedMoves(LocalView(refills.house), [terms.network])
    wallets = Record.of(refills.folder).state.wallets
    signer = TierSigner("ida", IDA, wallets, terms.policy, memory, refills.bed.clock, decided)
    change = msgspec.structs.replace
    stray = change(kept.proposal, approvals=(Approval("nobody", b"?" * 65),))
    told = msgspec.json.decode(await signer.answer("", msgspec.json.encode(stray)), type=Answer)
    assert told.part
    other = change(stray, intent=change(stray.intent, number=99))
    told = msgspec.json.decode(await signer.answer("", msgspec.json.encode(other)), type=Answer)
    assert "0 of 2 approvers" in told.refusal
    memory.close()


async def test_what_was_not_bound_is_not_built_at_once_again(refills: Refills) -> None:
    """Criterion: CUST-REFILL-4. It may take the reading of a whole chain."""
    await refills.wanted(COIN)
    await refills.worker.round()
    zero, one = amount_bytes(0), amount_bytes(1)
    none = moves.Marks(NETWORK, COIN, zero, zero, zero, one, one, one)
    assert await refills.house.report(moves.TIER_MOVES, moves.SetMarks(none)) == [0]
    await refills.worker.round()
    asked = refills.safes[0].asked
    await refills.worker.round()
    assert refills.safes[0].asked == asked
    assert await refills.states() == [moves.MoveState.DECIDED]
    await refills.wanted(COIN)
    refills.bed.clock.advance(AGAIN_MS)  # type: ignore[attr-defined]
    await refills.worker.round()
    assert await refills.states() == [moves.MoveState.BOUND]


async def test_a_move_whose_file_is_damaged_holds_up_no_other(refills: Refills) -> None:
    """Criterion: CUST-REFILL-4"""
    await refills.wanted(COIN)
    for _ in range(2):
        await refills.worker.round()
    (move,) = await refills.known()
    (refills.folder / "custody-moves" / f"{move.number}.json").write_bytes(b"{")
    await refills.wanted(TOKEN)
    await refills.worker.round()
    assert await refills.states() == [moves.MoveState.BOUND, moves.MoveState.DECIDED]


async def test_a_full_disk_ends_no_refilling(
    refills: Refills, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: CUST-REFILL-13. It is said, by the move and to operators, and tried again."""
    await refills.wanted(COIN)
    await refills.worker.round()
    really = os.open

    def full(path: Any, *more: Any) -> int:
        if str(path).endswith(".json.new"):
            raise OSError(ENOSPC, "No space left on device", str(path))
        return really(path, *more)

    monkeypatch.setattr(os, "open", full)
    for _ in range(2):
        await refills.worker.round()
    (move,) = await refills.known()
    assert move.state == moves.MoveState.DECIDED
    assert capsys.readouterr().out.count("No space left") == 1
    held_up = held(refills.folder, NETWORK)[move.number]
    assert (held_up.why, "No space left" in held_up.detail) == (Why.NODE, True)
    monkeypatch.setattr(os, "open", really)
    await refills.worker.round()
    assert await refills.states() == [moves.MoveState.BOUND]


async def test_a_round_that_a_disk_stops_is_said_and_tried_again(
    refills: Refills, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Criterion: CUST-REFILL-13. The worker of each network goes on."""
    rounds: list[int] = []

    async def broken() -> None:
        rounds.append(len(rounds))
        if len(rounds) < 3:
            raise OSError(EIO, "Input/output error")
        raise Unavailable("the exchange is gone")

    async def at_once(_ms: int) -> None:
        return

    monkeypatch.setattr(refills.worker, "round", broken)
    monkeypatch.setattr(refills.bed.clock, "wait_ms", at_once)
    with pytest.raises(ExceptionGroup):
        await keep([refills.worker], refills.bed.clock, 1)
    assert rounds == [0, 1, 2]
    said = capsys.readouterr().out
    assert said.count("no moves now") == 1
    assert "Input/output error" in said


async def test_what_holds_moves_is_not_told_on_a_full_disk_and_stops_none(
    refills: Refills, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Criterion: CUST-REFILL-13"""

    def full(_path: Path, _content: bytes) -> int:
        raise OSError(ENOSPC, "No space left on device")

    await refills.wanted(COIN)
    monkeypatch.setattr(Path, "write_bytes", full)
    for _ in range(2):
        await refills.worker.round()
    assert await refills.states() == [moves.MoveState.BOUND]


async def test_a_sweep_that_is_bound_holds_up_no_refill(refills: Refills) -> None:
    """Criterion: CUST-TIER-7. What it takes from hot is gone, for the worker as for the fold."""
    held = amount_bytes(50 * UNIT)
    funded = wire.Funded(NETWORK, b"h" * 32, COIN, wire.Tier.HOT, held)
    assert await refills.house.report(wire.DEPOSITS, funded) == [0]
    await refills.wanted(COIN)
    sweep = moves.Want(NETWORK, COIN, wire.Tier.HOT, wire.Tier.WARM)
    assert await refills.house.report(moves.TIER_MOVES, sweep) == [0]
    (one,) = await refills.known()
    assert await refills.house.report(moves.TIER_MOVES, moves.Bind(one.number, b"b" * 32)) == [0]
    low, target, cap, least, most = (amount_bytes(n * UNIT) for n in (25, 30, 90, 1, 500))
    raised = moves.Marks(NETWORK, COIN, low, target, cap, least, most, most, while_stopped=True)
    assert await refills.house.report(moves.TIER_MOVES, moves.SetMarks(raised)) == [0]
    await refills.worker.round()
    tiers = [(one.source, one.target) for one in await refills.known()]
    assert tiers[1:] == [(wire.Tier.WARM, wire.Tier.HOT)]
