"""Goal: the ring of recent rows finds each row it keeps and never grows beyond its bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fullreserve.door.protocol import Row
from fullreserve.journal.ring import DECODED_ROWS, Ring


def row(sequence: int, count: int, size: int = 0) -> Row:
    return Row(sequence, count, 0, 1, 1, bytes(size), b"\x90")


@given(st.lists(st.integers(1, 9), min_size=1, max_size=80), st.integers(1, 20))
def test_every_kept_sequence_is_found_and_no_other(counts: list[int], rows_max: int) -> None:
    """Criterion: LOG-11.2"""
    ring = Ring(rows_max=rows_max)
    rows = []
    sequence = 1
    for count in counts:
        rows.append(row(sequence, count))
        ring.add(rows[-1])
        sequence += count
    kept = rows[-rows_max:]
    assert (len(ring), ring.oldest, ring.last) == (len(kept), kept[0].sequence, sequence - 1)
    for one in rows:
        for at in range(one.sequence, one.last + 1):
            assert ring.holding(at) is (one if one in kept else None)
    assert ring.holding(sequence) is None


def test_bytes_are_bounded() -> None:
    """Criterion: LOG-9.4"""
    ring = Ring(bytes_max=10_000)
    for sequence in range(1, 1_001):
        ring.add(row(sequence, 1, size=999))
    assert len(ring) == 10


def test_only_the_newest_rows_keep_their_decoded_events() -> None:
    """Criterion: LOG-9.4"""
    ring = Ring()
    rows = [row(sequence, 1) for sequence in range(1, 101)]
    for one in rows:
        ring.add(one)
        assert one.decoded() == []
    kept = [one for one in rows if one._decoded is not None]
    assert kept == rows[-DECODED_ROWS:]
