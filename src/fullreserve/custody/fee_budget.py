"""What a signer lets moves that nobody approved cost in 24 hours: on its disk before it signs.

Such moves cannot take coins away, but their fees go to whoever makes blocks. A coordinator under
attack gets no more than this for them, whatever it asks for and however often it is started anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fullreserve.clock import Clock
from fullreserve.custody.chains.adapter import Plan
from fullreserve.custody.kept_file import open_kept
from fullreserve.custody.signing import WillNotSign

DAY_MS = 24 * 3_600_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS fees (
    network INTEGER NOT NULL, binding BLOB NOT NULL, fee INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (network, binding)
) WITHOUT ROWID;
"""


class FeeBudget:
    """`limits` are each network's, in its coin's own units. Of one signer."""

    def __init__(self, path: Path, limits: Mapping[int, int], clock: Clock) -> None:
        self._db = open_kept(path, _SCHEMA)
        self._limits = limits
        self._clock = clock

    def close(self) -> None:
        self._db.close()

    def charge(self, plan: Plan, fee: int) -> None:
        """Keeps what a plan may cost at most; WillNotSign where that is too much for a day.

        Replacements take the same inputs or nonce, so that one of them is paid for: the dearest
        counts, from the newest on. A clock that is set back forgets nothing: what lies ahead of it
        counts for a day from now, so that one that ran ahead once holds up no later day.
        """
        now_ms = self._clock.wall_ms()
        ahead = "UPDATE fees SET at_ms = ? WHERE network = ? AND at_ms > ?"
        self._db.execute(ahead, (now_ms, plan.network, now_ms))
        key = (plan.network, plan.binding)
        asked = "SELECT fee FROM fees WHERE network = ? AND binding = ? AND at_ms > ?"
        known = self._db.execute(asked, (*key, now_ms - DAY_MS)).fetchone()
        most = max(fee, known[0] if known is not None else 0)
        asked = "SELECT sum(fee) FROM fees WHERE network = ? AND binding != ? AND at_ms > ?"
        (others,) = self._db.execute(asked, (*key, now_ms - DAY_MS)).fetchone()
        limit = self._limits.get(plan.network, 0)
        if (others or 0) + most > limit:
            raise WillNotSign(
                f"moves without approval would cost {(others or 0) + most} in 24 hours, more than"
                f" this signer's fee_budget of {limit}, in the coin's smallest units"
            )
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute("INSERT OR REPLACE INTO fees VALUES (?, ?, ?, ?)", (*key, most, now_ms))
        old = "DELETE FROM fees WHERE network = ? AND at_ms <= ?"
        self._db.execute(old, (plan.network, now_ms - DAY_MS))
        self._db.execute("COMMIT")
