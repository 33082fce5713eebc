//! Order events: the whole order after a change, plus what the change did.

use super::{Deed, Order};
use crate::exchange::Exchange;
use crate::money::Amount;
use crate::types::*;
use crate::wire::event;

/// What a change did, beside the order's new state.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    pub cause: OrderCause,
    pub fill_price: u64,
    pub fill_size: u64,
    pub trade: u64,
    pub fill_fee: i128,
    pub liquidity: Liquidity,
    pub request_id: RequestId,
    pub amend_code: Code,
}

impl Change {
    /// A change that is neither a fill nor an amendment.
    pub fn plain(cause: OrderCause) -> Self {
        Self {
            cause,
            fill_price: 0,
            fill_size: 0,
            trade: 0,
            fill_fee: 0,
            liquidity: Liquidity::None,
            request_id: RequestId::EMPTY,
            amend_code: Code(0),
        }
    }

    pub fn of_fill(fill: &Deed) -> Self {
        Self {
            fill_price: fill.price,
            fill_size: fill.size,
            trade: fill.trade,
            fill_fee: fill.fee,
            liquidity: fill.liquidity,
            ..Self::plain(OrderCause::Filled)
        }
    }
}

impl Exchange {
    /// The event of an order as it is now.
    #[inline(always)]
    pub(crate) fn order_event(&self, order: &Order, change: &Change) -> event::Order {
        event::Order {
            sequence: Sequence(order.sequence),
            time: Timestamp(order.updated_ms),
            cause: change.cause,
            owner: self.owners.at(order.owner).id,
            instrument: self.instruments.at(order.instrument).id,
            order: OrderId(order.id),
            client_order_id: order.client_order_id,
            tag: order.tag,
            side: order.side,
            order_type: order.order_type,
            unit: order.unit,
            self_trade: order.self_trade,
            price: Price(order.price),
            size: Size(order.size),
            filled: Size(order.filled),
            filled_quote: Amount(order.filled_quote),
            fee: Amount(order.fee),
            state: order.state,
            cancel_source: order.cancel_source,
            created: Timestamp(order.created_ms),
            fill_price: Price(change.fill_price),
            fill_size: Size(change.fill_size),
            trade: TradeId(change.trade),
            fill_fee: Amount(change.fill_fee),
            liquidity: change.liquidity,
            request_id: change.request_id,
            amend_code: change.amend_code,
        }
    }

    /// Emits the event of an order in the table.
    #[inline(never)]
    pub(crate) fn report(&mut self, slot: u32, change: &Change) {
        if self.events.wanted() {
            let event = self.order_event(self.orders.at(slot), change);
            self.events.push_short(&event);
        }
    }
}
