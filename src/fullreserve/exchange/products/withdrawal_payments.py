"""What the payer reports: that the hot wallet is short, and how each payment goes."""

from __future__ import annotations

from fullreserve.exchange import chart
from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products.custody_ledger import (
    CANCELED,
    FEE_REFUND,
    MEMO,
    WITHDRAWAL,
    Unsound,
    Wallets,
    leg,
    posting,
)
from fullreserve.exchange.products.custody_wire import (
    AnyWithdrawals,
    Bound,
    Broadcast,
    Covered,
    Failed,
    FoundPaid,
    Included,
    Paid,
    Refilled,
    Short,
)
from fullreserve.exchange.products.drain import Part
from fullreserve.exchange.products.withdrawal_index import is_let_through
from fullreserve.exchange.products.withdrawal_state import (
    FINAL,
    FOLLOWS,
    KEEPS_LEFT,
    MOVED_MAX,
    OF_ONE_REQUEST,
    REST_COMES_BACK,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.products.withdrawal_table import OnLine
from fullreserve.exchange.products.withdrawal_unbinding import Unbinding
from fullreserve.exchange.wire.commands import Amount, amount_bytes, amount_int

AMOUNT_BYTES, HASH_BYTES = 16, 32

_State = WithdrawalState


class Payments(Unbinding):
    """By the payer, through the house."""

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
        self, asked: Short | Refilled, line: OnLine, moment: Moment, view: View
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
            else:
                self._leaves_short(one, view)
        return Outcome()

    def _covered(self, asked: Covered, moment: Moment, view: View) -> Outcome:
        one = self.state.withdrawals.get(asked.withdrawal)
        if one is None:
            return Outcome(code=Unsound.UNKNOWN)
        if one.state == _State.SHORT and not one.binding:
            self._leaves_short(self._change(one, moment), view)
        return Outcome()

    def _leaves_short(self, one: Withdrawal, view: View) -> None:
        if self._is_held_back(one, view):
            self._to_queue(one)
        else:
            one.state = _State.WAITING

    def _reported(self, asked: AnyWithdrawals, moment: Moment, view: View) -> Outcome:
        assert isinstance(asked, Bound | FoundPaid | Broadcast | Included | Paid | Failed)
        one = self.state.withdrawals.get(asked.withdrawal)
        if one is None:
            return Outcome(code=Unsound.UNKNOWN)
        if isinstance(asked, Bound):
            return self._bound(one, asked, moment, view)
        if isinstance(asked, FoundPaid):
            return self._found_paid(one, asked, moment, view)
        if isinstance(asked, Failed):
            return self._failed(one, asked, moment)
        if len(asked.transfer) != HASH_BYTES:
            return REFUSED
        if not one.binding or one.state == _State.FAILED:
            return Outcome(code=Unsound.CONTRADICTS)
        if one.state == _State.SUCCESS:
            return self._followed(one, asked, moment, view)
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
        if self._was_bound_to(one, asked.binding):
            return Outcome(code=Unsound.NOT_PAYABLE)
        if one.state != _State.WAITING or not is_let_through(one.number, self.state):
            return Outcome(code=Unsound.NOT_PAYABLE)
        if self._is_held_back(one, view) or self._is_overtaken(one, view):
            return Outcome(code=Unsound.STOPPED)
        one = self._change(one, moment)
        one.binding = asked.binding
        return Outcome()

    def _found_paid(self, one: Withdrawal, asked: FoundPaid, moment: Moment, view: View) -> Outcome:
        if asked.amount:
            return self._found_part(one, asked, moment)
        found = self._bound(one, Bound(one.number, asked.binding), moment, view)
        if found.code not in (Unsound.NOT_PAYABLE, Unsound.STOPPED):
            return found
        if one.state in FINAL:
            return Outcome(code=Unsound.CONTRADICTS)
        one = self._change(one, moment)
        one.binding, one.state, one.is_approved = asked.binding, _State.BROADCASTING, False
        return Outcome()

    def _found_part(self, whole: Withdrawal, asked: FoundPaid, moment: Moment) -> Outcome:
        """A tranche that the chain has paid, and that nobody here knows of."""
        if len(asked.binding) != HASH_BYTES or len(asked.amount) != AMOUNT_BYTES:
            return REFUSED
        known = (self.state.withdrawals[one] for one in self._known.parts_of.get(whole.number, ()))
        if any((one.binding, one.amount) == (asked.binding, asked.amount) for one in known):
            return Outcome()
        if whole.state in FINAL:
            return Outcome(code=Unsound.CONTRADICTS)
        part = Part(whole.number, amount_int(asked.amount))
        is_less = 0 < part.amount < whole.value
        if whole.binding or part.number not in self.state.splits or not is_less:
            return Outcome(code=Unsound.NOT_PAYABLE)
        value, less = whole.value, self.state.requoted.get(part.number)
        one = self._cut(part, moment)
        if less is not None:
            share = amount_int(less) * part.amount // value
            rest = self.state.withdrawals[part.number]
            if part.number in self.state.split_fees:
                share = max(
                    min(share, amount_int(one.fee)), amount_int(less) - amount_int(rest.fee)
                )
            self._set(self.state.requoted, one.number, _lesser(share, one))
            self._set(self.state.requoted, rest.number, _lesser(amount_int(less) - share, rest))
        one.binding, one.state, one.is_approved = asked.binding, _State.BROADCASTING, False
        self._enter(one)
        return Outcome()

    def _paid(self, one: Withdrawal, asked: Paid, moment: Moment, view: View) -> Outcome:
        network = self.state.networks.get(one.network)
        gas = amount_int(asked.network_fee) if len(asked.network_fee) == 16 else -1
        if network is None or gas < 0:
            return REFUSED
        one = self._change(one, moment)
        one.state, one.transfer, one.height = _State.SUCCESS, asked.transfer, asked.height
        one.network_fee = asked.network_fee
        held, less = one.total, self.state.requoted.get(one.number)
        is_old = self.state.edition < OF_ONE_REQUEST
        if less is not None and (is_old or amount_int(less) <= amount_int(one.fee)):
            one.fee = less
        self._close(one)
        if self.state.edition >= KEEPS_LEFT:
            self._note_left(one, moment)
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
        rest = held - one.total
        bill = FEE_REFUND if self.state.edition < REST_COMES_BACK else CANCELED
        spared = (
            leg(one.owner, chart.HOLD, 0, one.asset, -rest),
            leg(one.owner, chart.FUND, 0, one.asset, rest),
        )
        return Outcome(
            postings=(
                *posting(WITHDRAWAL, *legs),
                *posting(bill, *spared),
                *posting(MEMO, *burned),
            )
        )

    def _followed(
        self, one: Withdrawal, asked: Broadcast | Included | Paid, moment: Moment, view: View
    ) -> Outcome:
        """One that is paid is in another block, or is there in another version, at another fee."""
        if self.state.edition < FOLLOWS or isinstance(asked, Broadcast) or not asked.height:
            return Outcome()
        fee = asked.network_fee if isinstance(asked, Paid) else one.network_fee
        network = self.state.networks.get(one.network)
        if network is None or len(fee) != AMOUNT_BYTES or amount_int(fee) < 0:
            return REFUSED
        if (one.transfer, one.height, one.network_fee) == (asked.transfer, asked.height, fee):
            return Outcome()
        # Who changed last ended last, as a restored index has it too.
        self._undo.append(self._known.order_finals)
        one = self._change(one, moment)
        self._known.end_again(one)
        more = amount_int(fee) - amount_int(one.network_fee)
        one.transfer, one.height, one.network_fee = asked.transfer, asked.height, fee
        place, wallets = (chart.CHAIN_HOT, one.network, network.gas_asset), Wallets(view)
        burned = wallets.out(*place, more) if more > 0 else (wallets.into(*place, -more),)
        gas = leg(chart.HOUSE, chart.GAS, one.network, network.gas_asset, -more)
        return Outcome(postings=posting(MEMO, *burned, gas))

    def _failed(self, one: Withdrawal, asked: Failed, moment: Moment) -> Outcome:
        if one.state == _State.FAILED:
            return Outcome()
        if one.state in FINAL:
            return Outcome(code=Unsound.CONTRADICTS)
        if one.binding and (asked.binding != one.binding or len(asked.conflict) != HASH_BYTES):
            return Outcome(code=Unsound.CONTRADICTS)
        if self._was_bound_to(one, asked.binding):
            return Outcome(code=Unsound.CONTRADICTS)
        return self._refunded(one, _State.FAILED, asked.code, moment)


def _lesser(fee: int, one: Withdrawal) -> Amount:
    """A fee that it was quoted, at most what it holds for that."""
    return amount_bytes(min(fee, amount_int(one.fee)))
