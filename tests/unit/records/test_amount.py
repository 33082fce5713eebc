"""Goal: amounts in SQL sort as numbers. Method: compare both orders on random pairs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullreserve.exchange.wire.commands import amount_bytes
from fullreserve.records.amount import HIGHEST, LOWEST, WIDTH, amount_text, amount_value, wire_text

amounts = st.one_of(st.integers(LOWEST, HIGHEST), st.integers(-3, 3))


@given(amounts, amounts)
def test_texts_sort_as_the_numbers_do(one: int, other: int) -> None:
    """Criterion: REC-1."""
    assert (amount_text(one) < amount_text(other)) == (one < other)


@given(amounts)
def test_an_amount_comes_back_from_text_and_wire(amount: int) -> None:
    """Criterion: REC-1."""
    text = amount_text(amount)
    assert len(text) == WIDTH
    assert amount_value(text) == amount
    assert wire_text(amount_bytes(amount)) == text


def test_a_person_can_read_a_positive_amount() -> None:
    assert amount_text(250) == "1" + "250".rjust(WIDTH - 1, "0")


@pytest.mark.parametrize("amount", [HIGHEST + 1, LOWEST - 1])
def test_more_than_128_bits_is_an_error(amount: int) -> None:
    """Criterion: REC-1."""
    with pytest.raises(OverflowError):
        amount_text(amount)
