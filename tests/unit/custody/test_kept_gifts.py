"""Goal: sums of what strangers sent are those of what is kept, whatever comes and goes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fullreserve.custody.chains.adapter import Block
from fullreserve.custody.kept_gifts import Gift, GiftSum, KeptGifts
from fullreserve.custody.store import Store

WEI = 10**18


def gift(number: int, amount: int, asset: int = 2) -> Gift:
    name = bytes([number]) * 32
    return Gift(name, number, name, 1, asset, amount)


def test_sums_follow_what_is_kept(tmp_path: Path) -> None:
    """Criterion: CHAINS-GIFT-5. The largest first, of amounts beyond 64 bits too."""
    store = Store(tmp_path / "watcher.sqlite")
    kept = store.gifts
    given = [gift(1, 90 * WEI), gift(2, 1), gift(3, 100 * WEI), gift(4, 7, asset=6)]
    assert [kept.keep(1, one) for one in [*given, given[0]]] == [True, True, True, True, False]
    coins = GiftSum(1, 2, 3, 190 * WEI + 1)
    assert kept.sums(1) == [coins, GiftSum(1, 6, 1, 7)]
    assert [one.amount for one in kept.largest(1, coins, 2)] == [100 * WEI, 90 * WEI]
    kept.lose([given[1].name, b"n" * 32])
    kept.lose_since(1, 3)
    assert kept.sums(1) == [GiftSum(1, 2, 1, 90 * WEI)]
    assert (kept.all(1), kept.sums(2)) == ([given[0]], [])
    store.close()


def test_a_store_of_before_has_its_sums(tmp_path: Path) -> None:
    """Criterion: CHAINS-GIFT-5"""
    place = tmp_path / "watcher.sqlite"
    store = Store(place)
    store.gifts.keep(1, gift(1, 5))
    store.gifts.keep(1, gift(2, 6))
    store.close()
    with sqlite3.connect(place) as db:
        db.execute("DROP TABLE gift_sums")
    store = Store(place)
    assert store.gifts.sums(1) == [GiftSum(1, 2, 2, 11)]
    store.close()


def test_sums_that_were_made_in_part_are_made_anew(tmp_path: Path) -> None:
    """As after a kill behind the first of them. Criterion: CHAINS-GIFT-5."""
    place = tmp_path / "watcher.sqlite"
    store = Store(place)
    for one in (gift(1, 5), gift(2, 7, asset=6)):
        store.gifts.keep(1, one)
    sums = store.gifts.sums(1)
    store.close()
    fails = (
        "CREATE TRIGGER fails BEFORE INSERT ON gift_sums WHEN NEW.asset = 6 "
        "BEGIN SELECT RAISE(ABORT, 'as a kill'); END"
    )
    with closing(sqlite3.connect(place, isolation_level=None)) as db:
        db.execute("DELETE FROM gift_sums")
        db.execute(fails)
        with pytest.raises(sqlite3.IntegrityError, match="as a kill"):
            KeptGifts(db)
        assert db.execute("SELECT * FROM gift_sums").fetchall() == []
        db.execute("DROP TRIGGER fails")
        # An earlier watcher had no transaction around it.
        db.execute("INSERT INTO gift_sums VALUES (1, 1, 2, 1, '5')")
    store = Store(place)
    assert store.gifts.sums(1) == sums
    store.close()


def test_a_block_that_the_chain_left_is_waited_for_no_longer(tmp_path: Path) -> None:
    """Criterion: CHAINS-GIFT-3. Nor does what was read of it count."""
    store = Store(tmp_path / "watcher.sqlite")
    first, second = Block(7, b"7" * 32, b"6" * 32), Block(8, b"8" * 32, b"7" * 32)
    for one in (first, second):
        store.gifts.wait_for(1, one)
    assert store.gifts.waiting(1, 9) == [first, second]
    store.gifts.lose_since(1, 8)
    assert [store.gifts.has_read(1, one) for one in (first, second)] == [True, False]
    assert store.gifts.waiting(1, 9) == []
    store.close()
