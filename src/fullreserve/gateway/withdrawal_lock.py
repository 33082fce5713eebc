"""The lock of a user's withdrawal settings, asked before what the identity vault keeps changes.

The log has the lock: a copy of it in the vault could say something else after a restore.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Network, ip_network

from fullreserve.exchange.products.custody_wire import WITHDRAWALS
from fullreserve.exchange.products.withdrawal_state import GetOwnSettings, OwnSettings
from fullreserve.gateway.context import Context
from fullreserve.gateway.custody_desk import ask
from fullreserve.gateway.errors import Problem
from fullreserve.identity.api_key import Permission
from fullreserve.identity.vault import KeyRow

LOCKED = 59000
STRICTER = "only what makes them stricter"


async def own_settings(context: Context, uid: int) -> OwnSettings:
    """What a user has set for his own withdrawals."""
    found: OwnSettings = await ask(context, WITHDRAWALS, GetOwnSettings(uid))
    return found


def is_locked(context: Context, own: OwnSettings) -> bool:
    """Whether they only get stricter, by the exchange's time, as the log goes by."""
    return context.clock.exchange_ms() < own.locked_until_ms


async def require_unlocked(context: Context, uid: int, allowed: str = STRICTER) -> None:
    """Problem 59000 while the settings are locked: before what would loosen them."""
    own = await own_settings(context, uid)
    if is_locked(context, own):
        raise locked(own, allowed)


def locked(own: OwnSettings, allowed: str = STRICTER) -> Problem:
    """The refusal, with the moment it ends, and what can be done until then."""
    until = datetime.fromtimestamp(own.locked_until_ms // 1000, UTC)
    return Problem(
        LOCKED,
        allowed=f"withdrawal settings are locked until {until:%Y-%m-%dT%H:%M:%SZ}; {allowed}",
    )


def key_gains(
    before: KeyRow, permissions: Permission | None, networks: Sequence[str] | None
) -> bool:
    """Whether a change of a key lets it withdraw, or from elsewhere than before."""
    after = before.permissions if permissions is None else permissions
    if not after & Permission.WITHDRAW:
        return False
    if not before.permissions & Permission.WITHDRAW:
        return True
    return networks is not None and not _is_within(networks, before.networks)


def _is_within(after: Sequence[str], before: Sequence[str]) -> bool:
    """Whether every address of one list is of another; an empty list is every address."""
    if not before:
        return True
    return bool(after) and all(any(_holds(old, new) for old in before) for new in after)


def _holds(wide: str, narrow: str) -> bool:
    outer, inner = ip_network(wide), ip_network(narrow)
    if isinstance(outer, IPv4Network):
        return isinstance(inner, IPv4Network) and inner.subnet_of(outer)
    return not isinstance(inner, IPv4Network) and inner.subnet_of(outer)
