"""Goal: whatever becomes of tranches, nothing is held twice, lost or paid in another order.

Method: random logs of them; what is held is what is open, and each drain is worked out again.
"""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest

from fullreserve.exchange import chart
from fullreserve.exchange.catalog import Catalog
from fullreserve.exchange.products.drain_log import NO_SPLITS
from fullreserve.exchange.products.suspension_state import SuspensionState
from fullreserve.exchange.products.suspension_wire import SUSPENSIONS, ListRoll
from fullreserve.exchange.products.suspensions import Suspensions
from fullreserve.exchange.products.withdrawal_state import FINAL, WithdrawalState
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.exchange.wire.queries import AskFold, ListBalances
from fullreserve.gateway.rest.x.suspension_rows import Places, artefact
from tests.bed import ALICE, BOB, Bed
from tests.journals.make import SAFETY
from tests.unit.journal import tranches_log
from verifier.drain import check


@pytest.fixture
async def bed(tmp_path: Path, request: pytest.FixtureRequest) -> Bed:
    made = await Bed.open(tmp_path, folds=[fold() for fold in SAFETY])
    seed, *rules = request.param
    await tranches_log.fill(made, random.Random(seed), *rules)
    await made.close()
    return made


@pytest.mark.parametrize(
    "bed", [(0, 8, 9), (1, 8, 9), (2, 13, 11, 2), (3, 16, 11, 2), (4, 17, 11, 2)], indirect=True
)
async def test_everybody_has_what_he_asked_for_or_has_it_back(bed: Bed) -> None:
    """Criterion: SUS-DRAIN-16, SUS-DRAIN-17, SUS-VERIFY-1."""
    (fold,) = (one for one in bed.folds if isinstance(one, Withdrawals))
    (stopping,) = (one.state for one in bed.folds if isinstance(one, Suspensions))
    stops = stopping.suspensions
    withdrawals = fold.state
    held = dict.fromkeys((ALICE, BOB), 0)
    for one in withdrawals.withdrawals.values():
        held[one.owner] += one.total if one.state not in FINAL else 0
    machine = bed.sequencer.machine
    for owner, amount in held.items():
        balances = machine.query(ListBalances(owner=owner))
        holds = (amount_int(one.balance) for one in balances if one.kind == chart.HOLD)
        assert sum(holds) == amount
    for number, split in withdrawals.splits.items():
        mine = [part for part, request in withdrawals.parts.items() if request == number]
        ends = [withdrawals.withdrawals[each] for each in (number, *mine)]
        # A tranche that went back into its request is counted there.
        back = sum(one.value for one in ends[1:] if one.state == WithdrawalState.CANCELED)
        assert sum(one.value for one in ends) - back <= amount_int(split.amount)
    places, checked = Places(Catalog(), ()), 0
    for number, logs in withdrawals.drains.items():
        stop = stops[number]
        if stop.state < SuspensionState.LIFTED:
            continue
        roll = machine.query(AskFold(SUSPENSIONS, msgspec.msgpack.encode(ListRoll(number, 0, 99))))
        rows = msgspec.msgpack.decode(roll)
        sums = list(fold._known.drained[number].values())
        splits = withdrawals.split_logs.get(number, NO_SPLITS)
        broken = [
            (one, [(each, *one.roll[each]) for each in sorted(one.roll)])
            for one in stopping.broken.get(number, ())
        ]
        made = artefact(stop, places, logs, sums, rows, splits=splits, broken=broken)
        check(made)
        checked += bool(splits.tranches)
    assert checked > 5
