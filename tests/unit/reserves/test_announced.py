"""Goal: nobody's address is shown for a day only, and what is new at the start is not punished.

Method: one list over time, and what a later process recalls of it from the published files.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fullreserve.reserves.announced import HOUR_MS, Announced
from fullreserve.reserves.archive import HASHES, LEAF_BYTES
from fullreserve.reserves.canonical import digest
from fullreserve.reserves.places import Place

START_MS = 1_790_000_000_000
FIRST, LATER = Place(1, "cold", "0xa", b"a"), Place(1, "cold", "0xb", b"b")
DEPOSIT = Place(1, "deposit", "0xc", b"c")
EXCHANGE = "ab" * 32


def put(data: Path, name: str, document: Any) -> None:
    place = data / "reserves" / "public" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(document))


def publish(data: Path, *statements: Any) -> None:
    """Epochs in their order, with what a statement says of its time a second after the first."""
    for epoch, one in enumerate(statements, 1):
        put(data, f"epochs/{epoch}.json", {"statement": {"ts": START_MS + 1_000, **one}})
    hashes = data / "reserves" / "public" / HASHES
    hashes.parent.mkdir(parents=True, exist_ok=True)
    hashes.write_bytes(bytes(LEAF_BYTES * len(statements)))


def test_a_wallets_address_counts_after_72_hours(tmp_path: Path) -> None:
    """But for the first day of all statements. Criterion: POR-PIT-11"""
    known = Announced(tmp_path, EXCHANGE)
    known.see([FIRST], START_MS)
    assert known.age(FIRST, START_MS).counts
    late_ms = START_MS + 25 * HOUR_MS
    known.see([FIRST, LATER, DEPOSIT], late_ms)
    assert known.age(FIRST, late_ms) == (START_MS, True, False)
    for hours, counts in ((0, False), (71, False), (72, True)):
        assert known.age(LATER, late_ms + hours * HOUR_MS).counts == counts
    assert known.age(DEPOSIT, late_ms) == (late_ms, True, True)
    assert not known.age(DEPOSIT, late_ms + 72 * HOUR_MS).is_young
    assert Announced(tmp_path, EXCHANGE, 0).wait_ms == 0


def test_a_later_process_recalls_what_was_published(tmp_path: Path) -> None:
    """From the list that the newest statement names. Criterion: POR-PIT-11"""
    known = Announced(tmp_path, EXCHANGE)
    known.see([FIRST], START_MS)
    known.see([LATER], START_MS + 30 * HOUR_MS)
    document = known.document()
    name = digest(document)
    put(tmp_path, f"addresses/{name}.json", document)
    named = {"addresses": {"list": name, "founded": known.founded_ms}}
    publish(tmp_path, {}, named, {"reserves": {"evidence": ""}})
    again = Announced(tmp_path, EXCHANGE)
    again.see([FIRST, LATER], START_MS + 40 * HOUR_MS)
    assert again.document() == document


def test_addresses_of_before_there_were_lists_count_on(tmp_path: Path) -> None:
    """They were published with their evidence. Criterion: POR-PIT-11"""
    chain = {"network": 1, "places": [{"address": FIRST.address}]}
    put(tmp_path, "evidence/ef.json", {"chains": [chain]})
    publish(tmp_path, {"reserves": {"evidence": "ef"}}, {"reserves": {"evidence": ""}})
    known = Announced(tmp_path, EXCHANGE)
    now_ms = START_MS + 1_000 * HOUR_MS
    known.see([FIRST, LATER], now_ms)
    assert (known.age(FIRST, now_ms).counts, known.age(LATER, now_ms).counts) == (True, False)


def test_a_list_that_is_missing_is_not_the_end(tmp_path: Path) -> None:
    """The newest that is there counts. Criterion: POR-PIT-11"""
    known = Announced(tmp_path, EXCHANGE)
    known.see([FIRST], START_MS)
    document = known.document()
    put(tmp_path, f"addresses/{digest(document)}.json", document)
    named = {"founded": START_MS}
    lists = [{"addresses": {**named, "list": name}} for name in (digest(document), "ab")]
    publish(tmp_path, *lists)
    again = Announced(tmp_path, EXCHANGE)
    assert again.document() == document
