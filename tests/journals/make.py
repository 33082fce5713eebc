"""Makes a golden journal: `python -m tests.journals.make NAME`.

A golden journal is made once, by the version that brings a capability, and replayed by every later
one. One that was released is never made again: a difference is a defect of the new version, or a
change of rules that `ActivateRules` has to switch.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from fullreserve.exchange.folds import Fold
from fullreserve.exchange.products.approvals import Approvals
from fullreserve.exchange.products.deposits import Deposits
from fullreserve.exchange.products.liveness import Liveness
from fullreserve.exchange.products.points import Claim, Points
from fullreserve.exchange.products.policy import Policy
from fullreserve.exchange.products.suspensions import Suspensions
from fullreserve.exchange.products.tier_moves import TierMoves
from fullreserve.exchange.products.withdrawals import Withdrawals
from fullreserve.exchange.wire.commands import Product
from fullreserve.journal import archive
from fullreserve.journal.archive import Pointer
from fullreserve.journal.folder import Folder
from fullreserve.journal.segment import Segment
from tests.bed import ALICE, BOB, Bed, submit
from tests.unit.journal import (
    announced_log,
    approvals_log,
    concern_log,
    custody_log,
    desk_log,
    drains_log,
    following_log,
    history_log,
    losses_log,
    owing_log,
    risk_log,
    safety_log,
    strangers_log,
    tier_log,
    tranches_log,
    unbinding_log,
)
from tests.unit.journal.points_campaign import start_campaign
from tests.unit.journal.random_log import random_command

FOLDER = Path(__file__).parent
RUNS = 400


class Golden(msgspec.Struct, frozen=True):
    """What stands beside the rows: where they end, and the state hash of each component."""

    pointer: Pointer
    components: dict[str, str]


async def make(name: str) -> None:
    """Writes NAME.rows.zst and NAME.json into this folder."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folds, fill = JOURNALS[name]
        fresh = [fold() for fold in folds]
        bed = await Bed.open(folder, folds=fresh, segment_rows=1_000_000)
        await fill(bed, random.Random(name))
        components = {one.name: one.hash.hex() for one in bed.sequencer.machine.hashes()}
        await bed.close()
        (part,) = Folder(folder / "journal").parts()
        segment = Segment(part.path)
        segment.write(segment.meta_int("epoch"), (), seal=True)
        pointer = archive.archive(segment, folder / "journal", folder / "cold")
        segment.close()
        _keep(name, pointer, components)


async def _points(bed: Bed, draws: random.Random) -> None:
    door = await bed.door()
    await start_campaign(door)
    for _ in range(RUNS):
        first = door.numbers(8)
        run = [random_command(draws, first + at) for at in range(draws.randrange(1, 8))]
        await submit(door, run)
        claim = msgspec.msgpack.encode(Claim())
        owner = draws.choice((ALICE, BOB))
        await submit(door, [Product(1, first + 7, Points.number, owner, claim)])
        bed.clock.advance(draws.randrange(0, 3_000))  # type: ignore[attr-defined]


async def _approvals(bed: Bed, draws: random.Random, *, spares: bool = False) -> None:
    """Operators at work while two trade; ten hours."""
    door = await bed.door()
    await submit(door, approvals_log.opening(door.numbers(3)))
    proposals = bed.folds[0].state.proposals
    for _ in range(RUNS):
        first = door.numbers(12)
        trades = [random_command(draws, first + at) for at in range(draws.randrange(1, 6))]
        asked = approvals_log.random_asks(draws, first + 6, list(proposals), spares=spares)
        await submit(door, [*trades, *asked])
        bed.clock.advance(draws.randrange(0, 40_000))  # type: ignore[attr-defined]


SAFETY = (Approvals, Deposits, Withdrawals, Suspensions, Liveness, Policy)

# By name: the folds that the exchange has, and what fills its log.
JOURNALS: dict[
    str,
    tuple[tuple[Callable[[], Fold[Any]], ...], Callable[[Bed, random.Random], Awaitable[None]]],
] = {
    "points": ((Points,), _points),
    "approvals": ((Approvals,), _approvals),
    "approvals-sparing": ((Approvals,), partial(_approvals, spares=True)),
    "custody": ((Deposits, Withdrawals), custody_log.fill),
    "custody-1": ((Deposits, Withdrawals), partial(custody_log.fill, edition=1)),
    "custody-2": ((Deposits, Withdrawals), partial(custody_log.fill, edition=2)),
    "custody-3": ((Deposits, Withdrawals), partial(custody_log.fill, edition=3)),
    "custody-4": ((Deposits, Withdrawals), partial(custody_log.fill, edition=4)),
    "owing": ((Deposits,), partial(owing_log.fill, edition=5)),
    "owing-6": ((Deposits,), partial(owing_log.fill, edition=6)),
    "owing-8": ((Deposits,), partial(owing_log.fill, edition=8)),
    "owing-9": ((Deposits,), partial(owing_log.fill, edition=9)),
    "owing-10": ((Deposits,), partial(owing_log.fill, edition=10)),
    "custody-screened": (
        (Deposits, Withdrawals),
        partial(custody_log.fill, edition=4, screens=True),
    ),
    "safety": (SAFETY, safety_log.fill),
    "safety-1": (SAFETY, partial(safety_log.fill, edition=1)),
    "safety-2": (SAFETY, partial(safety_log.fill, edition=2)),
    "safety-3": (SAFETY, partial(safety_log.fill, edition=3)),
    "surveys": (SAFETY, partial(safety_log.fill, edition=3, stopping=1)),
    "evidence": (SAFETY, partial(safety_log.fill, edition=3, stopping=2)),
    "lifts": (SAFETY, partial(safety_log.fill, edition=3, stopping=3)),
    "canaries": (SAFETY, safety_log.fill_with_canaries),
    "saving": (SAFETY, partial(safety_log.fill_with_canaries, edition=5)),
    "signed": (SAFETY, partial(safety_log.fill_with_canaries, edition=5, stopping=6)),
    "spared": (SAFETY, partial(safety_log.fill_with_canaries, edition=5, stopping=7)),
    "waiting": (SAFETY, partial(safety_log.fill_with_canaries, edition=5, stopping=8)),
    "readings": (SAFETY, partial(safety_log.fill_with_canaries, edition=5, stopping=12)),
    "by-hand": (SAFETY, partial(safety_log.fill_with_canaries, edition=5, stopping=13)),
    "drains": (SAFETY, drains_log.fill),
    "restarts": (SAFETY, partial(safety_log.fill, edition=3, stopping=4)),
    "concerns": (SAFETY, partial(concern_log.fill, edition=2)),
    "concerns-3": (SAFETY, partial(concern_log.fill, edition=3)),
    "concerns-6": (SAFETY, partial(concern_log.fill, edition=6)),
    "reviewers": (SAFETY, partial(concern_log.fill, edition=6, of_withdrawals=14)),
    "risk": (SAFETY, partial(risk_log.fill, edition=3)),
    "risk-4": (SAFETY, partial(risk_log.fill, edition=4)),
    "risk-5": (SAFETY, partial(risk_log.fill, edition=5)),
    "risk-6": (SAFETY, partial(risk_log.fill, edition=6)),
    "risk-7": (SAFETY, partial(risk_log.fill, edition=7)),
    "risk-8": (SAFETY, partial(risk_log.fill, edition=8)),
    "desk": (SAFETY, desk_log.fill),
    "desk-10": (SAFETY, partial(desk_log.fill, edition=10)),
    "history": (SAFETY, history_log.fill),
    "following": (SAFETY, following_log.fill),
    "tiers": ((*SAFETY, TierMoves), tier_log.fill),
    "announced": ((Approvals, Deposits, Withdrawals), announced_log.fill),
    "losses": ((Approvals, Deposits, Withdrawals), losses_log.fill),
    "losses-7": ((Approvals, Deposits, Withdrawals), partial(losses_log.fill, edition=7)),
    "strangers": ((Approvals, Deposits, Withdrawals), strangers_log.fill),
    "tranches": (SAFETY, partial(tranches_log.fill, edition=8, stopping=9)),
    "broken": (SAFETY, partial(tranches_log.fill, edition=13, stopping=11, max_wait=2)),
    "one-fee": (SAFETY, partial(tranches_log.fill, edition=16, stopping=11, max_wait=2)),
    "lacking": (SAFETY, partial(tranches_log.fill, edition=17, stopping=11, max_wait=2)),
    "overdue": (SAFETY, partial(tranches_log.fill, edition=12, stopping=10, max_wait=2)),
    "unbound": (SAFETY, unbinding_log.fill),
    "tiers-by-people": ((*SAFETY, TierMoves), partial(tier_log.fill, by_people=True)),
}


def _keep(name: str, pointer: Pointer, components: dict[str, str]) -> None:
    (FOLDER / f"{name}.rows.zst").write_bytes(Path(pointer.file).read_bytes())
    golden = Golden(msgspec.structs.replace(pointer, file=f"{name}.rows.zst"), components)
    text = msgspec.json.format(msgspec.json.encode(golden)) + b"\n"
    (FOLDER / f"{name}.json").write_bytes(text)


if __name__ == "__main__":
    asyncio.run(make(sys.argv[1]))
