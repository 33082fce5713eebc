"""Goal: what is too small or too much is refused. Method: a world without operators."""

from __future__ import annotations

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.products.approval_acts import Enrol
from fullreserve.exchange.products.approval_state import CONSOLE
from fullreserve.exchange.products.suspension_wire import Draft, Ratify, Suspend
from tests.unit.exchange.custody_world import World
from tests.unit.exchange.suspension_world import ADA, agree, folds, known, say, terms


def test_set_up_mode_and_bounds_are_refused() -> None:
    """Criterion: SUS-STOP-8. A group that is too small decides nothing; too many are refused."""
    world = World(folds)
    assert say(world, Suspend(terms()), chart.HOUSE) == 0
    for member in (ADA,):
        assert agree(world, Enrol(CONSOLE, member)) == 0
    number = known(world)[-1].number
    assert say(world, Draft(terms())) == 93002
    assert say(world, Ratify(number)) == 93002
    assert say(world, Suspend(terms())) == 0
    state = world.machine.folds[-1].state
    for extra in range(1, 1_000):
        state.suspensions[-extra] = msgspec.structs.replace(state.suspensions[number], state=1)
    assert say(world, Suspend(terms())) == 93010
