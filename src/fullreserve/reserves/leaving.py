"""Withdrawals that a block has paid already and that the ledger still owes, as they are not final.

Their coins are gone from the reserves while their claims stand in the tree. Each is named in the
statement with its transaction and block, so that the cover of what is left does not seem to dip; it
counts no longer than blocks need to be final.

That a payment was sent to a user, no file can show: coins that went round, from the exchange over a
stranger's address back to it, would be there twice. So a payment shows nothing by itself. What
shows cover is an earlier statement, from before the payments: what was there at each statement of
its day, with no long time between two, and is not there now has left since, and may be what users
wait for. Without it no more than a quarter of what is owed counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from fullreserve.custody.chains.adapter import Asked, Standing
from fullreserve.custody.networks import Network
from fullreserve.custody.reconciling import PAYER_STORE
from fullreserve.custody.store import Sent, read_sent
from fullreserve.exchange.products import custody_wire as wire
from fullreserve.exchange.products.withdrawal_state import FINAL, GetWithdrawal, Withdrawal
from fullreserve.exchange.wire.queries import AskFold
from fullreserve.journal.replica import Replica
from fullreserve.reserves.statement import GAP_MAX_MS, Document, Leaving, Mined

# As verifiers have it: a payment that is not final after so many blocks does not count.
BLOCKS_MAX = 1_000
ROWS_MAX = 1_000
# No older statement shows what was there before payments.
BEFORE_MS = 12 * 3_600_000
# Earlier versions do not say what was there all through a day.
LOWEST_SINCE = 2


def sent(data: Path, network: Network) -> list[Sent]:
    """What was signed and is not final, by the payer's store."""
    return read_sent(data / PAYER_STORE, network.network)


def mined(network: Network, known: Sequence[Sent], height: int) -> list[Mined]:
    """Of them the payments in blocks up to a height; NodeProblem."""
    asked = [Asked(one.plan, one.txids) for one in known if one.plan.withdrawals]
    if not asked:
        return []
    (chain, *_) = network.chains()
    return [
        Mined(network.network, now.txid.hex(), now.height, plan.withdrawals)
        for (plan, _), now in zip(asked, chain.standing_all(asked), strict=True)
        if isinstance(now, Standing)
        and now.paid
        and max(0, height - BLOCKS_MAX) < now.height <= height
    ][:ROWS_MAX]


def leaving(replica: Replica, payments: Sequence[Mined]) -> list[Leaving]:
    """What left with these payments and is owed where the log stands; a fee never leaves."""
    found: dict[tuple[Mined, int], int] = {}
    for one in payments:
        for number in one.withdrawals:
            withdrawal = _withdrawal(replica, number)
            if withdrawal is not None and withdrawal.state not in FINAL:
                key = one, withdrawal.asset
                found[key] = found.get(key, 0) + withdrawal.value
    return [
        Leaving(one.network, one.txid, one.height, asset, units)
        for (one, asset), units in found.items()
    ]


def earlier(
    read: Callable[[int], Document], newest: int, now_ms: int, heights: Mapping[int, int]
) -> Document | None:
    """The newest statement in which each of these networks was read below its height.

    There must have been statements all through its day.
    """
    for epoch in range(newest, 0, -1):
        document = read(epoch)
        if document["v"] < LOWEST_SINCE or now_ms - document["ts"] > BEFORE_MS:
            return None
        if document.get("gaps", {}).get("1", GAP_MAX_MS + 1) > GAP_MAX_MS:
            continue
        read_at = {one["network"]: one["height"] for one in document["reserves"]["chains"]}
        if all(read_at.get(number, height) < height for number, height in heights.items()):
            return document
    return None


def _withdrawal(replica: Replica, number: int) -> Withdrawal | None:
    asked = AskFold(wire.WITHDRAWALS, msgspec.msgpack.encode(GetWithdrawal(number)))
    answer: bytes | None = replica.machine.query(asked)
    if answer is None:
        return None
    return msgspec.msgpack.decode(answer, type=Withdrawal | None)
