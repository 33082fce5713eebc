//! An order's event as bytes, straight from the order.
//!
//! Order events are the largest part of what the core writes, and half of their fields say nothing
//! most of the time: what is filled of an order that has traded nothing, what a change that is no
//! fill has filled. Such fields stand next to each other and are written at once. The bytes are
//! those of [`event::Order`](crate::wire::event::Order), as the test below compares.

use super::report::Change;
use super::{Labels, Order};
use crate::money::Amount;
use crate::types::*;
use crate::wire::{Sink, Wire};

/// An order and its change, with the ids that it has outside.
pub(super) struct OrderLine<'a> {
    pub(super) order: &'a Order,
    pub(super) labels: &'a Labels,
    pub(super) owner: OwnerId,
    pub(super) instrument: InstrumentId,
    pub(super) change: &'a Change,
}

/// The array's head and the tag.
const HEAD: [u8; 4] = [0xdc, 0, 28, 2];
/// `filled`, `filled_quote` and `fee` before the first fill.
const UNFILLED: [u8; 37] = {
    let mut bytes = [0; 37];
    (bytes[1], bytes[2]) = (0xc4, 16);
    (bytes[19], bytes[20]) = (0xc4, 16);
    bytes
};
/// `fill_price`, `fill_size`, `trade`, `fill_fee` and `liquidity` of a change that is no fill.
const NO_FILL: [u8; 22] = {
    let mut bytes = [0; 22];
    (bytes[3], bytes[4]) = (0xc4, 16);
    bytes
};

impl OrderLine<'_> {
    #[inline(always)]
    pub(super) fn write(&self, line: &mut impl Sink) {
        let Self { order, change, .. } = self;
        line.put(HEAD);
        line.uint(order.sequence);
        line.uint(order.updated_ms);
        line.small(change.cause.code());
        self.owner.write(line);
        self.instrument.write(line);
        line.uint(order.id);
        self.labels.client_order_id.write(line);
        self.labels.tag.write(line);
        line.put([
            order.side.code(),
            order.order_type.code(),
            order.unit.code(),
            order.self_trade.code(),
        ]);
        line.uint(order.price);
        line.uint(order.size);
        self.write_filled(line);
        line.put([order.state.code(), order.cancel_source.code()]);
        line.uint(order.created_ms);
        self.write_fill(line);
        change.request_id.write(line);
        change.amend_code.write(line);
    }

    #[inline(always)]
    fn write_filled(&self, line: &mut impl Sink) {
        let order = self.order;
        if order.filled == 0 {
            // Nothing has been paid then either.
            line.put(UNFILLED);
        } else {
            line.uint(order.filled);
            Amount(order.filled_quote).write(line);
            Amount(order.fee).write(line);
        }
    }

    #[inline(always)]
    fn write_fill(&self, line: &mut impl Sink) {
        match &self.change.fill {
            None => line.put(NO_FILL),
            Some(fill) => {
                line.uint(fill.price);
                line.uint(fill.size);
                line.uint(fill.trade);
                Amount(fill.fee).write(line);
                line.small(fill.liquidity.code());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::orders::Deed;
    use crate::wire::encode;
    use crate::world::{PAIR, World, limit};

    /// Any label of at most `N` letters, the empty one often.
    fn label<const N: usize>() -> impl Strategy<Value = Label<N>> {
        let text = prop_oneof![Just(0), 1..=N].prop_map(|len| vec![b'a'; len]);
        text.prop_map(|text| Label::new(&text).expect("letters"))
    }

    /// Numbers of each width on the wire.
    fn number() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0u32..64).prop_map(|(number, shift)| number >> shift)
    }

    prop_compose! {
        fn change()(
            numbers in prop::array::uniform3(number()),
            fee in any::<i128>(),
            is_fill in any::<bool>(),
            request_id in label(),
            code in any::<u32>(),
        ) -> Change {
            let [price, size, trade] = numbers;
            let deed = Deed { price, size, trade, fee, liquidity: Liquidity::Taker };
            let cause = OrderCause::Canceled;
            let fill = is_fill.then_some(deed);
            Change { cause, fill, request_id, amend_code: Code(code) }
        }
    }

    proptest! {
        /// Criterion: WIRE-12
        #[test]
        fn a_line_has_the_bytes_of_its_event(
            numbers in prop::array::uniform6(number()),
            amounts in prop::array::uniform2(any::<i128>()),
            filled in prop_oneof![Just(0), number()],
            client_order_id in label(),
            tag in label(),
            change in change(),
        ) {
            let mut world = World::funded();
            let id = world.ok(limit(11, Side::Buy, 1_000, 10));
            let mut order = world.order(id);
            let [price, size, created_ms, updated_ms, sequence, id] = numbers;
            (order.price, order.size, order.created_ms) = (price, size, created_ms);
            (order.updated_ms, order.sequence, order.id) = (updated_ms, sequence, id);
            order.filled = filled;
            let labels = Labels { client_order_id, tag };
            [order.filled_quote, order.fee] = if filled == 0 { [0, 0] } else { amounts };
            let line = OrderLine {
                order: &order,
                labels: &labels,
                owner: OwnerId(11),
                instrument: PAIR,
                change: &change,
            };
            let mut writer = crate::wire::Writer::new();
            writer.line(|sink| line.write(sink));
            let event = world.exchange.order_event(&order, &labels, &change);
            prop_assert_eq!(writer.as_bytes(), encode(&event));
        }
    }
}
