"""Goal: a place in a queue is the same as if one had counted. Method: against a sorted list."""

from __future__ import annotations

import random

import pytest

from fullreserve.exchange.products import ranked
from fullreserve.exchange.products.ranked import Before, Ranked


@pytest.mark.parametrize("piece", [1, 3, 256])
def test_places_and_sums_are_those_of_a_walk(monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    """Criterion: CUST-BOUND-1. Numbers come at the end and go back to old places."""
    monkeypatch.setattr(ranked, "PIECE", piece)
    draws, held, queue = random.Random(piece), dict[int, int](), Ranked()
    for turn in range(600):
        if held and draws.randrange(3) == 0:
            number = draws.choice(list(held))
            queue.remove(number)
            del held[number]
        else:
            number = draws.randrange(2000) if draws.randrange(2) else 2000 + turn
            if number not in held:
                held[number] = draws.randrange(100)
                queue.add(number, held[number])
        at = draws.randrange(-1, 2700)
        ahead = [one for one in held if one < at]
        assert queue.before(at) == Before(len(ahead), sum(held[one] for one in ahead))
        assert list(queue.after(at)) == sorted(one for one in held if one > at)
        assert (len(queue), queue.total) == (len(held), sum(held.values()))


def test_what_is_not_there_cannot_be_taken_out() -> None:
    """Criterion: CUST-BOUND-1."""
    queue = Ranked()
    queue.add(1, 5)
    with pytest.raises(KeyError):
        queue.remove(2)
    assert (len(queue), queue.total) == (1, 5)
