//! Order events: the whole order after a change, plus what the change did.

use super::order_line::OrderLine;
use super::{Deed, Labels, Order};
use crate::exchange::Exchange;
use crate::money::Amount;
use crate::types::*;
use crate::wire::event;

/// What a change did, beside the order's new state.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    pub cause: OrderCause,
    pub fill: Option<Deed>,
    pub request_id: RequestId,
    pub amend_code: Code,
}

impl Change {
    /// A change that is neither a fill nor an amendment.
    pub const fn plain(cause: OrderCause) -> Self {
        Self {
            cause,
            fill: None,
            request_id: RequestId::EMPTY,
            amend_code: Code(0),
        }
    }

    pub const fn of_fill(deed: Deed) -> Self {
        Self {
            fill: Some(deed),
            ..Self::plain(OrderCause::Filled)
        }
    }
}

impl Exchange {
    /// The event of an order as it is now.
    pub(crate) fn order_event(
        &self,
        order: &Order,
        labels: &Labels,
        change: &Change,
    ) -> event::Order {
        let fill = change.fill.unwrap_or(Deed::NONE);
        event::Order {
            sequence: Sequence(order.sequence),
            time: Timestamp(order.updated_ms),
            cause: change.cause,
            owner: self.owners.at(order.owner).id,
            instrument: self.instruments.at(order.instrument).id,
            order: OrderId(order.id),
            client_order_id: labels.client_order_id,
            tag: labels.tag,
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
            fill_price: Price(fill.price),
            fill_size: Size(fill.size),
            trade: TradeId(fill.trade),
            fill_fee: Amount(fill.fee),
            liquidity: fill.liquidity,
            request_id: change.request_id,
            amend_code: change.amend_code,
        }
    }

    /// Emits the event of an order in the table.
    #[inline(never)]
    pub(crate) fn report(&mut self, slot: u32, change: &Change) {
        if self.events.wanted() {
            let order = self.orders.at(slot);
            let line = OrderLine {
                order,
                labels: self.orders.labels(slot),
                owner: self.owners.at(order.owner).id,
                instrument: self.instruments.at(order.instrument).id,
                change,
            };
            self.events
                .push_line::<event::Order>(|sink| line.write(sink));
        }
    }
}
