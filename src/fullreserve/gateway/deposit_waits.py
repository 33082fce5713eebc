"""What a deposit that was seen during a stop waits for, as its owner is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fullreserve.exchange.products.deposit_state import Deposit, DepositState
from fullreserve.exchange.products.suspension_state import Suspension
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import Line
from fullreserve.gateway.rest.x.suspension_words import REASONS
from fullreserve.gateway.stopped import Stopped

SEEN = "Seen on the chain. Deposits are suspended: {why}. It is credited when they go on"
Waits = dict[int, dict[str, object]]


async def waits_of(
    context: Context, uid: int, known: Mapping[tuple[int, int], Line], found: Iterable[Deposit]
) -> Waits:
    """By number, of those in state 8: which suspension, until when, and a sentence; Unavailable.

    `xSuspId` is "" where none is public or a maintenance or our node is the reason, `xEstOpenTs`
    where nobody can say or the time has passed.
    """
    waiting = [one for one in found if one.state == DepositState.SUSPENDED]
    if not waiting:
        return {}
    stopped, now_ms = await Stopped.of(context, uid), context.clock.exchange_ms()
    return {
        one.number: _told(known[one.network, one.asset], stopped, now_ms)
        for one in waiting
        if (one.network, one.asset) in known
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
