//! Carrying out a checked order: it cannot fail any more.

use super::check::Draft;
use super::report::Change;
use super::walk::Stop;
use super::{FIRST_ID, Order, OrderSlot, TRADING, book_side, reaches};
use crate::exchange::Exchange;
use crate::index::NONE;
use crate::refusal::Refused;
use crate::types::*;
use crate::wire::command::PlaceOrder;

impl Exchange {
    /// A new order; its id.
    #[inline]
    pub(crate) fn place_order(&mut self, order: &PlaceOrder) -> Result<u64, Refused> {
        let draft = self.check_order(order, None)?;
        Ok(self.place(&draft))
    }

    pub(crate) fn place(&mut self, draft: &Draft) -> u64 {
        let slot = self.enter(draft);
        let id = self.orders.at(slot).id;
        if draft.order_type == OrderType::PostOnly && self.would_take(draft) {
            self.end(slot, CancelSource::PostOnly);
            return id;
        }
        self.report(slot, &Change::plain(OrderCause::Placed));
        if draft.order_type == OrderType::Fok && !self.is_fillable(draft) {
            self.end(slot, CancelSource::Fok);
            return id;
        }
        let stop = self.take(slot, draft.limit, draft.is_market().then_some(draft.funds));
        self.settle_taker(slot, stop);
        id
    }

    /// Puts the order into the table, its accounts opened, nothing set aside yet.
    fn enter(&mut self, draft: &Draft) -> OrderSlot {
        let (pay, receive) = self.instruments.at(draft.instrument).sides(draft.side);
        let (pay, receive) = (
            self.trading_slot(draft.owner, pay),
            self.trading_slot(draft.owner, receive),
        );
        let id = FIRST_ID + self.orders.placed_total;
        self.orders.placed_total += 1;
        let order = Order {
            id,
            price: draft.price,
            size: draft.size,
            filled: 0,
            created_ms: self.now,
            owner: draft.owner,
            instrument: draft.instrument,
            pay,
            handle: NONE,
            is_listed: false,
            side: draft.side,
            order_type: draft.order_type,
            unit: draft.unit,
            self_trade: draft.self_trade,
            state: OrderState::Live,
            cancel_source: CancelSource::System,
            is_labelled: !draft.labels.is_none(),
            updated_ms: self.now,
            sequence: self.sequence,
            filled_quote: 0,
            fee: 0,
            receive,
        };
        self.orders.insert(order, &draft.labels)
    }

    /// Ledger slot of an owner's trading account, opened when it is first used.
    #[inline]
    pub(crate) fn trading_slot(&mut self, owner: u32, asset_slot: u32) -> u32 {
        let record = self.owners.at(owner);
        if let Some(slot) = record.trading(asset_slot) {
            return slot;
        }
        let key = AccountKey {
            owner: record.id,
            kind: TRADING,
            instance: Instance(0),
        };
        let asset = self.assets.all()[asset_slot as usize].id;
        self.open_account(key, asset)
    }

    fn would_take(&self, draft: &Draft) -> bool {
        self.crosses(draft.instrument, draft.side, draft.limit)
    }

    /// Whether a limit of this side would trade at once.
    pub(super) fn crosses(&self, instrument: u32, side: Side, limit: u64) -> bool {
        let best = self.instruments.at(instrument).best(side.opposite());
        best.is_some_and(|price| reaches(side, limit, price))
    }

    /// Puts what is left of a limit order into the book and sets aside what it may cost.
    pub(super) fn rest(&mut self, slot: OrderSlot) {
        self.join_queue(slot);
        let order = self.orders.at(slot);
        let instrument = self.instruments.at(order.instrument);
        let hold = instrument.hold(order.side, order.price, order.remaining());
        self.ledger.add_hold(order.pay, hold);
        if !order.is_listed {
            self.orders.list(slot, &mut self.owners);
        }
    }

    /// Puts what is left of an order at the back of its price's queue.
    #[inline]
    pub(super) fn join_queue(&mut self, slot: OrderSlot) {
        let order = self.orders.at_mut(slot);
        let (side, price, size) = (order.side, order.price, order.remaining());
        let instrument = self.instruments.at_mut(order.instrument);
        order.handle = instrument.add_resting(side, price, size, slot);
        self.levels.touch(order.instrument, side, price);
    }

    /// What follows when a taker has stopped: its rest goes to the book, is cancelled, or is none.
    pub(super) fn settle_taker(&mut self, slot: OrderSlot, stop: Stop) {
        let order = self.orders.at(slot);
        match source_of(stop, order.order_type) {
            None if order.is_pending() => self.rest(slot),
            None => self.orders.finish(slot, &mut self.owners),
            Some(source) => self.end(slot, source),
        }
    }

    /// Cancels an order wherever it is: out of the book, what was set aside given back, finished.
    pub(crate) fn end(&mut self, slot: OrderSlot, source: CancelSource) {
        self.end_with(slot, source, &Change::plain(OrderCause::Canceled));
    }

    /// The same with an event that says more.
    pub(super) fn end_with(&mut self, slot: OrderSlot, source: CancelSource, change: &Change) {
        let order = self.orders.at_mut(slot);
        order.cancel_source = source;
        order.state = OrderState::Canceled;
        (order.updated_ms, order.sequence) = (self.now, self.sequence);
        if order.is_resting() {
            self.leave_book(slot);
        }
        self.report(slot, change);
        self.orders.finish(slot, &mut self.owners);
    }

    /// Takes a resting order out of the book and gives back what it had set aside.
    pub(super) fn leave_book(&mut self, slot: OrderSlot) {
        self.leave_queue(slot);
        let order = self.orders.at(slot);
        let instrument = self.instruments.at(order.instrument);
        let hold = instrument.hold(order.side, order.price, order.remaining());
        self.ledger.add_hold(order.pay, -hold);
    }

    /// Takes a resting order out of its queue.
    #[inline]
    pub(super) fn leave_queue(&mut self, slot: OrderSlot) {
        let order = self.orders.at_mut(slot);
        let instrument = self.instruments.at_mut(order.instrument);
        instrument.remove_resting(order.handle, order.side);
        order.handle = NONE;
        self.levels.touch(order.instrument, order.side, order.price);
    }
}

/// Why the rest of an order is cancelled, None if it is not.
fn source_of(stop: Stop, order_type: OrderType) -> Option<CancelSource> {
    match (stop, order_type) {
        (Stop::Filled, _) => None,
        (Stop::Walk, _) => Some(CancelSource::WalkLimit),
        (Stop::SelfTrade, _) => Some(CancelSource::SelfTrade),
        (_, OrderType::Limit | OrderType::PostOnly) => None,
        (Stop::Limit, OrderType::Market) => Some(CancelSource::PriceBand),
        (_, OrderType::Fok) => Some(CancelSource::Fok),
        _ => Some(CancelSource::Ioc),
    }
}

impl crate::instruments::Instrument {
    /// The best resting price of a side.
    #[inline]
    pub fn best(&self, side: Side) -> Option<u64> {
        use crate::book::OrderBook;
        self.book.best(book_side(side)).map(|level| level.price)
    }

    #[inline]
    pub(crate) fn add_resting(
        &mut self,
        side: Side,
        price: u64,
        size: u64,
        slot: OrderSlot,
    ) -> crate::book::Handle {
        use crate::book::OrderBook;
        self.resting[side as usize] += size;
        self.book
            .insert(book_side(side), price, size, u64::from(slot))
            .expect("the sum of a side's sizes fits, so does a level's")
    }

    #[inline]
    pub(crate) fn remove_resting(&mut self, handle: crate::book::Handle, side: Side) {
        use crate::book::OrderBook;
        let removed = self.book.remove(handle);
        self.resting[side as usize] -= removed.size;
    }

    #[inline]
    pub(crate) fn reduce_resting(&mut self, handle: crate::book::Handle, side: Side, by: u64) {
        use crate::book::OrderBook;
        self.resting[side as usize] -= by;
        self.book.reduce(handle, by);
    }
}
