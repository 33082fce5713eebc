"""What the fold of suspensions says of a withdrawal that was asked for."""

from __future__ import annotations

from fullreserve.exchange.folds import View
from fullreserve.exchange.products.custody_ledger import known_owner
from fullreserve.exchange.products.suspension_asking import reviewing, ruled
from fullreserve.exchange.products.suspension_wire import Action, Verdict
from fullreserve.exchange.products.withdrawal_state import Withdrawal
from fullreserve.exchange.wire.events import OwnerChanged

# What a withdrawal is, by the page or by the API.
LEAVING = int(Action.WITHDRAW)
LEAVING_BY_API = int(Action.WITHDRAW | Action.API_WITHDRAW)


def leaving(*, by_api: bool) -> int:
    """The actions that a withdrawal is."""
    return LEAVING_BY_API if by_api else LEAVING


def ruling_of(
    one: Withdrawal, owner: OwnerChanged, view: View, released: tuple[int, ...] = ()
) -> Verdict:
    """The strictest of what holds a request; not a drain that has let it go.

    `released`: by which drains; where it is not known by which, none holds what one released.
    """
    return ruled(
        *(leaving(by_api=one.by_api), owner, view, one.network, one.asset, one.number),
        is_released=one.is_released and not released,
        released=released,
    )


def reviewed_since(one: Withdrawal, view: View, released: tuple[int, ...] = ()) -> int:
    """The sequence since which a person has to look at a request before it is paid; 0: nobody."""
    owner = known_owner(one.owner, view)
    if owner is None:
        return 0
    place = (one.network, one.asset, one.number)
    return reviewing(
        *(leaving(by_api=one.by_api), owner, view, place),
        is_released=one.is_released and not released,
        released=released,
    )
