"""What a signer lets cost in 24 hours that no user pays: on its disk before it signs.

There are two, so that neither takes what the other needs: of moves, and of what payments of
accounts may cost beyond `TIMES` what their users pay, which their gas at the fee of the moment does
not. In a storm of fees payments of fixed fees come to that bound, and wait, and operators are told.

Moves that nobody approved cannot take coins away, but their fees go to whoever makes blocks. So
does what a payment of Bitcoin's family costs beyond the fees of its withdrawals: who proposes it
chooses its coins and its rate. A coordinator under attack gets no more than this for them, whatever
it asks for and however often it is started anew; payments for what their users pay go on.

What a move may cost at most is reserved. What it did cost replaces that once the signer's own nodes
show it deep enough, but never less than a quarter of it: with nodes that lie a coordinator gets
four times the budget at most, and no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fullreserve.clock import Clock
from fullreserve.custody.chains.adapter import Asked, Plan
from fullreserve.custody.kept_file import Together, open_kept
from fullreserve.custody.networks import Network
from fullreserve.custody.signing import WillNotSign

DAY_MS = 24 * 3_600_000
# Of the budget, what sweeps of users' addresses and gas for them leave to what lanes need: a nonce
# that is nobody's would hold up payments. And of what was reserved, what counts in any case.
PART = 4
WORD = 32  # bytes of a fee
# Of what its users pay, what a payment of accounts may cost uncounted: it is given more gas than it
# uses, at a fee that outbids two full blocks.
TIMES = 4

_SCHEMA = """
CREATE TABLE IF NOT EXISTS fees (
    network INTEGER NOT NULL, binding BLOB NOT NULL, fee BLOB NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (network, binding)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reserved (
    network INTEGER NOT NULL, binding BLOB NOT NULL, txid BLOB NOT NULL, plan BLOB NOT NULL,
    PRIMARY KEY (network, binding, txid)
) WITHOUT ROWID;
"""


class FeeBudget:
    """`limits` are each network's, in its coin's own units. Of one signer.

    `name` is what people know it by: that of its limit in the file of networks.
    """

    def __init__(
        self, path: Path, limits: Mapping[int, int], clock: Clock, name: str = "fee_budget"
    ) -> None:
        self._name = name
        self._db = open_kept(path, _SCHEMA)
        self._limits = limits
        self._clock = clock

    def close(self) -> None:
        self._db.close()

    def charge(self, plan: Plan, fee: int, for_payments: bool) -> None:
        """Keeps what a plan may cost at most; WillNotSign where that is too much for a day.

        `for_payments`: payments would wait without it, by what it does, whatever its proposer says
        of it; other plans leave a part of the budget to those.
        Replacements take the same inputs or nonce, so that one of them is paid for: the dearest
        counts, from the newest on. A clock that is set back forgets nothing: what lies ahead of it
        counts for a day from now, so that one that ran ahead once holds up no later day.
        """
        now_ms = self._clock.wall_ms()
        ahead = "UPDATE fees SET at_ms = ? WHERE network = ? AND at_ms > ?"
        self._db.execute(ahead, (now_ms, plan.network, now_ms))
        asked = "SELECT binding, fee FROM fees WHERE network = ? AND at_ms > ?"
        rows = self._db.execute(asked, (plan.network, now_ms - DAY_MS))
        fees = {bytes(binding): _read(kept) for binding, kept in rows}
        most = max(fee, fees.pop(plan.binding, 0))
        others = sum(fees.values())
        whole = self._limits.get(plan.network, 0)
        kept = 0 if for_payments else whole // PART
        if others + most > whole - kept:
            raise WillNotSign(
                f"fees that no user pays would cost {others + most} in 24 hours, more than"
                f" this signer's {self._name} of {whole}, {kept} of it kept for nonces of lanes,"
                " in the coin's smallest units"
            )
        with Together(self._db):
            row = (plan.network, plan.binding, _kept(most), now_ms)
            self._db.execute("INSERT OR REPLACE INTO fees VALUES (?, ?, ?, ?)", row)
            over = (plan.network, now_ms - DAY_MS)
            self._db.execute("DELETE FROM fees WHERE network = ? AND at_ms <= ?", over)
            self._db.execute(
                "DELETE FROM reserved WHERE network = ? AND binding NOT IN"
                " (SELECT binding FROM fees WHERE network = ?)",
                (plan.network, plan.network),
            )

    def signed(self, plan: Plan, txid: bytes) -> None:
        """What was signed of a plan that was charged: to be looked for."""
        row = (plan.network, plan.binding, txid, msgspec.json.encode(plan))
        self._db.execute("INSERT OR IGNORE INTO reserved VALUES (?, ?, ?, ?)", row)

    def reserved(self, network: int) -> list[Asked]:
        """Plans of which it is not known what they cost, each with what was signed of it."""
        asked = "SELECT binding, txid, plan FROM reserved WHERE network = ?"
        found: dict[bytes, tuple[Plan, list[bytes]]] = {}
        for binding, txid, data in self._db.execute(asked, (network,)):
            plan = msgspec.json.decode(data, type=Plan)
            found.setdefault(bytes(binding), (plan, []))[1].append(bytes(txid))
        return [Asked(plan, txids) for plan, txids in found.values()]

    def settle(self, plan: Plan, paid: int) -> None:
        """What a plan did cost by nodes that may lie, and is final, for what was reserved."""
        key = (plan.network, plan.binding)
        with Together(self._db):
            gone = "DELETE FROM reserved WHERE network = ? AND binding = ?"
            if not self._db.execute(gone, key).rowcount:
                return  # once: a part of a part would be less
            asked = "SELECT fee FROM fees WHERE network = ? AND binding = ?"
            row = self._db.execute(asked, key).fetchone()
            if row is not None:
                most = _read(row[0])
                fee = min(most, max(paid, -(-most // PART)))
                counts = "UPDATE fees SET fee = ? WHERE network = ? AND binding = ?"
                self._db.execute(counts, (_kept(fee), *key))


class Budgets(NamedTuple):
    """A signer's, each in a file of its own."""

    moves: FeeBudget
    payments: FeeBudget

    @classmethod
    def open(cls, path: Path, served: Sequence[Network], clock: Clock) -> Budgets:
        """`path` is that of the budget of moves."""
        moves = {one.network: one.fees_a_day for one in served}
        payments = {one.network: one.payments_a_day for one in served}
        beside = path.with_name(f"{path.stem}-payments{path.suffix}")
        return cls(
            FeeBudget(path, moves, clock), FeeBudget(beside, payments, clock, "payment_budget")
        )

    def close(self) -> None:
        self.moves.close()
        self.payments.close()


def _kept(fee: int) -> bytes:
    """As a budget's file has it: its numbers end at 64 bits, and some coins have 18 digits."""
    return fee.to_bytes(WORD, "big")


def _read(kept: Any) -> int:
    """The same back; files of before have numbers."""
    return int.from_bytes(kept, "big") if isinstance(kept, bytes) else int(kept)
