"""What of a plan is due at a time: for the fold, and for who does what the fold cannot do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fullreserve.exchange.products.calendar_wire import (
    DAY_MS,
    NOTICES,
    Deed,
    Delisting,
    Due,
    Maintain,
    MaintainNetwork,
    NetworkWindow,
    Stage,
    Window,
)
from fullreserve.exchange.wire.commands import InstrumentState
from fullreserve.exchange.wire.events import InstrumentChanged

# States that a window closes, and opens again.
OPEN = (InstrumentState.LIVE, InstrumentState.POST_ONLY, InstrumentState.CANCEL_ONLY)


def is_over(one: Window | NetworkWindow | Delisting) -> bool:
    """Whether nothing more comes of a plan."""
    if isinstance(one, Window | NetworkWindow):
        return one.stage >= Stage.OVER
    return one.is_over or one.called_off


def stage_at(window: Window | NetworkWindow, now_ms: int) -> Stage:
    """The stage that a window should be in."""
    terms = window.terms
    if is_over(window) or now_ms < terms.begin_ms:
        return Stage(window.stage)
    if now_ms < terms.preopen_ms:
        return Stage.CLOSED
    return Stage.PREOPEN if now_ms < terms.end_ms else Stage.OVER


def overlap(terms: Maintain, other: Window) -> bool:
    """Whether two windows would have an instrument at the same time."""
    theirs = other.terms
    return (
        not is_over(other)
        and terms.begin_ms < theirs.end_ms
        and theirs.begin_ms < terms.end_ms
        and any(each in theirs.instruments for each in terms.instruments)
    )


def meet(terms: MaintainNetwork, other: NetworkWindow) -> bool:
    """Whether two windows would have a network at the same time."""
    theirs = other.terms
    return (
        not is_over(other)
        and terms.network == theirs.network
        and terms.begin_ms < theirs.end_ms
        and theirs.begin_ms < terms.end_ms
    )


def deposits_stop_until_ms(windows: Iterable[NetworkWindow], now_ms: int) -> int:
    """When deposits of a network with these windows are credited again; 0: they are now."""
    return _stop_until_ms(((one.terms.begin_ms, one.terms.preopen_ms) for one in windows), now_ms)


def withdrawals_stop_until_ms(windows: Iterable[NetworkWindow], now_ms: int) -> int:
    """When withdrawals of a network with these windows are paid again; 0: they are now."""
    return _stop_until_ms(((one.terms.begin_ms, one.terms.end_ms) for one in windows), now_ms)


def _stop_until_ms(stops: Iterable[tuple[int, int]], now_ms: int) -> int:
    """The end of what goes on now, with what begins when it ends; ends are not part of a stop."""
    until_ms = now_ms
    for begin_ms, end_ms in sorted(stops):
        if begin_ms <= until_ms:
            until_ms = max(until_ms, end_ms)
    return until_ms if until_ms > now_ms else 0


def state_in(stage: int, before: int) -> int:
    """An instrument's state in a stage, by the one that it had before; never looser than that."""
    if stage == Stage.CLOSED:
        return InstrumentState.SUSPEND
    if stage == Stage.PREOPEN and before == InstrumentState.LIVE:
        return InstrumentState.POST_ONLY
    return before


def withdrawals_end_ms(one: Delisting) -> int:
    """When withdrawals end: a day after the last notice, however late; 0: not yet known."""
    if len(one.notices) < len(NOTICES):
        return 0
    return max(one.terms.withdrawals_ms, max(one.notices.values()) + DAY_MS)


def due(one: Delisting, now_ms: int, instruments: Sequence[InstrumentChanged]) -> list[Due]:
    """What a delisting waits for at a time, in order."""
    terms = one.terms
    if is_over(one):
        return []
    found = []
    if now_ms >= terms.deposits_ms and not one.deposits_stopped:
        found.append(Due(one.number, Deed.STOP_DEPOSITS, terms.asset))
    if now_ms >= terms.trading_ms:
        found += [
            Due(one.number, Deed.CLEAR, terms.asset, each.instrument)
            for each in instruments
            if terms.asset in (each.base, each.quote) and each.instrument not in one.cleared
        ]
    waiting = [
        days
        for days in NOTICES
        if days not in one.notices and now_ms >= terms.withdrawals_ms - days * DAY_MS
    ]
    found += [Due(one.number, Deed.NOTIFY, terms.asset, days=days) for days in waiting[:1]]
    end_ms = withdrawals_end_ms(one)
    if end_ms and now_ms >= end_ms:
        found.append(Due(one.number, Deed.STOP_WITHDRAWALS, terms.asset))
    return found
