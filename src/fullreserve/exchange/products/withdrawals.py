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
from fullreserve.exchange.products import drain
from fullreserve.exchange.products.changes import renewed
from fullreserve.exchange.products.custody_ledger import (
    CANCELED,
    MEMO,
    WITHDRAWAL,
    Balances,
    Prices,
    Unsound,
    Wallets,
    is_house,
    is_unprotected,
    known_owner,
    leg,
    posting,
    suspended,
)
from fullreserve.exchange.products.custody_wire import (
    WITHDRAWALS,
    AnyWithdrawals,
    Bound,
    Broadcast,
    Cancel,
    Decide,
    DefineNetwork,
    Destination,
    Drain,
    Failed,
    Heed,
    Hold,
    Included,
    NetworkAsset,
    Paid,
    Refilled,
    Request,
    RequirePolicy,
    SetQuota,
    Settle,
    Short,
    StopOwner,
    decode_withdrawals,
)
from fullreserve.exchange.products.drain_log import (
    LOGS_KEPT,
    DrainLog,
    DrainSum,
    DrainTick,
    noted,
    plus,
)
from fullreserve.exchange.products.policy_asking import decision_of, looked_at, refusal_of
from fullreserve.exchange.products.policy_rules import DecisionState
from fullreserve.exchange.products.suspension_asking import Stops, drain_of, ruled
from fullreserve.exchange.products.suspension_wire import Action, Level, Mode
from fullreserve.exchange.products.undoing import UndoingFold
from fullreserve.exchange.products.withdrawal_answers import answered, quota_of
from fullreserve.exchange.products.withdrawal_effects import held, internal
from fullreserve.exchange.products.withdrawal_index import Index, Row, is_let_through
from fullreserve.exchange.products.withdrawal_rulings import reviewed_since
from fullreserve.exchange.products.withdrawal_state import (
    ASKED_AGAIN,
    CANCELABLE,
    DAY_MS,
    EDITION,
    EVERY_NETWORK,
    FINAL,
    FINAL_KEPT,
    MOVED_MAX,
    OPEN_PER_OWNER,
    REVIEWS,
    SMALL_USD,
    Refused,
    Withdrawal,
    WithdrawalsState,
    WithdrawalState,
)
from fullreserve.exchange.wire.commands import (
    OwnerFlag,
    Product,
    Suspended,
    amount_bytes,
    amount_int,
)
from fullreserve.exchange.wire.events import OwnerChanged

HASH_BYTES = 32
CLIENT_BYTES_MAX = 32
LEDGER_DIGITS = 8
MAX_AMOUNT = 2**120
# The code for a request that a suspension does not take, by how wide it is; ALL_STOPPED else.
REJECTED: dict[int, int] = {
    Level.CHAIN: Refused.CHAIN_STOPPED,
    Level.ASSET: Refused.CHAIN_STOPPED,
    Level.ASSET_CHAIN: Refused.CHAIN_STOPPED,
    Level.USER: Refused.RISK,
}

# What a request does, by the page or by the API.
LEAVING = int(Action.WITHDRAW)
LEAVING_BY_API = int(Action.WITHDRAW | Action.API_WITHDRAW)
# What the house says of no withdrawal in particular.
ORDERS = (DefineNetwork, Hold, StopOwner, SetQuota, Settle, Drain, RequirePolicy)

_State = WithdrawalState
_Line = tuple[int, int, int, bool]  # network, asset, state, whether it is bound


class Withdrawals(UndoingFold[WithdrawalsState]):
    """The state machine of withdrawals; see the module."""

    number = WITHDRAWALS
    name = "withdrawals"
    is_late = True
    added = ("drains", "asks_policy", "judged", "edition")

    def __init__(self) -> None:
        self._touched: dict[int, None] = {}
        super().__init__(WithdrawalsState())

    def _index(self) -> None:
        self._known = Index(self.state)

    def settled(self, cause: int, code: int) -> None:
        super().settled(cause, code)
        for number in self._touched:
            one = self.state.withdrawals.get(number)
            if one is not None:
                self._known.place(one)
        self._touched.clear()

    def handle(self, command: Product, moment: Moment, view: View) -> Outcome:
        self._undo.clear()
        try:
            asked = decode_withdrawals(command.payload)
        except msgspec.DecodeError:
            return REFUSED
        if isinstance(asked, Request):
            return self._request(command.owner, asked, moment, view)
        if isinstance(asked, Cancel):
            return self._cancel(command.owner, asked, moment)
        if not is_house(command.owner, view):
            return Outcome(code=Unsound.NOT_THE_HOUSE)
        if isinstance(asked, ORDERS):
            return self._ordered(asked, moment, view)
        if isinstance(asked, Short | Refilled):
            return self._liquidity(asked, moment, view)
        return self._reported(asked, moment, view)

    # What users ask

    def _request(self, owner: int, asked: Request, moment: Moment, view: View) -> Outcome:
        profile = known_owner(owner, view)
        if profile is None or not _is_sound(asked):
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
        if usd is not None and usd > quota.limit - quota.used:
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
        was = (one.network, one.asset, one.amount, one.kind, one.destination)
        asks = (asked.network, asked.asset, asked.amount, asked.kind, asked.destination)
        return Outcome(code=0 if was == asks else Refused.CLIENT_ID_TAKEN)

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
        return self._why_not_on_chain(asked) or self._why_ruled_out(owner, asked, moment, view)

    def _why_ruled_out(
        self, owner: OwnerChanged, asked: Request, moment: Moment, view: View
    ) -> int:
        """What a suspension says that takes no requests, or takes them up to a cap."""
        found = ruled(_leaving(by_api=asked.by_api), owner, view, asked.network, asked.asset)
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
        if other is None or other.flags & OwnerFlag.HOUSE or other.master == owner.master:
            return Refused.NO_ROUTE
        if other.kyc < 1:
            return Refused.RECIPIENT
        if suspended(Suspended.SUB_TRANSFER, asked.asset, owner, view):
            return Refused.ALL_STOPPED
        if ruled(Action.INTERNAL_TRANSFER, owner, view, 0, asked.asset).mode:
            return Refused.ALL_STOPPED
        return 0

    def _why_not_on_chain(self, asked: Request) -> int:
        terms = self._terms(asked.network, asked.asset)
        if terms is None:
            return Refused.NO_ROUTE
        amount = amount_int(asked.amount)
        if asked.fee != terms.fee or amount % 10 ** (LEDGER_DIGITS - terms.digits):
            return Refused.PARAMETER
        if amount < amount_int(terms.minimum):
            return Refused.BELOW
        if amount > amount_int(terms.maximum):
            return Refused.ABOVE
        for hold in self._holds(asked.network, asked.asset):
            if hold.refuses:
                return Refused.CHAIN_STOPPED if hold.network else Refused.ALL_STOPPED
        return 0

    def _cancel(self, owner: int, asked: Cancel, moment: Moment) -> Outcome:
        one = self.state.withdrawals.get(asked.withdrawal)
        if one is None or one.owner != owner:
            return Outcome(code=Refused.UNKNOWN)
        if one.state == _State.CANCELED:
            return Outcome(code=Refused.CANCELED_ALREADY)
        if one.state not in CANCELABLE or one.binding:
            return Outcome(code=Refused.TOO_LATE)
        return self._refunded(one, _State.CANCELED, 0, moment)

    # What the house orders

    def _ordered(self, asked: AnyWithdrawals, moment: Moment, view: View) -> Outcome:
        if isinstance(asked, DefineNetwork):
            self._set(self.state.networks, asked.network, asked)
        elif isinstance(asked, StopOwner):
            until = max(asked.until_ms, self.state.stops.get(asked.owner, 0))
            self._set(self.state.stops, asked.owner, until)
        elif isinstance(asked, SetQuota):
            if asked.usd < 0:
                return REFUSED
            self._set(self.state.quotas, asked.owner, asked.usd)
        elif isinstance(asked, RequirePolicy):
            if not 0 <= asked.edition <= EDITION:
                return REFUSED
            self.state.edition = max(asked.edition, self.state.edition)
            if not self.state.asks_policy:
                self.state.asks_policy = True
                self._index()
        elif isinstance(asked, Drain):
            return self._drain(asked, moment, view)
        elif isinstance(asked, Hold):
            self._hold(asked, moment)
            if self._is_of_all(0):
                self._release(moment, view)
        elif isinstance(asked, Settle):
            return self._settle(asked, moment, view)
        return Outcome()

    def _hold(self, asked: Hold, moment: Moment) -> None:
        holds = self.state.holds.setdefault(asked.network, {})
        if not asked.stopped:
            if asked.asset in holds:
                self._remove(holds, asked.asset)
            return
        self._set(holds, asked.asset, asked)
        if not self._is_of_all(0):
            return
        for number in list(self._known.open):
            one = self.state.withdrawals[number]
            covers = asked.network in (EVERY_NETWORK, one.network) and asked.asset in (
                0,
                one.asset,
            )
            if covers and not one.binding and one.state == _State.WAITING:
                self._to_queue(self._change(one, moment))

    def _release(self, moment: Moment, view: View) -> None:
        """What nothing stops any more goes to the payer, in its old order; what is, back."""
        for number in list(self._known.open):
            one = self.state.withdrawals[number]
            waits = one.state in (_State.QUEUED, _State.WAITING) and not one.binding
            if not waits or not one.is_approved:
                continue
            profile = known_owner(one.owner, view)
            if profile is None:
                continue
            if one.state == _State.WAITING:
                if self._is_ruled_back(one, profile, view):
                    self._to_queue(self._change(one, moment))
            elif not self._is_stopped(one, profile, view):
                self._to_payer(self._change(one, moment))

    def _settle(self, asked: Settle, moment: Moment, view: View) -> Outcome:
        """The same of a few, and what a frozen owner asked for goes back as well."""
        if self._is_of_all(asked.most):
            self._release(moment, view)
            return Outcome()
        if not 0 < asked.most <= MOVED_MAX or asked.after < 0:
            return REFUSED
        for number in self._known.settled(asked.after, asked.most):
            one = self.state.withdrawals[number]
            if self._is_held_back(one, view):
                if one.state != _State.QUEUED:
                    self._to_queue(self._change(one, moment))
                continue
            if one.state == _State.QUEUED:
                self._to_payer(self._change(one, moment))
            if self.state.judged.get(number) == DecisionState.ALLOWED and self._is_overtaken(
                one, view
            ):
                self._remove(self.state.judged, number)
                self._touched[number] = None
        return Outcome()

    def _is_of_all(self, most: int) -> bool:
        """Whether a word moves all that it concerns, as in logs from before."""
        return not most and self.state.edition < ASKED_AGAIN

    def _to_queue(self, one: Withdrawal) -> None:
        one.state, one.is_released = _State.QUEUED, False

    def _to_payer(self, one: Withdrawal) -> None:
        is_short = self.state.short.get(one.network, {}).get(one.asset)
        one.state = _State.SHORT if is_short else _State.WAITING

    def _drain(self, asked: Drain, moment: Moment, view: View) -> Outcome:
        if len(asked.budget) != 16 or asked.slots < 1:
            return REFUSED
        line = (asked.network, asked.asset, _State.QUEUED)
        numbers = self._known.after(
            0, len(self._known.open), lambda row: (row.network, row.asset, row.state) == line
        )
        stops = Stops(_leaving(by_api=True), asked.network, asked.asset, view)
        queue = [
            one
            for number in numbers
            if (one := self.state.withdrawals[number]).is_approved and _may_be_drained(one, stops)
        ]
        sums: dict[int, int] = {}
        for one in queue:
            sums[one.owner] = sums.get(one.owner, 0) + one.usd
        waiting = [
            drain.Waiting(one.number, one.owner, one.value, sums[one.owner] <= SMALL_USD)
            for one in queue
        ]
        of_network = self.state.credits.setdefault(asked.network, {})
        had = of_network.get(asked.asset, {})
        carried = {owner: amount_int(credit) for owner, credit in had.items()}
        done = drain.tick(waiting, amount_int(asked.budget), asked.slots, carried)
        kept = {owner: amount_bytes(credit) for owner, credit in done.credits.items()}
        self._set(of_network, asked.asset, kept)
        suspension = drain_of(asked.network, asked.asset, view)
        if suspension:
            tick = DrainTick(
                *(moment.sequence, moment.time_ms, asked.budget, asked.slots),
                *((), (), done.numbers, b""),
            )
            self._note_tick(suspension, asked, queue, tick, carried)
        for number in done.numbers:
            one = self._change(self.state.withdrawals[number], moment)
            one.is_released = True
            self._to_payer(one)
        return Outcome()

    def _note_tick(
        self,
        suspension: int,
        asked: Drain,
        queue: list[Withdrawal],
        tick: DrainTick,
        carried: dict[int, int],
    ) -> None:
        """What a suspension's drain did, for everybody to work out again."""
        logs = self.state.drains.setdefault(suspension, {}).setdefault(asked.network, {})
        log = noted(logs.get(asked.asset, DrainLog()), queue, tick, carried)
        self._set(logs, asked.asset, log)
        self._sum_up(suspension, asked, log, queue)
        if len(self.state.drains) > LOGS_KEPT:
            oldest = min(self.state.drains)
            self._remove(self.state.drains, oldest)
            self._remove(self._known.drained, oldest)

    def _sum_up(
        self, suspension: int, asked: Drain, log: DrainLog, queue: list[Withdrawal]
    ) -> None:
        sums, place = self._known.drained.setdefault(suspension, {}), (asked.network, asked.asset)
        amounts = {one.number: one.value for one in queue}
        amount = sum(amounts[number] for number in log.ticks[-1].paid)
        before = sums.get(place, DrainSum(*place, 0, 0, amount_bytes(0), 0, b"", 0))
        self._set(sums, place, plus(before, log, amount))

    def _decide(self, one: Withdrawal, asked: Decide, moment: Moment, view: View) -> Outcome:
        undecided = one.state in REVIEWS or one.state == _State.APPROVED
        waits = one.state in (_State.QUEUED, _State.WAITING, _State.SHORT)
        if one.binding or not (undecided or waits):
            return Outcome(code=Unsound.NOT_PAYABLE)
        if asked.state == _State.FAILED:
            return self._refunded(one, _State.FAILED, asked.reason, moment)
        if asked.state != _State.APPROVED and asked.state not in REVIEWS:
            return REFUSED
        one = self._change(one, moment)
        one.reason, one.is_approved = asked.reason, asked.state == _State.APPROVED
        if not one.is_approved:
            one.state = asked.state
            return Outcome()
        profile = known_owner(one.owner, view)
        if profile is None or self._is_stopped(one, profile, view):
            one.state = _State.QUEUED
        else:
            self._to_payer(one)
        return Outcome()

    def _ruled(self, one: Withdrawal, asked: Decide | Heed, moment: Moment, view: View) -> Outcome:
        if isinstance(asked, Heed):
            return self._heed(one, moment, view)
        return self._decide(one, asked, moment, view)

    def _heed(self, one: Withdrawal, moment: Moment, view: View) -> Outcome:
        """The policy's decision: let through, left to people, or refused with a refund."""
        if one.binding or one.state in FINAL or not self.state.asks_policy:
            return Outcome()
        found = decision_of(one.number, view)
        if found is None:
            return Outcome(code=Unsound.NOT_PAYABLE)
        decided = found.standing(moment.time_ms)
        if decided == DecisionState.ALLOWED and self._is_overtaken(one, view):
            return Outcome(code=Unsound.NOT_PAYABLE)
        if decided == self.state.judged.get(one.number):
            return Outcome()
        self._set(self.state.judged, one.number, decided)
        self._touched[one.number] = None
        if decided == DecisionState.ALLOWED:
            if one.state != _State.REVIEW:
                return Outcome()  # it goes on as it is, or waits for another's word
            return self._decide(one, Decide(one.number, _State.APPROVED), moment, view)
        if decided == DecisionState.WAITING:
            if one.state in REVIEWS:
                return Outcome()
            one = self._change(one, moment)
            one.state, one.is_approved = _State.REVIEW, False
            return Outcome()
        return self._refunded(one, _State.FAILED, refusal_of(found), moment)

    # What the payer reports

    def _liquidity(self, asked: Short | Refilled, moment: Moment, view: View) -> Outcome:
        is_short = isinstance(asked, Short)
        before = _State.WAITING if is_short else _State.SHORT
        line = (asked.network, asked.asset, before, False)
        if not self._is_of_all(asked.most):
            return self._move_some(asked, line, moment, view)
        self._set(self.state.short.setdefault(asked.network, {}), asked.asset, is_short)
        for number in self._on(line, len(self._known.open)):
            self._to_payer(self._change(self.state.withdrawals[number], moment))
        return Outcome()

    def _move_some(
        self, asked: Short | Refilled, line: _Line, moment: Moment, view: View
    ) -> Outcome:
        """The oldest few begin to wait for coins, or go on as far as nothing else stops them."""
        if not 0 < asked.most <= MOVED_MAX:
            return REFUSED
        found = self._on(line, asked.most + 1)
        is_short = isinstance(asked, Short) or len(found) > asked.most
        self._set(self.state.short.setdefault(asked.network, {}), asked.asset, is_short)
        for number in found[: asked.most]:
            one = self._change(self.state.withdrawals[number], moment)
            if isinstance(asked, Short):
                one.state = _State.SHORT
            elif self._is_held_back(one, view):
                self._to_queue(one)
            else:
                one.state = _State.WAITING
        return Outcome()

    def _on(self, line: _Line, limit: int) -> list[int]:
        """The oldest of a network and asset in a state, bound or not."""

        def is_wanted(row: Row) -> bool:
            return (row.network, row.asset, row.state, row.is_bound) == line

        return self._known.after(0, limit, is_wanted)

    def _reported(self, asked: AnyWithdrawals, moment: Moment, view: View) -> Outcome:
        assert isinstance(asked, Decide | Heed | Bound | Broadcast | Included | Paid | Failed)
        one = self.state.withdrawals.get(asked.withdrawal)
        if one is None:
            return Outcome(code=Unsound.UNKNOWN)
        if isinstance(asked, Decide | Heed):
            return self._ruled(one, asked, moment, view)
        if isinstance(asked, Bound):
            return self._bound(one, asked, moment, view)
        if isinstance(asked, Failed):
            return self._failed(one, asked, moment)
        if len(asked.transfer) != HASH_BYTES:
            return REFUSED
        if not one.binding or one.state == _State.FAILED:
            return Outcome(code=Unsound.CONTRADICTS)
        if one.state == _State.SUCCESS:
            return Outcome()
        if isinstance(asked, Paid):
            return self._paid(one, asked, moment, view)
        if isinstance(asked, Broadcast):
            if one.transfer != asked.transfer:
                one = self._change(one, moment)
                one.transfer, one.network_fee = asked.transfer, asked.network_fee
                one.state, one.height = _State.BROADCASTING, 0
            return Outcome()
        state = _State.PENDING if asked.height else _State.BROADCASTING
        if (one.transfer, one.height, one.state) != (asked.transfer, asked.height, state):
            one = self._change(one, moment)
            one.transfer, one.height, one.state = asked.transfer, asked.height, state
        return Outcome()

    def _bound(self, one: Withdrawal, asked: Bound, moment: Moment, view: View) -> Outcome:
        if len(asked.binding) != HASH_BYTES:
            return REFUSED
        if one.binding:
            return Outcome(code=0 if one.binding == asked.binding else Unsound.CONTRADICTS)
        if one.state != _State.WAITING or not is_let_through(one.number, self.state):
            return Outcome(code=Unsound.NOT_PAYABLE)
        if self._is_held_back(one, view) or self._is_overtaken(one, view):
            return Outcome(code=Unsound.STOPPED)
        one = self._change(one, moment)
        one.binding = asked.binding
        return Outcome()

    def _paid(self, one: Withdrawal, asked: Paid, moment: Moment, view: View) -> Outcome:
        network = self.state.networks.get(one.network)
        gas = amount_int(asked.network_fee) if len(asked.network_fee) == 16 else -1
        if network is None or gas < 0:
            return REFUSED
        one = self._change(one, moment)
        one.state, one.transfer, one.height = _State.SUCCESS, asked.transfer, asked.height
        one.network_fee = asked.network_fee
        self._close(one)
        wallets = Wallets(view)
        legs = (
            leg(one.owner, chart.HOLD, 0, one.asset, -one.total),
            *wallets.out(chart.CHAIN_HOT, one.network, one.asset, one.value),
            leg(chart.HOUSE, chart.FEE_WITHDRAWAL, 0, one.asset, amount_int(one.fee)),
        )
        burned = (
            *wallets.out(chart.CHAIN_HOT, one.network, network.gas_asset, gas),
            leg(chart.HOUSE, chart.GAS, one.network, network.gas_asset, -gas),
        )
        return Outcome(postings=(*posting(WITHDRAWAL, *legs), *posting(MEMO, *burned)))

    def _failed(self, one: Withdrawal, asked: Failed, moment: Moment) -> Outcome:
        if one.state == _State.FAILED:
            return Outcome()
        if one.state in FINAL:
            return Outcome(code=Unsound.CONTRADICTS)
        if one.binding and (asked.binding != one.binding or len(asked.conflict) != HASH_BYTES):
            return Outcome(code=Unsound.CONTRADICTS)
        return self._refunded(one, _State.FAILED, asked.code, moment)

    def _refunded(
        self, one: Withdrawal, state: WithdrawalState, reason: int, moment: Moment
    ) -> Outcome:
        one = self._change(one, moment)
        one.state, one.reason = state, reason
        self._close(one)
        return Outcome(postings=posting(CANCELED, *reversed(held(one, -1))))

    # Reading

    def _terms(self, network: int, asset: int) -> NetworkAsset | None:
        known = self.state.networks.get(network)
        assets = known.assets if known is not None else ()
        return next((one for one in assets if one.asset == asset), None)

    def _holds(self, network: int, asset: int) -> list[Hold]:
        return [
            hold
            for place in (EVERY_NETWORK, network)
            for key in (0, asset)
            if (hold := self.state.holds.get(place, {}).get(key)) is not None
        ]

    def _is_stopped(self, one: Withdrawal, owner: OwnerChanged, view: View) -> bool:
        if self._holds(one.network, one.asset):
            return True
        return suspended(Suspended.WITHDRAW, one.asset, owner, view) or self._is_ruled_back(
            one, owner, view
        )

    def _is_held_back(self, one: Withdrawal, view: View) -> bool:
        """Whether anything keeps a request from being paid; what a drain released, less."""
        owner = known_owner(one.owner, view)
        if owner is None or owner.flags & (OwnerFlag.FROZEN | OwnerFlag.NO_WITHDRAW):
            return True
        if one.is_released:
            return self._is_ruled_back(one, owner, view)
        return self._is_stopped(one, owner, view)

    def _is_ruled_back(self, one: Withdrawal, owner: OwnerChanged, view: View) -> bool:
        """Whether the fold of suspensions holds a request back; not what its drain released."""
        found = ruled(
            *(_leaving(by_api=one.by_api), owner, view, one.network, one.asset, one.number),
            is_released=one.is_released,
        )
        return found.mode in (Mode.QUEUE, Mode.REJECT)

    def _is_reviewed(self, one: Withdrawal, owner: OwnerChanged, view: View) -> bool:
        action = _leaving(by_api=one.by_api)
        return ruled(action, owner, view, one.network, one.asset).mode == Mode.REVIEW

    def _is_overtaken(self, one: Withdrawal, view: View) -> bool:
        """Whether people have to look at a request that was let through before they had to."""
        if self.state.edition < ASKED_AGAIN:
            return False
        since = reviewed_since(one, view)
        return since > 0 and looked_at(one.number, view) < since

    # Keeping

    def _drop(self, one: Withdrawal) -> None:
        """Forgets a withdrawal altogether."""
        del self.state.withdrawals[one.number]
        self._known.drop(one)

    def _close(self, one: Withdrawal) -> None:
        self._known.close(one)
        self._undo.append(lambda: self._known.open_again(one))
        if one.number in self.state.judged:
            self._remove(self.state.judged, one.number)
        self._forget_old()

    def _forget_old(self) -> None:
        if len(self._known.finals) > FINAL_KEPT:
            self._drop(self.state.withdrawals[next(iter(self._known.finals))])

    def _change(self, one: Withdrawal, moment: Moment) -> Withdrawal:
        fresh, back = renewed(self.state.withdrawals, one.number, moment)
        self._undo.append(back)
        self._touched[one.number] = None
        return fresh

    def answer(self, question: bytes) -> bytes:
        return answered(question, self.state, self._known)


def _is_sound(asked: Request) -> bool:
    return (
        len(asked.amount) == len(asked.fee) == 16
        and 0 < amount_int(asked.amount) < MAX_AMOUNT
        and 0 <= amount_int(asked.fee) < MAX_AMOUNT
        and len(asked.client) <= CLIENT_BYTES_MAX
        and asked.kind in (Destination.ADDRESS_BOOK, Destination.OWNER)
    )


def _leaving(*, by_api: bool) -> int:
    return LEAVING_BY_API if by_api else LEAVING


def _may_be_drained(one: Withdrawal, stops: Stops) -> bool:
    """Whether nothing but the suspension that drains holds a request back."""
    place = (one.network, one.asset, one.number)
    found = stops.ruled(_leaving(by_api=one.by_api), one.owner, place)
    return found.mode not in (Mode.QUEUE, Mode.REJECT)


def _is_stopped_himself(owner: OwnerChanged, view: View) -> bool:
    """Whether the suspension is the owner's own: then nothing is queued for him."""
    everybody = OwnerChanged(0, 0, owner.segment, 0, 0, 0)
    return not suspended(Suspended.WITHDRAW, 0, everybody, view)
