"""What is noted of transfers by their `clientId`, and whose turn it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from fullreserve.gateway.client_ids import DAY_MS, KEPT_MS, ClientIds, Note
from fullreserve.gateway.rest.asset.turns import Turns


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[ClientIds]:
    opened = ClientIds(tmp_path)
    yield opened
    opened.close()


def noted(number: int, client: str = "once", time_ms: int = 0) -> Note:
    return Note(1, client, 1, number, 6, "100", 1, 2, time_ms)


def test_a_late_outcome_is_not_that_of_a_newer_note(notes: ClientIds) -> None:
    """Criterion: REST-FUND-1. The first was refused, forgotten, and the transfer tried anew."""
    first = notes.take(noted(10))
    notes.settle(first, 0)
    second = notes.take(noted(12))
    notes.settle(first, 0)
    notes.settle(first, 77)
    assert notes.find(1, "once") == second
    notes.settle(second, 80)
    assert notes.take(noted(13)) == second._replace(transfer=80)


def test_a_note_is_renumbered_from_its_own_number_alone(notes: ClientIds) -> None:
    """Criterion: REST-FUND-1"""
    first = notes.take(noted(10))
    assert notes.renumber(first, 11)
    assert not notes.renumber(first, 12)
    assert notes.find(1, "once") == noted(11)


def test_old_notes_are_dropped_while_the_gateway_runs(notes: ClientIds) -> None:
    """Criterion: REST-FUND-1"""
    notes.forget(0)
    notes.take(noted(1, "old"))
    notes.take(noted(2, "later", DAY_MS))
    assert notes.find(1, "old") is not None
    notes.take(noted(3, "last", KEPT_MS + 1))
    assert notes.find(1, "old") is None
    assert notes.find(1, "later") is not None


def test_what_a_withdrawal_was_asked_for_under_is_told_by_hash_and_number(
    notes: ClientIds,
) -> None:
    """Criterion: CUST-REST-12"""
    notes.ask(1, b"h", "mine", 0)
    notes.ask(1, b"r", "refused", 0)
    assert notes.texts(1, {b"h", b"none", b""}) == {b"h": "mine"}
    notes.made(1, b"h", 7)
    # A refused repeat takes nothing away, one that was never made is forgotten.
    notes.ask(1, b"h", "mine", 0)
    notes.made(1, b"h", 0)
    notes.made(1, b"r", 0)
    assert notes.texts(1, {b"h", b"r"}) == {b"h": "mine"}
    transfer = notes.take(noted(10, "moved"))
    notes.settle(transfer, 80)
    assert notes.moved_under(1, {7, 80, 81}) == {7: "mine", 80: "moved"}
    assert (notes.moved_under(2, {7, 80}), notes.texts(2, {b"h"})) == ({}, {})
    notes.forget(KEPT_MS + 1)
    assert (notes.texts(1, {b"h"}), notes.moved_under(1, {7, 80})) == ({}, {})


async def test_turns_come_in_order_and_are_forgotten() -> None:
    """Criterion: REST-FUND-1"""
    turns = Turns()
    seen: list[str] = []
    free = asyncio.Event()

    async def ask(name: str, answer: str) -> None:
        async with turns.of(name):
            await free.wait()
            seen.append(answer)

    asked = [asyncio.create_task(ask("once", str(n))) for n in range(3)]
    await asyncio.sleep(0)
    asked[1].cancel()
    async with turns.of("other"):
        assert len(turns) == 2
    free.set()
    await asyncio.gather(*asked, return_exceptions=True)
    assert (seen, len(turns)) == (["0", "2"], 0)
