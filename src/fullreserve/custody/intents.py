"""What a signer knows of approved withdrawals: from the exchange, and its own memory.

A withdrawal is signed for under the one binding that the exchange has accepted. A signer that has
signed it once signs it under no other, whatever a coordinator or the exchange itself says later;
what it could not sign, as a lane's key is lost, may be bound otherwise. Before that it is asked: it
shows what it has signed, and what it says not to have signed it signs no more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from fullreserve.custody.bech32 import BadAddress
from fullreserve.custody.chains.adapter import Payment, Plan
from fullreserve.custody.exchange_view import Due, ExchangeView
from fullreserve.custody.hot_sweeps import number_of, surplus_of
from fullreserve.custody.kept_file import Together, open_kept
from fullreserve.custody.networks import Network
from fullreserve.custody.signer_wire import BoundTo, ShowSigned, Signed
from fullreserve.custody.signing import WillNotSign
from fullreserve.custody.warm_place import warm_place
from fullreserve.exchange.products.custody_wire import Tier
from fullreserve.exchange.products.tier_moves_wire import MoveState
from fullreserve.exchange.wire.commands import amount_int

_SCHEMA = """
CREATE TABLE IF NOT EXISTS signed (
    network INTEGER NOT NULL, withdrawal INTEGER NOT NULL, binding BLOB NOT NULL,
    PRIMARY KEY (network, withdrawal)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parts (
    id INTEGER PRIMARY KEY, network INTEGER NOT NULL, binding BLOB NOT NULL, plan BLOB NOT NULL,
    part BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS parts_by_binding ON parts (network, binding);
CREATE TABLE IF NOT EXISTS never (
    network INTEGER NOT NULL, withdrawal INTEGER NOT NULL, binding BLOB NOT NULL,
    PRIMARY KEY (network, withdrawal, binding)
) WITHOUT ROWID;
"""
# Signatures of accounts' payments that are kept, the newest; of all it is known that they are made.
PARTS_MAX = 100_000


class Memory:
    """What a signer has signed for, on disk before a signature leaves it."""

    def __init__(self, path: Path) -> None:
        self._db = open_kept(path, _SCHEMA)

    def close(self) -> None:
        self._db.close()

    def check(self, plan: Plan) -> None:
        """WillNotSign when one of a plan's withdrawals was signed for under another binding.

        And when it was said that it is signed under this one no more.
        """
        for withdrawal in plan.withdrawals:
            if self._is_never(plan.network, withdrawal, plan.binding):
                raise WillNotSign("a withdrawal is being let go of this, and nothing was signed")
            known = self._db.execute(
                "SELECT binding FROM signed WHERE network = ? AND withdrawal = ?",
                (plan.network, withdrawal),
            ).fetchone()
            if known is not None and bytes(known[0]) != plan.binding:
                raise WillNotSign("a withdrawal was signed for with other inputs or another nonce")

    def note(self, plan: Plan, part: bytes = b"") -> None:
        """Remembers the plan's withdrawals under its binding; WillNotSign when one has another.

        With what is signed, where that is to be shown one day.
        """
        self.check(plan)
        rows = [(plan.network, one, plan.binding) for one in plan.withdrawals]
        with Together(self._db):
            self._db.executemany("INSERT OR IGNORE INTO signed VALUES (?, ?, ?)", rows)
            if part and rows:
                self._keep(plan, part)

    def _keep(self, plan: Plan, part: bytes) -> None:
        row = (plan.network, plan.binding, msgspec.json.encode(plan), part)
        asked = "SELECT 1 FROM parts WHERE network = ? AND binding = ? AND plan = ? AND part = ?"
        if self._db.execute(asked, row).fetchone() is None:
            kept = "INSERT INTO parts (network, binding, plan, part) VALUES (?, ?, ?, ?)"
            newest = self._db.execute(kept, row).lastrowid or 0
            self._db.execute("DELETE FROM parts WHERE id <= ?", (newest - PARTS_MAX,))

    def signed(self, asked: ShowSigned) -> list[Signed]:
        """What was signed of those payments, or with what they are bound to, in that order.

        Where it is to be signed no more, that is on disk before this returns.
        """
        with Together(self._db):
            found = [self._signed(asked.network, one) for one in asked.payments]
            for one, each in zip(asked.payments, found, strict=True):
                if asked.never and not each:
                    rows = [(asked.network, number, one.binding) for number in one.withdrawals]
                    self._db.executemany("INSERT OR IGNORE INTO never VALUES (?, ?, ?)", rows)
        return [one for each in found for one in each]

    def _signed(self, network: int, of: BoundTo) -> list[Signed]:
        parts = self._db.execute(
            "SELECT plan, part FROM parts WHERE network = ? AND binding = ? ORDER BY id",
            (network, of.binding),
        ).fetchall()
        found = [
            Signed(of.binding, of.binding, msgspec.json.decode(plan, type=Plan), bytes(part))
            for plan, part in parts
        ]
        asked = "SELECT binding FROM signed WHERE network = ? AND withdrawal = ?"
        for withdrawal in of.withdrawals:
            row = self._db.execute(asked, (network, withdrawal)).fetchone()
            if row is not None and not (found and bytes(row[0]) == of.binding):
                found.append(Signed(of.binding, bytes(row[0])))
        return found

    def _is_never(self, network: int, withdrawal: int, binding: bytes) -> bool:
        asked = "SELECT 1 FROM never WHERE network = ? AND withdrawal = ? AND binding = ?"
        return self._db.execute(asked, (network, withdrawal, binding)).fetchone() is not None


class ExchangeIntents:
    """Asks the exchange what was approved; the coordinator's word counts for nothing.

    `data` is the folder of this signer's copy of the record, if it has one.
    """

    def __init__(
        self,
        exchange: ExchangeView,
        networks: Sequence[Network],
        memory: Memory,
        data: Path,
    ) -> None:
        self._data = data
        self._exchange = exchange
        self._networks = {one.network: one for one in networks}
        self._addresses = {one.network: one.addresses() for one in networks}
        self._memory = memory
        self._due: dict[bytes, Sequence[Due | None]] = {}  # by binding, of plans being signed

    async def approved(self, plan: Plan) -> list[Payment]:
        """What the plan's withdrawals are to pay, in its order; WillNotSign, Unavailable."""
        if len(set(plan.withdrawals)) != len(plan.withdrawals):
            raise WillNotSign("a withdrawal stands twice")
        if number_of(plan):
            return [await self._swept(plan)]
        found = await self._exchange.withdrawals(plan.withdrawals)
        payments = [self._payment(plan, one) for one in found]
        self._memory.check(plan)
        self._due[plan.binding] = found
        return payments

    def note(self, plan: Plan, part: bytes = b"") -> None:
        """Remembers that a plan is signed, before its signature is given; WillNotSign.

        Not before there is one: of what nobody could sign nothing is remembered, as it may be let
        go of its binding and signed for under another. Coins' payments are let go by nobody, and
        what is signed of those is not kept.
        """
        is_script = self._networks[plan.network].is_script
        self._memory.note(_named(plan), b"" if is_script else part)

    def signed(self, asked: ShowSigned) -> list[Signed]:
        """What this signer remembers of payments that are to be let go."""
        return self._memory.signed(asked)

    async def covered(self, plan: Plan) -> int:
        """What users pay for a plan's withdrawals, in units of the chain's coin; Unavailable.

        Fees in other assets at the last prices; nothing of those that have none. What `approved`
        has just read of the plan is not asked again.
        """
        coin, scales = self._networks[plan.network].coin, self._networks[plan.network].scales
        found = self._due.pop(plan.binding, None)
        if found is None:
            found = await self._exchange.withdrawals(plan.withdrawals)
        fees = Counter[int]()
        for one in found:
            if one is not None:
                fees[one.asset] += amount_int(one.fee)
        total = fees.pop(coin, 0)
        rates = await self._exchange.rates([coin, *fees]) if fees.total() else {}
        of = rates.get(coin)
        for asset, fee in fees.items() if of is not None else ():
            if of is not None and (rate := rates.get(asset)) is not None:
                total += fee * rate.usd * of.units // (rate.units * of.usd)
        return scales[coin].to_chain(total)

    async def _swept(self, plan: Plan) -> Payment:
        """What a sweep of hot pays to warm, whose place this signer's own files tell."""
        number, network = number_of(plan), self._networks[plan.network]
        found = await self._exchange.move(number)
        if plan.withdrawals or found is None or found.binding != plan.binding:
            raise WillNotSign("the exchange has not bound the sweep to this transaction")
        where = (found.network, found.source, found.target)
        if found.state != MoveState.BOUND or where != (plan.network, Tier.HOT, Tier.WARM):
            raise WillNotSign("it is no sweep of this network's hot wallet, or not any more")
        try:
            surplus = surplus_of(found, network, warm_place(self._data, network))
        except (BadAddress, KeyError, ValueError) as problem:
            told = f"the sweep names no place that is known here: {problem}"
            raise WillNotSign(told) from problem
        self._memory.check(_named(plan))
        return surplus.payment

    def _payment(self, plan: Plan, found: Due | None) -> Payment:
        if found is None or found.network != plan.network or found.binding != plan.binding:
            raise WillNotSign("the exchange has not bound the withdrawal to this transaction")
        if not found.is_payable:
            raise WillNotSign("the withdrawal is not to be paid, or not any more")
        scales = self._networks[plan.network].scales
        try:
            addresses = self._addresses[plan.network]
            place, memo = addresses.read(found.address), addresses.memo(found.memo)
            amount = scales[found.asset].to_chain(found.value)
        except (BadAddress, KeyError, ValueError) as problem:
            raise WillNotSign("the withdrawal names no address that can be paid") from problem
        return Payment(found.number, found.asset, amount, place, memo)


def _named(plan: Plan) -> Plan:
    """With a sweep of hot among what it pays, beside withdrawals, whose numbers are positive."""
    number = number_of(plan)
    return msgspec.structs.replace(plan, withdrawals=(-number,)) if number else plan
