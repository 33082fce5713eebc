//! Amending a resting order: smaller keeps its place, anything else goes to the back or takes.

use super::amend_check::{Amendment, Effect};
use super::report::Change;
use super::{Order, OrderSlot};
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
                self.shrink(slot, amendment.size);
                self.report(slot, &change);
            }
            Effect::Requeue => self.requeue(slot, amendment, &change),
        }
    }

    fn shrink(&mut self, slot: OrderSlot, size: u64) {
        let order = self.orders.at_mut(slot);
        let instrument = self.instruments.at_mut(order.instrument);
        let before = instrument.hold(order.side, order.price, order.remaining());
        instrument.reduce_resting(order.handle, order.side, order.size - size);
        order.size = size;
        (order.updated_ms, order.sequence) = (self.now, self.sequence);
        let after = instrument.hold(order.side, order.price, order.remaining());
        self.levels.touch(order.instrument, order.side, order.price);
        self.ledger.add_hold(order.pay, after - before);
    }

    fn requeue(&mut self, slot: OrderSlot, amendment: &Amendment, change: &Change) {
        self.leave_book(slot);
        let order = self.orders.at_mut(slot);
        (order.price, order.size) = (amendment.price, amendment.size);
        (order.updated_ms, order.sequence) = (self.now, self.sequence);
        let Order {
            instrument,
            side,
            price,
            ..
        } = *order;
        self.report(slot, change);
        if self.crosses(instrument, side, price) {
            let stop = self.take(slot, price, None);
            self.settle_taker(slot, stop);
        } else {
            self.rest(slot);
        }
    }

    fn fail_amendment(&mut self, slot: OrderSlot, amend: &AmendOrder, refused: Refused) {
        let change = Change {
            request_id: amend.request_id,
            amend_code: refused.refusal.code(),
            ..Change::plain(OrderCause::AmendFailed)
        };
        if self.events.wanted() {
            let mut event = self.order_event(self.orders.at(slot), &change);
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
