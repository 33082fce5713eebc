"""What a withdrawal costs: the fixed fee of its terms, or what was quoted for its network last.

A request holds the fee of its moment, and never more is taken without its owner's word. When it
leaves a queue it is quoted again: what is less now is what is taken of the hold; a rise of up to a
fifth is the house's; what rose by more waits for the owner, who agrees to it or cancels. A restart
waits for nobody: any rise of its canaries' fees is the house's.
"""

from __future__ import annotations

from msgspec.structs import replace

from fullreserve.exchange import chart
from fullreserve.exchange.folds import REFUSED, Moment, Outcome, View
from fullreserve.exchange.products.custody_ledger import (
    WITHDRAWAL,
    Balances,
    Prices,
    Unsound,
    is_unprotected,
    leg,
    posting,
)
from fullreserve.exchange.products.custody_wire import AgreeToFee, NetworkAsset, QuoteFee
from fullreserve.exchange.products.withdrawal_costs import agreed_shares, fee_now, unsettled
from fullreserve.exchange.products.withdrawal_state import (
    COUNTS_LACKS,
    MOVED_MAX,
    FeeQuote,
    Refused,
    Withdrawal,
    WithdrawalState,
)
from fullreserve.exchange.products.withdrawal_table import WithdrawalTable
from fullreserve.exchange.wire.commands import amount_bytes, amount_int

QUOTE_MS_MAX = 3_600_000
FEE_MAX = 2**100
AMOUNT_BYTES = 16


class Fees(WithdrawalTable):
    """Quotes of the house's workers, and what owners say of them."""

    def _terms(self, network: int, asset: int) -> NetworkAsset | None:
        known = self.state.networks.get(network)
        assets = known.assets if known is not None else ()
        return next((one for one in assets if one.asset == asset), None)

    def _fee(self, terms: NetworkAsset, network: int, now_ms: int) -> bytes:
        """What a request of that moment holds."""
        quote = self.state.fees.get(network, {}).get(terms.asset)
        return terms.fee if quote is None or now_ms >= quote.until_ms else quote.fee

    def _quote(self, asked: QuoteFee, moment: Moment, view: View) -> Outcome:
        if self._terms(asked.network, asked.asset) is None:
            return Outcome(code=Unsound.UNKNOWN_NETWORK)
        if any(len(one) != AMOUNT_BYTES for one in (asked.least, asked.fee, asked.most)):
            return REFUSED
        least, fee, most = (amount_int(one) for one in (asked.least, asked.fee, asked.most))
        if not 0 <= least <= fee <= most < FEE_MAX:
            return REFUSED
        if not moment.time_ms < asked.until_ms <= moment.time_ms + QUOTE_MS_MAX:
            return REFUSED
        quotes = self.state.fees.setdefault(asked.network, {})
        fresh = FeeQuote(asked.least, asked.fee, asked.most, asked.until_ms)
        self._set(quotes, asked.asset, fresh)
        waiting = (asked.network, asked.asset, WithdrawalState.FEE_ROSE, False)
        for number in self._on(waiting, MOVED_MAX):
            self._go_on_if_fallen(self.state.withdrawals[number], moment, view)
        return Outcome()

    def _agree(self, owner: int, asked: AgreeToFee, moment: Moment, view: View) -> Outcome:
        """The owner's word for what it costs now; the difference is held too.

        On a request in tranches, or any of these, for all that is not settled of it.
        """
        one = self.state.withdrawals.get(asked.withdrawal)
        if one is None or one.owner != owner:
            return Outcome(code=Refused.UNKNOWN)
        request = self.state.request_of(one.number)
        asking = [one] if one.state == WithdrawalState.FEE_ROSE else []
        if request in self.state.split_fees:
            asking = unsettled(one, self.state, self._known)
        if not asking:
            return Outcome(code=Refused.TOO_LATE)
        fees = {each.number: self._costs(each, moment.time_ms) for each in asking}
        if len(asked.fee) != AMOUNT_BYTES or amount_int(asked.fee) != sum(fees.values()):
            return Outcome(code=Refused.PARAMETER)
        more = sum(max(0, fees[each.number] - amount_int(each.fee)) for each in asking)
        balances = Balances(owner, view)
        if more > balances.of(chart.FUND, one.asset).free or not is_unprotected(
            one.asset, more, balances, Prices(view)
        ):
            return Outcome(code=Refused.BALANCE)
        self._agreed(one, fees, moment)
        for before in asking:
            each = self._change(before, moment)
            each.fee = amount_bytes(max(fees[each.number], amount_int(each.fee)))
            if each.state == WithdrawalState.FEE_ROSE:
                self._goes_on(each, view)
        legs = (
            leg(owner, chart.FUND, 0, one.asset, -more),
            leg(owner, chart.HOLD, 0, one.asset, more),
        )
        return Outcome(postings=posting(WITHDRAWAL, *legs))

    def _agreed(self, one: Withdrawal, fees: dict[int, int], moment: Moment) -> None:
        """What of a request in tranches comes later asks for no more than that.

        What was let go of it before holds less, and does so still if it goes back.
        """
        request = self.state.request_of(one.number)
        shared = self.state.split_fees.get(request)
        fee = fee_now(one, moment.time_ms, self.state)
        if shared is None or fee is None:
            return
        if self.state.edition >= COUNTS_LACKS:
            for number, share in list(agreed_shares(request, fee, self.state, self._known)):
                held = amount_int(self.state.withdrawals[number].fee)
                self._note_lack(number, share - max(held, fees.get(number, 0)))
        if fee > amount_int(shared.fee):
            self._set(self.state.split_fees, request, replace(shared, fee=amount_bytes(fee)))
