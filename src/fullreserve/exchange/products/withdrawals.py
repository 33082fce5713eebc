"""Withdrawals: asked for and held in one command, and paid exactly once or refunded.

A withdrawal is bound to its inputs or nonce before anything is signed, and the fold's word counts:
the payer signs only when `Bound` was accepted. From then on it ends as paid, or as failed when what
conflicts with it is final. Whatever is reported twice, late, or in another order changes nothing.

Once the log says so (`RequirePolicy`), nothing is bound that the fold of the policy has not let
through; `Heed` makes this fold look at what was decided there.

The fold wants no events: rows without custody commands cost it nothing.
"""

from __future__ import annotations

import msgspec

from fullreserve.exchange import chart
from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products.custody_ledger import (
    WITHDRAWAL,
    Balances,
    Prices,
    Unsound,
    is_house,
    is_unprotected,
    known_owner,
    posting,
    suspended,
)
from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    AgreeToFee,
    AnyWithdrawals,
    Cancel,
    Covered,
    Decide,
    Destination,
    Heed,
    LimitOwn,
    LockSettings,
    MayUnbind,
    QuoteFee,
    Refilled,
    Request,
    Short,
    Unbound,
)
from fullreserve.exchange.products.risk_rules import Whence
from fullreserve.exchange.products.suspension_asking import ruled
from fullreserve.exchange.products.suspension_wire import Action, Level, Mode
from fullreserve.exchange.products.withdrawal_answers import answered, quota_of
from fullreserve.exchange.products.withdrawal_decisions import Decisions
from fullreserve.exchange.products.withdrawal_effects import held, internal
from fullreserve.exchange.products.withdrawal_fees import Fees
from fullreserve.exchange.products.withdrawal_orders import ORDERS, Orders
from fullreserve.exchange.products.withdrawal_payments import Payments
from fullreserve.exchange.products.withdrawal_rulings import leaving
from fullreserve.exchange.products.withdrawal_settings import Settings
from fullreserve.exchange.products.withdrawal_splits import split_of
from fullreserve.exchange.products.withdrawal_state import (
    CANCELABLE,
    DAY_MS,
    LEDGER_DIGITS,
    ONE_FEE,
    OPEN_PER_OWNER,
    SPLITS,
    NextDue,
    Refused,
    SplitFee,
    Withdrawal,
    WithdrawalState,
    decode_question,
)
from fullreserve.exchange.wire.commands import (
    OwnerFlag,
    Suspended,
    amount_int,
)
from fullreserve.exchange.wire.events import OwnerChanged

_encode = msgspec.msgpack.Encoder().encode

CLIENT_BYTES_MAX = 32
MAX_AMOUNT = 2**120
# The code for a request that a suspension does not take, by how wide it is; ALL_STOPPED else.
REJECTED: dict[int, int] = {
    Level.CHAIN: Refused.CHAIN_STOPPED,
    Level.ASSET: Refused.CHAIN_STOPPED,
    Level.ASSET_CHAIN: Refused.CHAIN_STOPPED,
    Level.USER: Refused.RISK,
}

_State = WithdrawalState


class Withdrawals(Orders, Decisions, Payments, Settings, Fees):
    """The state machine of withdrawals; see the module."""

    number = WITHDRAWALS
    name = "withdrawals"
    is_late = True
    added = (
        "drains",
        "asks_policy",
        "judged",
        "edition",
        "passes",
        "own",
        "whence",
        "fees",
        "requoted",
        "max_waits",
        "released",
        "splits",
        "parts",
        "split_logs",
        "may_unbind",
        "unbound",
        "split_fees",
        "lacking",
        "left",
    )

    def _obey(self, who: int, asked: AnyWithdrawals, moment: Moment, view: View) -> Outcome:
        if isinstance(asked, Request):
            return self._request(who, asked, moment, view)
        if isinstance(asked, Cancel):
            return self._cancel(who, asked, moment)
        if isinstance(asked, LimitOwn | LockSettings):
            return self._set_own(who, asked, moment, view)
        if isinstance(asked, AgreeToFee):
            return self._agree(who, asked, moment, view)
        if not is_house(who, view):
            return Outcome(code=Unsound.NOT_THE_HOUSE)
        if isinstance(asked, ORDERS):
            return self._ordered(asked, moment, view)
        if isinstance(asked, QuoteFee):
            return self._quote(asked, moment, view)
        if isinstance(asked, Short | Refilled):
            return self._liquidity(asked, moment, view)
        if isinstance(asked, Covered):
            return self._covered(asked, moment, view)
        if isinstance(asked, Decide | Heed):
            return self._ruled(asked, moment, view)
        if isinstance(asked, MayUnbind | Unbound):
            return self._let_go(asked, moment, view)
        return self._reported(asked, moment, view)

    def _request(self, owner: int, asked: Request, moment: Moment, view: View) -> Outcome:
        profile = known_owner(owner, view)
        if profile is None or not _is_sound(asked):
            return REFUSED
        if asked.allow_split and self.state.edition < SPLITS:
            return REFUSED
        same = self._same(owner, asked)
        if same is not None:
            return same
        code = self._why_not(profile, asked, moment, view)
        if code:
            return Outcome(code=code)
        balances = Balances(owner, view)
        amount, total = amount_int(asked.amount), amount_int(asked.amount) + amount_int(asked.fee)
        prices = Prices(view)
        usd = prices.value(asked.asset, amount)
        if total > balances.of(chart.FUND, asked.asset).free or not is_unprotected(
            asked.asset, total, balances, prices
        ):
            return Outcome(code=Refused.BALANCE)
        quota = quota_of(owner, moment.time_ms, self.state, self._known)
        # What has no price could be more than any limit of the owner's own.
        is_over = self._own(owner).usd if usd is None else usd > quota.limit - quota.used
        if is_over:
            return Outcome(code=Refused.QUOTA)
        one = Withdrawal(
            number=moment.sequence,
            owner=owner,
            network=asked.network,
            asset=asked.asset,
            amount=asked.amount,
            fee=asked.fee,
            kind=asked.kind,
            destination=asked.destination,
            usd=usd or 0,
            requested_ms=moment.time_ms,
            changed_ms=moment.time_ms,
            version=moment.sequence,
            client=asked.client,
            by_api=asked.by_api,
        )
        if one.kind != Destination.OWNER and asked.whence != Whence():
            self._set(self.state.whence, one.number, asked.whence)
        terms = self._terms(one.network, one.asset) if asked.allow_split else None
        if terms is not None:
            self._set(self.state.splits, one.number, split_of(one.amount, terms))
            if self.state.edition >= ONE_FEE:
                self._set(self.state.split_fees, one.number, SplitFee(one.fee))
        return self._taken(one, profile, is_priced=usd is not None, view=view)

    def _taken(
        self, one: Withdrawal, profile: OwnerChanged, *, is_priced: bool, view: View
    ) -> Outcome:
        if one.kind == Destination.OWNER:
            one.state = _State.SUCCESS
        elif not is_priced:
            # The quota cannot be checked: a person looks at it.
            one.state, one.is_approved = _State.REVIEW, False
        elif self._is_reviewed(one, profile, view):
            one.state, one.is_approved = _State.REVIEW, False
        elif self._is_stopped(one, profile, view):
            one.state = _State.QUEUED
        elif self.state.short.get(one.network, {}).get(one.asset):
            one.state = _State.SHORT
        self.state.withdrawals[one.number] = one
        self._undo.append(lambda: self._drop(one))
        self._known.note(one)
        self._forget_old()
        if one.kind == Destination.OWNER:
            return Outcome(postings=internal(one))
        return Outcome(postings=posting(WITHDRAWAL, *held(one)))

    def _same(self, owner: int, asked: Request) -> Outcome | None:
        """The answer to a client id that was used: nothing happens again."""
        number = self._known.clients.get((owner, asked.client)) if asked.client else None
        if number is None:
            return None
        one = self.state.withdrawals[number]
        split = self.state.splits.get(number)
        amount = one.amount if split is None else split.amount
        was = (one.network, one.asset, amount, one.kind, one.destination)
        asks = (asked.network, asked.asset, asked.amount, asked.kind, asked.destination)
        is_same = was == asks and asked.allow_split == (split is not None)
        return Outcome(code=0 if is_same else Refused.CLIENT_ID_TAKEN)

    def _why_not(self, owner: OwnerChanged, asked: Request, moment: Moment, view: View) -> int:
        if owner.owner != owner.master:
            return Refused.SUB_ACCOUNT
        if owner.flags & (OwnerFlag.FROZEN | OwnerFlag.NO_WITHDRAW):
            return Refused.RISK
        if moment.time_ms < self.state.stops.get(owner.owner, 0):
            return Refused.CREDENTIALS
        if asked.kind == Destination.OWNER:
            return self._why_not_internal(owner, asked, view)
        if suspended(Suspended.WITHDRAW, 0, owner, view) and _is_stopped_himself(owner, view):
            return Refused.RISK
        open_now = len(self._known.open_of.get(owner.owner, ()))
        if self.state.edition and open_now >= OPEN_PER_OWNER:
            return Refused.TOO_MANY
        return self._why_not_on_chain(asked, moment) or self._why_ruled_out(
            owner, asked, moment, view
        )

    def _why_ruled_out(
        self, owner: OwnerChanged, asked: Request, moment: Moment, view: View
    ) -> int:
        """What a suspension says that takes no requests, or takes them up to a cap."""
        found = ruled(leaving(by_api=asked.by_api), owner, view, asked.network, asked.asset)
        if found.mode == Mode.REJECT:
            return REJECTED.get(found.level, Refused.ALL_STOPPED)
        if found.mode != Mode.CAP:
            return 0
        amount = amount_int(asked.amount)
        usd = Prices(view).value(asked.asset, amount) or 0
        used = quota_of(owner.owner, moment.time_ms, self.state, self._known).used
        if found.per_user_usd and used + usd > found.per_user_usd:
            return Refused.QUOTA
        since_ms = moment.time_ms - DAY_MS
        taken = self._known.taken_since(asked.network, asked.asset, since_ms)
        if found.per_asset and taken + amount > amount_int(found.per_asset):
            return Refused.ABOVE
        return 0

    def _why_not_internal(self, owner: OwnerChanged, asked: Request, view: View) -> int:
        other = known_owner(asked.destination, view)
        if asked.network or amount_int(asked.fee):
            return Refused.PARAMETER
        if self._own(owner.owner).book_only and not asked.from_book:
            return Refused.NOT_IN_BOOK
        if other is None or other.flags & OwnerFlag.HOUSE or other.master == owner.master:
            return Refused.NO_ROUTE
        if other.kyc < 1:
            return Refused.RECIPIENT
        if suspended(Suspended.SUB_TRANSFER, asked.asset, owner, view):
            return Refused.ALL_STOPPED
        if ruled(Action.INTERNAL_TRANSFER, owner, view, 0, asked.asset).mode:
            return Refused.ALL_STOPPED
        return 0

    def _why_not_on_chain(self, asked: Request, moment: Moment) -> int:
        terms = self._terms(asked.network, asked.asset)
        if terms is None:
            return Refused.NO_ROUTE
        amount = amount_int(asked.amount)
        if asked.fee != self._fee(terms, asked.network, moment.time_ms) or amount % 10 ** (
            LEDGER_DIGITS - terms.digits
        ):
            return Refused.PARAMETER
        if amount < amount_int(terms.minimum):
            return Refused.BELOW
        if amount > amount_int(terms.maximum):
            return Refused.ABOVE
        for hold in self._holds(asked.network, asked.asset):
            if hold.refuses:
                return Refused.CHAIN_STOPPED if hold.network else Refused.ALL_STOPPED
        return 0

    def _is_reviewed(self, one: Withdrawal, owner: OwnerChanged, view: View) -> bool:
        action = leaving(by_api=one.by_api)
        return ruled(action, owner, view, one.network, one.asset).mode == Mode.REVIEW

    def _cancel(self, owner: int, asked: Cancel, moment: Moment) -> Outcome:
        one = self.state.withdrawals.get(asked.withdrawal)
        if one is None or one.owner != owner:
            return Outcome(code=Refused.UNKNOWN)
        if one.state == _State.CANCELED:
            return Outcome(code=Refused.CANCELED_ALREADY)
        if one.state not in CANCELABLE or one.binding:
            return Outcome(code=Refused.TOO_LATE)
        return self._refunded(one, _State.CANCELED, 0, moment)

    def answer(self, question: bytes) -> bytes:
        return answered(question, self.state, self._known)

    def answer_in(self, question: bytes, view: View) -> bytes:
        asked = decode_question(question)
        if not isinstance(asked, NextDue):
            return self.answer(question)
        return _encode(self._next_due(asked, view))


def _is_sound(asked: Request) -> bool:
    return (
        len(asked.amount) == len(asked.fee) == 16
        and 0 < amount_int(asked.amount) < MAX_AMOUNT
        and 0 <= amount_int(asked.fee) < MAX_AMOUNT
        and len(asked.client) <= CLIENT_BYTES_MAX
        and asked.kind in (Destination.ADDRESS_BOOK, Destination.OWNER)
        and (asked.kind == Destination.ADDRESS_BOOK or not asked.allow_split)
    )


def _is_stopped_himself(owner: OwnerChanged, view: View) -> bool:
    """Whether the suspension is the owner's own: then nothing is queued for him."""
    everybody = OwnerChanged(0, 0, owner.segment, 0, 0, 0)
    return not suspended(Suspended.WITHDRAW, 0, everybody, view)
