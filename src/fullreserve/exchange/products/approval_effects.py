"""What an approved act does: whom it favours, its postings and its commands."""

from __future__ import annotations

from typing import NamedTuple

from fullreserve.exchange import chart
from fullreserve.exchange.folds import Outcome, View
from fullreserve.exchange.products.approval_acts import (
    AUDITOR,
    BUST,
    CORRECTION,
    OF_MEMBERS,
    OF_TWO_TEAMS,
    OUTSIDE,
    AllotCoins,
    AnyAct,
    AssignIdentity,
    AssignTier,
    Bust,
    ClaimDeposit,
    Correct,
    Define,
    FreeDeposit,
    Grant,
    Release,
)
from fullreserve.exchange.products.approval_state import ApprovalsState, Proposal, Refused, Shortage
from fullreserve.exchange.wire.commands import (
    AccountKey,
    Leg,
    Posting,
    SetOwner,
    SignRule,
    amount_bytes,
    amount_int,
)
from fullreserve.exchange.wire.events import KindDefined, OwnerChanged
from fullreserve.exchange.wire.queries import AccountState, GetOwner, ListBalances, ListKinds

FEES = AccountKey(chart.HOUSE, chart.FEE_TRADE, 0)
ROUNDING = AccountKey(chart.HOUSE, chart.ROUNDING, 0)
UNKNOWN_OWNER = 50_008
OF_ONE_OWNER = (
    *(AssignTier, AssignIdentity, Release, Grant, ClaimDeposit, FreeDeposit),
    AllotCoins,
)


class Effect(NamedTuple):
    """The outcome, and who lacks what when it is refused for that."""

    outcome: Outcome
    shortages: tuple[Shortage, ...] = ()


def beneficiaries(act: AnyAct, *, by_teams: bool = True) -> tuple[int, ...]:
    """Owners whose balance or limits an act touches, or `by_teams` whose say; not the house."""
    if isinstance(act, Correct):
        owners = [act.account.owner, act.house.owner]
    elif isinstance(act, Bust):
        owners = [leg.account.owner for leg in act.legs]
    elif isinstance(act, OF_ONE_OWNER):
        owners = [act.owner]
    elif isinstance(act, OF_MEMBERS) and by_teams:
        owners = [act.member]
    else:
        owners = []
    return tuple(owner for owner in dict.fromkeys(owners) if owner != chart.HOUSE)


def is_of_two_teams(one: Proposal, state: ApprovalsState) -> bool:
    """Whether two teams agree on it; what favoured nobody was proposed before that was so."""
    is_of_members = isinstance(one.act, OF_MEMBERS) and bool(one.beneficiaries)
    return isinstance(one.act, OF_TWO_TEAMS) or is_of_members or one.number in state.voices


def gives_voice(act: AnyAct) -> bool:
    """Whether who has it carried out enrols somebody: a new member has no team."""
    return isinstance(act, Grant) and act.role != AUDITOR


def master(owner: int, view: View) -> int:
    """Whose owner this is; an operator without an account is alone."""
    known: OwnerChanged | None = view.query(GetOwner(owner=owner))
    return owner if known is None else known.master


def effect(act: AnyAct, view: View) -> Effect:
    """What an act on balances, owners or definitions comes to now."""
    if isinstance(act, Correct | Bust):
        return _posted(posting(act), view)
    if isinstance(act, Define):
        return Effect(Outcome(commands=(act.command,)))
    if isinstance(act, OUTSIDE):
        # Done elsewhere, by who took the approval.
        return Effect(Outcome())
    if isinstance(act, AssignIdentity):
        return _identified(act, view)
    assert isinstance(act, AssignTier | Release)
    owner: OwnerChanged | None = view.query(GetOwner(owner=act.owner))
    if owner is None:
        return Effect(Outcome(code=UNKNOWN_OWNER))
    if isinstance(act, AssignTier):
        tier, flags = act.tier, owner.flags
    else:
        tier, flags = owner.tier, owner.flags & ~act.flags
    if (tier, flags) == (owner.tier, owner.flags):
        return Effect(Outcome(code=Refused.NO_CHANGE))
    command = SetOwner(0, 0, owner.owner, owner.segment, tier, flags, owner.kyc)
    return Effect(Outcome(commands=(command,)))


def _identified(act: AssignIdentity, view: View) -> Effect:
    found: list[OwnerChanged | None] = [
        view.query(GetOwner(owner=owner)) for owner in (act.owner, *act.subs)
    ]
    if found[0] is None:
        return Effect(Outcome(code=UNKNOWN_OWNER))
    commands = tuple(
        SetOwner(0, 0, one.owner, one.segment, one.tier, one.flags, act.level)
        for one in found
        if one is not None and act.owner in (one.owner, one.master) and one.kyc != act.level
    )
    return Effect(Outcome(commands=commands) if commands else Outcome(code=Refused.NO_CHANGE))


def posting(act: Correct | Bust) -> Posting:
    """The posting of an act; it balances whatever the act's own numbers are."""
    if isinstance(act, Correct):
        amount = amount_int(act.amount)
        legs = [
            Leg(act.house, act.asset, amount_bytes(-amount)),
            Leg(act.account, act.asset, amount_bytes(amount)),
        ]
        return Posting(CORRECTION, tuple(legs))
    legs = list(act.legs)
    for asset, fee in ((act.base, act.base_fee), (act.quote, act.quote_fee)):
        from_fees = -amount_int(fee)
        users = sum(amount_int(leg.change) for leg in act.legs if leg.asset == asset)
        for account, change in ((FEES, from_fees), (ROUNDING, -users - from_fees)):
            if change:
                legs.append(Leg(account, asset, amount_bytes(change)))
    return Posting(BUST, tuple(legs))


def _posted(one: Posting, view: View) -> Effect:
    short = shortages(one, view)
    if short:
        return Effect(Outcome(code=Refused.SHORT), short)
    return Effect(Outcome(postings=(one,)))


def shortages(one: Posting, view: View) -> tuple[Shortage, ...]:
    """Accounts that may not be overdrawn and would be; what orders hold is not free."""
    kinds: list[KindDefined] = view.query(ListKinds())
    signs = {kind.kind: kind.sign for kind in kinds}
    taken: dict[tuple[int, int, int, int], int] = {}
    for leg in one.legs:
        key = leg.account
        place = (key.owner, key.kind, key.instance, leg.asset)
        taken[place] = taken.get(place, 0) + amount_int(leg.change)
    found = []
    for (owner, kind, instance, asset), change in taken.items():
        if change < 0 and signs.get(kind) == SignRule.CREDIT:
            missing = -change - _free(owner, kind, instance, asset, view)
            if missing > 0:
                found.append(Shortage(owner, kind, asset, amount_bytes(missing)))
    return tuple(found)


def _free(owner: int, kind: int, instance: int, asset: int, view: View) -> int:
    held: list[AccountState] = view.query(ListBalances(owner=owner))
    for one in held:
        if (one.kind, one.instance, one.asset) == (kind, instance, asset):
            return amount_int(one.balance) - amount_int(one.hold)
    return 0
