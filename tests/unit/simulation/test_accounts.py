"""Goal: the demo's accounts are opened once, funded, and known well enough to be paid."""

from __future__ import annotations

from pathlib import Path

from fullreserve.exchange.wire.queries import GetOwner
from fullreserve.simulation.accounts import ACCOUNTS, fund
from tests.bed import Bed


async def test_demo_accounts_can_be_paid_by_their_uid(tmp_path: Path) -> None:
    """Criterion: DEMO-7."""
    bed = await Bed.open(tmp_path)
    door = await bed.door()
    uids = {account.name: 20_000_001 + number for number, account in enumerate(ACCOUNTS)}
    assert (await fund(door, uids), await fund(door, uids)) == (len(ACCOUNTS), 0)
    for account in ACCOUNTS:
        owner = await door.query(GetOwner(uids[account.name]))
        assert (owner.kyc, owner.flags) == (1, account.flags)
    await bed.close()
