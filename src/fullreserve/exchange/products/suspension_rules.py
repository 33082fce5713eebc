"""Which suspensions cover what, and what the strictest of them says."""

from __future__ import annotations

from collections.abc import Iterable

from fullreserve.exchange.products.suspension_state import Suspension, SuspensionState
from fullreserve.exchange.products.suspension_wire import (
    CORE_FIRST,
    FREE,
    IN_CORE,
    LEAVING,
    ON_CHAIN,
    Action,
    Level,
    ListStops,
    Mode,
    Reason,
    Ruling,
    Scope,
    Terms,
    Trigger,
    Verdict,
)
from fullreserve.exchange.wire.commands import SetSuspension, SuspensionLevel, amount_int

STRICTEST_FIRST = (Mode.REJECT, Mode.QUEUE, Mode.REVIEW, Mode.CAP)
# The levels that the core's table knows, and which field of a scope its key is.
CORE_LEVELS = {
    Level.GLOBAL: SuspensionLevel.GLOBAL,
    Level.ASSET: SuspensionLevel.ASSET,
    Level.SEGMENT: SuspensionLevel.SEGMENT,
    Level.USER: SuspensionLevel.OWNER,
}
# What a worker's finding stops, and why; always in QUEUE mode, at the scope that it names.
TRIPPED: dict[int, tuple[int, Reason]] = {
    Trigger.LEDGER_MISMATCH: (Action.WITHDRAW, Reason.RECONCILIATION_BREAK),
    Trigger.UNKNOWN_SPEND: (Action.WITHDRAW, Reason.SECURITY_INCIDENT),
    Trigger.DEEP_REORG: (Action.WITHDRAW | Action.DEPOSIT_CREDIT, Reason.CHAIN_REORG),
    Trigger.NODE_SPLIT: (Action.WITHDRAW | Action.DEPOSIT_CREDIT, Reason.CHAIN_FORK),
    Trigger.VELOCITY: (Action.WITHDRAW, Reason.SECURITY_INCIDENT),
    Trigger.NEGATIVE_MARGIN: (Action.WITHDRAW, Reason.KEY_HOLDER_UNREACHABLE),
    Trigger.STALE_PRICE: (Action.WITHDRAW, Reason.MARKET_DISLOCATION),
    Trigger.RESERVE_SHORTFALL: (Action.WITHDRAW, Reason.RESERVE_SHORTFALL),
}


def is_sound(terms: Terms) -> bool:
    """Whether terms mean something at all."""
    scope, actions = terms.scope, terms.actions
    by_chain = scope.level in (Level.CHAIN, Level.ASSET_CHAIN)
    return (
        0 < actions <= sum(Action)
        and _is_named(scope)
        and not (by_chain and actions & ~ON_CHAIN)
        and terms.mode in tuple(Mode)
        and terms.reason in tuple(Reason)
        and terms.est_open_ms >= 0 <= terms.per_user_usd
        and len(terms.per_asset) in (0, 16)
        and (terms.mode != Mode.CAP or _is_capped(terms))
    )


def _is_named(scope: Scope) -> bool:
    """Whether a scope has what its level needs, and nothing else."""
    given = (scope.network > 0, scope.asset > 0, scope.key > 0)
    if min(scope.network, scope.asset, scope.key) < 0:
        return False
    if scope.level == Level.SEGMENT:
        return given[:2] == (False, False)
    wanted: dict[int, tuple[bool, bool, bool]] = {
        Level.GLOBAL: (False, False, False),
        Level.CHAIN: (True, False, False),
        Level.ASSET: (False, True, False),
        Level.ASSET_CHAIN: (True, True, False),
        Level.USER: (False, False, True),
    }
    return wanted.get(scope.level) == given


def _is_capped(terms: Terms) -> bool:
    per_asset = amount_int(terms.per_asset) if terms.per_asset else 0
    has_asset = terms.scope.level in (Level.ASSET, Level.ASSET_CHAIN)
    return per_asset >= 0 and (terms.per_user_usd > 0 or (per_asset > 0 and has_asset))


def core_command(number: int, terms: Terms, *, lifted: bool = False) -> tuple[SetSuspension, ...]:
    """What the core's own table is to stop, or to stop no more; nothing where it cannot."""
    level = CORE_LEVELS.get(Level(terms.scope.level))
    actions = 0
    for action, flag in IN_CORE.items():
        if terms.actions & action:
            actions |= flag
    if level is None or not actions:
        return ()
    key = terms.scope.asset or terms.scope.key
    return (SetSuspension(0, 0, CORE_FIRST + number, 0 if lifted else actions, level, key),)


def covers(scope: Scope, asked: Ruling) -> bool:
    """Whether a scope holds an action of an owner."""
    if scope.level == Level.SEGMENT:
        return scope.key == asked.segment
    if scope.level == Level.USER:
        return scope.key in (asked.owner, asked.master)
    return scope.network in (0, asked.network) and scope.asset in (0, asked.asset)


def may_stop(one: Suspension, asked: ListStops) -> bool:
    """Whether an action on an asset on a network can fall under a suspension, for some owner."""
    scope = one.terms.scope
    return (
        (one.is_in_force or one.state == SuspensionState.DRAFT)
        and bool(one.terms.actions & asked.action)
        and scope.network in (0, asked.network)
        and scope.asset in (0, asked.asset)
    )


def stops_all(suspensions: Iterable[Suspension], action: int, network: int, asset: int) -> bool:
    """Whether an action on an asset on a network is stopped whosever it is, but for canaries."""
    by_place = (
        one
        for one in suspensions
        if one.terms.scope.level not in (Level.SEGMENT, Level.USER)
        and one.state != SuspensionState.DRAFT
        and not one.canaries
    )
    return bool(verdict(by_place, Ruling(action, 0, 0, 0, network, asset, -1)).mode)


def verdict(suspensions: Iterable[Suspension], asked: Ruling) -> Verdict:
    """The strictest of what covers an action."""
    found = FREE
    for one in suspensions:
        if not _applies(one, asked):
            continue
        mode = one.terms.mode if asked.action & LEAVING else Mode.REJECT
        if one.state == SuspensionState.DRAFT:
            mode = Mode.QUEUE
        if not found.mode or _rank(mode) < _rank(found.mode):
            found = Verdict(
                *(int(mode), one.number, one.terms.scope.level),
                *(one.terms.per_user_usd, one.terms.per_asset),
            )
    return found


def _rank(mode: int) -> int:
    return STRICTEST_FIRST.index(Mode(mode))


def _applies(one: Suspension, asked: Ruling) -> bool:
    if not one.terms.actions & asked.action or not covers(one.terms.scope, asked):
        return False
    if one.state == SuspensionState.DRAFT:
        # Who knows of a stop before everybody does withdraws nothing in between.
        return bool(asked.action & LEAVING) and asked.master in one.insiders
    if not one.is_in_force:
        return False
    if not asked.withdrawal:
        return True
    if one.drain_began and (asked.is_released or one.drain_began in asked.released):
        return False
    is_canary = one.canaries.get(asked.network) == asked.withdrawal
    return not (is_canary and one.state in (SuspensionState.CANARY, SuspensionState.DRAINING))
