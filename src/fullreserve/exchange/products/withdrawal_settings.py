"""What owners set for their own withdrawals, and lock: while it is locked it only gets stricter.

A lock ends by time alone: nobody shortens it, not its owner, the house, or who has a session of the
owner's. It outlasts a change of credentials, for it is the account's and not the person's.
"""

from __future__ import annotations

import msgspec

from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products.custody_ledger import known_owner
from fullreserve.exchange.products.custody_wire import LimitOwn, LockSettings
from fullreserve.exchange.products.withdrawal_state import DAY_MS, OwnSettings, Refused
from fullreserve.exchange.products.withdrawal_table import WithdrawalTable

LOCK_DAYS_MAX = 30
LIMIT_USD_MAX = 10**10 * 10**8


class Settings(WithdrawalTable):
    """Of each owner; a sub-account has none, for it cannot withdraw."""

    def _own(self, owner: int) -> OwnSettings:
        return self.state.own.get(owner, OwnSettings())

    def _set_own(
        self, owner: int, asked: LimitOwn | LockSettings, moment: Moment, view: View
    ) -> Outcome:
        profile = known_owner(owner, view)
        if profile is None:
            return REFUSED
        if profile.owner != profile.master:
            return Outcome(code=Refused.SUB_ACCOUNT)
        before = self._own(owner)
        if isinstance(asked, LockSettings):
            if not 1 <= asked.days <= LOCK_DAYS_MAX:
                return REFUSED
            until_ms = max(before.locked_until_ms, moment.time_ms + asked.days * DAY_MS)
            after = msgspec.structs.replace(before, locked_until_ms=until_ms)
        else:
            if asked.usd is not None and not 0 <= asked.usd <= LIMIT_USD_MAX:
                return REFUSED
            after = _limited(before, asked)
            if moment.time_ms < before.locked_until_ms and _loosens(before, after):
                return Outcome(code=Refused.LOCKED)
        if after != before:
            self._set(self.state.own, owner, after)
        return Outcome()


def _limited(before: OwnSettings, asked: LimitOwn) -> OwnSettings:
    book_only = before.book_only if asked.book_only is None else asked.book_only
    usd = before.usd if asked.usd is None else asked.usd
    return msgspec.structs.replace(before, book_only=book_only, usd=usd)


def _loosens(before: OwnSettings, after: OwnSettings) -> bool:
    is_more = before.usd and (not after.usd or after.usd > before.usd)
    return bool(is_more) or (before.book_only and not after.book_only)
