//! Amending a resting order: smaller keeps its place, anything else goes to the back or takes.

use super::OrderSlot;
use super::amend_check::{Amendment, Effect};
use super::report::Change;
use crate::exchange::Exchange;
use crate::refusal::Refused;
use crate::types::*;
use crate::wire::command::AmendOrder;

impl Exchange {
    /// The order's id. Behind a refusal the reply names no order; the event AmendFailed does.
    #[inline]
    pub(crate) fn amend_order(&mut self, amend: &AmendOrder) -> Result<u64, Refused> {
        let slot = self.amended_order(amend)?;
        match self.check_amendment(amend, slot) {
            Ok(amendment) => {
                let id = self.orders.at(slot).id;
                self.carry_out(slot, &amendment, amend.request_id);
                Ok(id)
            }
            Err(refused) => {
                self.fail_amendment(slot, amend, refused);
                Err(refused)
            }
        }
    }

    fn carry_out(&mut self, slot: OrderSlot, amendment: &Amendment, request_id: RequestId) {
        let change = Change {
            request_id,
            ..Change::plain(OrderCause::Amended)
        };
        match amendment.effect {
            Effect::Complete => {
                self.leave_book(slot);
                let order = self.orders.at_mut(slot);
                (order.size, order.state) = (order.filled, OrderState::Filled);
                (order.updated_ms, order.sequence) = (self.now, self.sequence);
                self.report(slot, &change);
                self.orders.finish(slot, &mut self.owners);
            }
            Effect::Shrink => {
                self.shrink(slot, amendment);
                self.report(slot, &change);
            }
            Effect::Requeue => {
                self.leave_queue(slot);
                self.revise(slot, amendment);
                self.report(slot, &change);
                let (pay, more) = (self.orders.at(slot).pay, amendment.holds - amendment.held);
                self.join_queue(slot);
                self.ledger.add_hold(pay, more);
            }
            Effect::Take => {
                self.leave_book(slot);
                self.revise(slot, amendment);
                self.report(slot, &change);
                let stop = self.take(slot, amendment.price, None);
                self.settle_taker(slot, stop);
            }
        }
    }

    /// Gives an order its new price and size.
    fn revise(&mut self, slot: OrderSlot, amendment: &Amendment) {
        let order = self.orders.at_mut(slot);
        (order.price, order.size) = (amendment.price, amendment.size);
        (order.updated_ms, order.sequence) = (self.now, self.sequence);
    }

    fn shrink(&mut self, slot: OrderSlot, amendment: &Amendment) {
        let order = self.orders.at(slot);
        let instrument = self.instruments.at_mut(order.instrument);
        instrument.reduce_resting(order.handle, order.side, order.size - amendment.size);
        self.levels.touch(order.instrument, order.side, order.price);
        self.ledger
            .add_hold(order.pay, amendment.holds - amendment.held);
        self.revise(slot, amendment);
    }

    fn fail_amendment(&mut self, slot: OrderSlot, amend: &AmendOrder, refused: Refused) {
        let change = Change {
            request_id: amend.request_id,
            amend_code: refused.refusal.code(),
            ..Change::plain(OrderCause::AmendFailed)
        };
        if self.events.wanted() {
            let mut event =
                self.order_event(self.orders.at(slot), self.orders.labels(slot), &change);
            (event.sequence, event.time) = (Sequence(self.sequence), Timestamp(self.now));
            self.events.push(&event);
        }
        let order = self.orders.at(slot);
        let may_cancel = self.may_cancel(self.owners.at(order.owner), order.instrument);
        if amend.flags.contains(AmendFlags::CANCEL_ON_FAIL) && may_cancel {
            let cause = OrderCause::Canceled;
            self.end_with(slot, CancelSource::User, &Change { cause, ..change });
        }
    }
}
