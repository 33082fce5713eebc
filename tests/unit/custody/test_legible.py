"""Goal: what strangers write reaches people as plain text of a bounded length."""

from __future__ import annotations

from pathlib import Path

import pytest

from fullreserve.custody.chains.evm_reading import legible
from fullreserve.custody.store import Store, read_memo


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (b"", ""),
        (b"7" * 64, "7" * 64),
        (b"7" * 65, "7" * 63 + "\u2026"),
        ("\U0001f642".encode() * 70, "\U0001f642" * 63 + "\u2026"),
        (b"\x00\n<b>\x1b[2J", "\ufffd\ufffd<b>\ufffd[2J"),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_only_what_can_be_printed_is_shown(sent: bytes, shown: str) -> None:
    """Criterion: CUST-DEP-16."""
    assert legible(sent) == shown


def test_a_memo_is_kept_once_and_read_by_others(tmp_path: Path) -> None:
    """Criterion: CUST-DEP-16. Also from a store that is not there, or of an older worker."""
    place = tmp_path / "store"
    assert read_memo(place, b"t" * 32) == ""
    store = Store(place)
    for text in ("alice", "another"):
        store.keep_memo(b"t" * 32, text)
    assert (read_memo(place, b"t" * 32), read_memo(place, b"u" * 32)) == ("alice", "")
    store.close()
