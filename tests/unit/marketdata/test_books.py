"""Goal: a subscriber who applies what is published holds the book, byte for byte.

Method: random streams of level changes against a plain dictionary, and a client that knows only
the messages and verifies the checksum as the API guide describes it.
"""

import json
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullreserve.exchange.wire.commands import Side
from fullreserve.exchange.wire.queries import Depth, DepthLevel
from fullreserve.marketdata.books import Book
from fullreserve.marketdata.checksum import checksum
from fullreserve.marketdata.depth import DepthView, Push
from tests.unit.marketdata.listing import instrument, level

Change = tuple[Side, int, int]
CHANGES = st.lists(
    st.tuples(st.sampled_from(Side), st.integers(1, 30), st.integers(0, 3)), max_size=60
)
Naive = dict[Side, dict[int, int]]


def naive_top(naive: Naive, side: Side, depth: int) -> list[list[str]]:
    """The rows of the best levels, sorted and cut the plain way."""
    spec = instrument()
    best_first = sorted(naive[side].items(), reverse=side is Side.BUY)[:depth]
    return [[spec.price_text(p), spec.size_text(s), "0", "1"] for p, s in best_first]


class Client:
    """Keeps a book from messages alone, as trading bots do."""

    def __init__(self, push: Push) -> None:
        message = json.loads(push.json())
        assert message["prevSeqId"] == -1
        self.sequence = message["seqId"]
        self.sides = {key: {row[0]: row for row in message[key]} for key in ("bids", "asks")}
        self.verify(message)

    def take(self, push: Push) -> None:
        message = json.loads(push.json())
        assert message["prevSeqId"] == self.sequence
        self.sequence = message["seqId"]
        for key, rows in self.sides.items():
            for row in message[key]:
                if row[1] == "0":
                    del rows[row[0]]
                else:
                    rows[row[0]] = row
        self.verify(message)

    def rows(self, key: str) -> list[list[str]]:
        found = self.sides[key].values()
        return sorted(found, key=lambda row: float(row[0]), reverse=key == "bids")

    def verify(self, message: dict[str, int]) -> None:
        bids, asks = self.rows("bids"), self.rows("asks")
        parts = []
        for i in range(25):
            parts += [f"{side[i][0]}:{side[i][1]}" for side in (bids, asks) if i < len(side)]
        unsigned = zlib.crc32(":".join(parts).encode("ascii"))
        assert message["checksum"] % 2**32 == unsigned
        assert -(2**31) <= message["checksum"] < 2**31


def change(book: Book, naive: Naive, sequence: int, changed: Change) -> None:
    side, price, size = changed
    book.apply(level(side, price, size))
    book.sequence = sequence
    if size:
        naive[side][price] = size
    else:
        naive[side].pop(price, None)


@given(CHANGES, st.integers(1, 8))
def test_the_mirror_equals_a_plain_dictionary(changes: list[Change], depth: int) -> None:
    """Criterion: MD-BOOK-1."""
    book, naive = Book(instrument()), {side: dict[int, int]() for side in Side}
    for sequence, changed in enumerate(changes):
        change(book, naive, sequence, changed)
        for side, mirror in ((Side.BUY, book.bids), (Side.SELL, book.asks)):
            assert json.loads(mirror.rows(depth)) == naive_top(naive, side, depth)
            best = mirror.best
            texts = [] if best is None else [best.price_text]
            assert texts == [one[0] for one in naive_top(naive, side, 1)]


@given(CHANGES, CHANGES, st.integers(1, 8), st.integers(1, 7))
def test_differences_applied_to_a_snapshot_give_the_window(
    before: list[Change], after: list[Change], depth: int, every: int
) -> None:
    """Criterion: MD-BOOK-2, MD-BOOK-3."""
    book, naive = Book(instrument()), {side: dict[int, int]() for side in Side}
    for sequence, changed in enumerate(before, 1):
        change(book, naive, sequence, changed)
    view = DepthView(book, depth)
    early = Client(view.snapshot())
    for sequence, changed in enumerate(after, len(before) + 1):
        change(book, naive, sequence, changed)
        if sequence % every == 0:
            push = view.difference(0)
            if push is not None:
                early.take(push)
            late = Client(view.snapshot())
            assert late.sides == early.sides
            assert late.sequence == early.sequence
            assert early.rows("bids") == naive_top(naive, Side.BUY, depth)
            assert early.rows("asks") == naive_top(naive, Side.SELL, depth)


def test_nothing_changed_is_no_message_and_the_heartbeat_keeps_the_chain() -> None:
    """Criterion: MD-BOOK-4."""
    book = Book(instrument())
    book.apply(level(Side.BUY, 100, 5))
    book.sequence = 9
    view = DepthView(book, 400)
    assert view.difference(0) is None
    heartbeat = view.heartbeat(60_000)
    assert (heartbeat.asks, heartbeat.bids) == ("[]", "[]")
    assert heartbeat.sequence == heartbeat.previous == 9
    client = Client(view.snapshot())
    client.take(heartbeat)
    # A level that came and went between two messages is no message either.
    book.apply(level(Side.SELL, 101, 5))
    book.apply(level(Side.SELL, 101, 0))
    assert view.difference(0) is None


def test_two_views_are_independent_and_a_closed_one_costs_nothing() -> None:
    """Criterion: MD-BOOK-2."""
    book = Book(instrument())
    first, second = DepthView(book, 400), DepthView(book, 400)
    first.close()
    book.apply(level(Side.BUY, 100, 5))
    book.sequence = 1
    push = second.difference(0)
    assert push is not None
    assert json.loads(push.bids) == [["1", "0.00005", "0", "1"]]
    second.close()
    assert not book.bids.watchers
    assert not book.asks.watchers


def test_a_book_starts_from_the_cores_answer() -> None:
    """Criterion: MD-BOOK-5."""
    book = Book(instrument())
    book.apply(level(Side.BUY, 90, 1))
    view = DepthView(book, 400)
    client = Client(view.snapshot())
    book.replace(Depth(12, 5, (DepthLevel(101, 2, 1),), (DepthLevel(103, 4, 2),)))
    push = view.difference(0)
    assert push is not None
    client.take(push)
    assert client.rows("bids") == [["1.01", "0.00002", "0", "1"]]
    assert client.rows("asks") == [["1.03", "0.00004", "0", "2"]]
    assert client.sequence == 12


def test_the_checksum_of_the_api_guides_example() -> None:
    """Criterion: MD-BOOK-3. Bids and asks in turn; the longer side goes on alone."""
    bids, asks = ["3366.1:7", "3366:6"], ["3366.8:9", "3368:8", "3372:8"]
    text = b"3366.1:7:3366.8:9:3366:6:3368:8:3372:8"
    assert checksum(bids, asks) == zlib.crc32(text) - 2**32 * (zlib.crc32(text) >> 31)
    assert checksum([], []) == 0


@pytest.mark.parametrize("seed", range(3))
def test_a_deep_book_whose_window_moves(seed: int) -> None:
    """Criterion: MD-BOOK-2. More levels than the window holds, the best price swinging."""
    chance = random.Random(seed)
    book, naive = Book(instrument()), {side: dict[int, int]() for side in Side}
    for sequence in range(1, 2_000):
        change(book, naive, sequence, (Side.BUY, chance.randrange(1, 900), 1))
    view = DepthView(book, 400)
    client = Client(view.snapshot())
    for sequence in range(2_000, 4_000):
        size = chance.choice((0, 0, 1, 2))
        change(book, naive, sequence, (Side.BUY, chance.randrange(1, 900), size))
        if sequence % 50 == 0:
            push = view.difference(0)
            if push is not None:
                client.take(push)
            assert client.rows("bids") == naive_top(naive, Side.BUY, 400)
