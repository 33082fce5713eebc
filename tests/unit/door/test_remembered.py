"""Goal: an unchanged answer is the same object, a changed one never is the old one.

Method: answers as the exchange encodes them, in any order, beside a plain decoder.
"""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from fullreserve.door.remembered import BYTES_MAX, KEPT, Remembered, decode_answer
from fullreserve.exchange.wire.queries import AccountState, ListBalances


def answer(amounts: list[int]) -> bytes:
    states = [
        AccountState(1, 6, 0, asset, amount.to_bytes(16, "big"), bytes(16), 0)
        for asset, amount in enumerate(amounts)
    ]
    return msgspec.msgpack.encode(states)


_asked = st.tuples(st.integers(0, 3), st.lists(st.integers(0, 2), max_size=3))


@given(st.lists(_asked, max_size=30))
def test_it_says_what_a_plain_decoder_says(asked: list[tuple[int, list[int]]]) -> None:
    """Criterion: REST-READ-2"""
    remembered, last = Remembered(), dict[int, tuple[bytes, object]]()
    for owner, amounts in asked:
        query, data = ListBalances(owner), answer(amounts)
        said = remembered.decode(query, data)
        assert said == decode_answer(query, data)
        before = last.get(owner)
        assert (before is not None and before[1] is said) == (
            before is not None and before[0] == data
        )
        last[owner] = (data, said)


def test_it_keeps_within_bounds() -> None:
    """Criterion: REST-READ-2"""
    remembered = Remembered()
    large = answer([1] * (BYTES_MAX // 16))
    assert remembered.decode(ListBalances(1), large) is not remembered.decode(
        ListBalances(1), large
    )
    small = answer([1])
    first = remembered.decode(ListBalances(2), small)
    for owner in range(3, KEPT + 3):
        remembered.decode(ListBalances(owner), small)
    assert remembered.decode(ListBalances(2), small) is not first
