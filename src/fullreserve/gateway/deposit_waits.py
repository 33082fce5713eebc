"""What a deposit waits for beside its confirmations, as its owner is told.

One that was seen during a stop waits for that, one under the least deposit for what comes later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fullreserve.exchange.products.custody_wire import DEPOSITS
from fullreserve.exchange.products.deposit_state import Deposit, DepositState, Phase, SumSmall
from fullreserve.exchange.products.suspension_state import Suspension
from fullreserve.exchange.wire.commands import amount_int
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import Line, ask
from fullreserve.gateway.rest.x.suspension_words import REASONS
from fullreserve.gateway.stopped import Stopped

SEEN = "Seen on the chain. Deposits are suspended: {why}. It is credited when they go on"
SMALL = (
    "Below the least deposit of {least} {ccy}. It is kept, and is credited with what comes later "
    "on {chain} once another {missing} {ccy} came"
)
TAKEN_BACK = "Its chain took it back, and so was what had been credited for it"
OWED = ". {owed} {ccy} that were spent by then are owed"
# Always there, also empty: pages lay what is pushed over what they have.
NOT_SMALL = {"xMinDep": "", "xMissing": ""}
Waits = dict[int, dict[str, object]]
_Lines = Mapping[tuple[int, int], Line]


async def waits_of(context: Context, uid: int, known: _Lines, found: Iterable[Deposit]) -> Waits:
    """By number, of those that wait for more than confirmations: what for, and a sentence.

    In state 8: which suspension, until when. `xSuspId` is "" where none is public or a maintenance
    or our node is the reason, `xEstOpenTs` where nobody can say or the time has passed. In state 0
    under the least deposit: that, and what has to come for all to be credited. Of what a chain
    took back: that it did, and what is owed for it. Unavailable.
    """
    listed = [one for one in found if (one.network, one.asset) in known]
    told = await small_of(context, known, listed)
    for one in filter(_has_left, listed):
        told[one.number] = _taken_back(known[one.network, one.asset], one)
    waiting = [one for one in listed if one.state == DepositState.SUSPENDED]
    if waiting:
        stopped, now_ms = await Stopped.of(context, uid), context.clock.exchange_ms()
        for one in waiting:
            told[one.number] = _told(known[one.network, one.asset], stopped, now_ms)
    return told


async def small_of(context: Context, known: _Lines, found: Iterable[Deposit]) -> Waits:
    """By number, of those under the least deposit that wait for more: that, and what is missing.

    All are of lines that are known. Unavailable.
    """
    sums: dict[SumSmall, int] = {}
    told: Waits = {}
    for one in found:
        line = known[one.network, one.asset]
        least = amount_int(line.terms.minimum_deposit)
        if one.state != DepositState.WAITING or one.value >= least or one.was_credited:
            continue
        asked = SumSmall(one.owner, one.network, one.asset)
        if asked not in sums:
            sums[asked] = amount_int(await ask(context, DEPOSITS, asked))
        is_counted = (
            one.phase == Phase.BOOKED
            and one.confirmations >= line.network.credit_after
            and not one.awaits_screening
        )
        missing = least - sums[asked] - (0 if is_counted else one.value)
        if missing > 0:
            told[one.number] = _told_small(line, least, missing)
    return told


def _has_left(one: Deposit) -> bool:
    """Whether its chain took back what had been credited."""
    return one.phase == Phase.SEEN and one.was_credited


def _taken_back(line: Line, one: Deposit) -> dict[str, object]:
    owed = amount_int(one.lost)
    said = OWED.format(owed=line.asset.text(owed), ccy=line.asset.symbol) if owed else ""
    return {"xMsg": TAKEN_BACK + said}


def _told_small(line: Line, least: int, missing: int) -> dict[str, object]:
    texts = {"least": line.asset.text(least), "missing": line.asset.text(missing)}
    return {
        "xMinDep": texts["least"],
        "xMissing": texts["missing"],
        "xMsg": SMALL.format(ccy=line.asset.symbol, chain=line.network.code, **texts),
    }


def _told(line: Line, stopped: Stopped, now_ms: int) -> dict[str, object]:
    stop, hold = stopped.deposits(line), line.deposits
    times = [hold.until_ms] if hold is not None else []
    times += [stop.terms.est_open_ms] if stop is not None else []
    return {
        "xSuspId": str(stop.number) if stop is not None else "",
        "xEstOpenTs": str(max(times)) if times and min(times) > now_ms else "",
        "xMsg": SEEN.format(why=_why(line, stop)),
    }


def _why(line: Line, stop: Suspension | None) -> str:
    if stop is not None:
        return REASONS[stop.terms.reason][0]
    if line.deposits is not None:
        return "maintenance of the network"
    return "by the operator" if line.is_well else "our node cannot be believed now"
