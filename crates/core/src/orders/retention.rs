//! How long finished orders and fills are remembered.
//!
//! By count: as soon as there are more than FINISHED_MAX of either, the oldest is dropped. By time:
//! whenever time advances, what is older than FINISHED_MS is dropped. Pending orders never are.
//!
//! Both are written one behind the other and dropped from the front, and each names its owner's one
//! before it by distance: remembering costs no index. Queries walk an owner's chain. They are
//! written far more often than read, so they are kept small: without what can be derived, and the
//! labels, which most orders lack, in a queue of their own.

use super::queue::Queue;
use super::{Labels, Order, OrderSlot, Orders};
use crate::index::NONE;
use crate::owners::Owners;
use crate::parameters::Parameters;
use crate::types::*;

/// What a fill did, beside the order's new state.
#[derive(Clone, Copy, Debug)]
pub struct Deed {
    pub price: u64,
    pub size: u64,
    pub trade: u64,
    pub fee: i128,
    pub liquidity: Liquidity,
}

impl Deed {
    /// Of a change that is no fill.
    pub const NONE: Self = Self {
        price: 0,
        size: 0,
        trade: 0,
        fee: 0,
        liquidity: Liquidity::None,
    };
}

/// An order as it was at some time; `deed` says what had happened to it.
#[derive(Clone, Copy, Debug)]
pub struct Kept<T> {
    pub deed: T,
    filled_quote: i128,
    fee: i128,
    pub id: u64,
    price: u64,
    size: u64,
    filled: u64,
    created_ms: u64,
    updated_ms: u64,
    sequence: u64,
    owner: u32,
    pub instrument: u32,
    /// How many positions back the same owner's one before it stands; 0 is none.
    back: u32,
    /// Position of its labels, modulo 2^32.
    labels: u32,
    has_labels: bool,
    side: Side,
    order_type: OrderType,
    unit: SizeUnit,
    self_trade: SelfTrade,
    state: OrderState,
    cancel_source: CancelSource,
}

#[derive(Clone, Copy, Debug)]
struct Labelled {
    /// Of the order that has the labels.
    position: u64,
    labels: Labels,
}

/// Orders as they were, the first remembered first.
#[derive(Debug)]
pub struct Retained<T> {
    items: Queue<Kept<T>>,
    /// Of those items that have any, in the same order.
    labels: Queue<Labelled>,
    /// How many labels have been pushed, modulo 2^32.
    labels_total: u32,
    /// Items pushed since genesis; the last one has this position.
    total: u64,
}

impl<T> Default for Retained<T> {
    fn default() -> Self {
        Self {
            items: Queue::default(),
            labels: Queue::default(),
            labels_total: 0,
            total: 0,
        }
    }
}

impl<T: Copy> Retained<T> {
    /// `newest` is the position of the owner's one before; it becomes that of this one.
    #[inline]
    fn push(&mut self, order: &Order, labels: &Labels, deed: T, newest: &mut u64) {
        self.total += 1;
        let older = std::mem::replace(newest, self.total);
        let distance = if older == 0 { 0 } else { self.total - older };
        self.items.push(Kept {
            deed,
            filled_quote: order.filled_quote,
            fee: order.fee,
            id: order.id,
            price: order.price,
            size: order.size,
            filled: order.filled,
            created_ms: order.created_ms,
            updated_ms: order.updated_ms,
            sequence: order.sequence,
            owner: order.owner,
            instrument: order.instrument,
            // One that stands further back has been dropped.
            back: u32::try_from(distance).unwrap_or(0),
            labels: self.labels_total,
            has_labels: order.is_labelled,
            side: order.side,
            order_type: order.order_type,
            unit: order.unit,
            self_trade: order.self_trade,
            state: order.state,
            cancel_source: order.cancel_source,
        });
        if order.is_labelled {
            self.labels_total = self.labels_total.wrapping_add(1);
            self.labels.push(Labelled {
                position: self.total,
                labels: *labels,
            });
        }
    }

    /// Drops the first one without a look at it: it has long left the cache.
    fn pop(&mut self) {
        let position = self.first_position();
        let labels = self.labels.first();
        if labels.is_some_and(|first| first.position == position) {
            self.labels.pop();
            // The first one's turn may come with the next order: it was asked for before.
            self.labels.prefetch(1);
        }
        self.items.pop();
    }

    #[inline]
    fn first_position(&self) -> u64 {
        self.total - self.items.len() as u64 + 1
    }

    #[inline]
    fn drop_surplus(&mut self, most: u64) {
        while self.items.len() as u64 > most {
            self.pop();
        }
    }

    fn drop_until(&mut self, bound_ms: u64) {
        let is_aged = |one: &Kept<T>| one.updated_ms <= bound_ms;
        while self.items.first().is_some_and(is_aged) {
            self.pop();
        }
    }

    /// The one at a position, if it is still there.
    fn at(&self, position: u64) -> Option<&Kept<T>> {
        let place = position.checked_sub(self.first_position())?;
        self.items.get(usize::try_from(place).ok()?)
    }

    /// An owner's from the position of the newest, the last remembered first.
    fn from(&self, newest: u64) -> impl Iterator<Item = &Kept<T>> + '_ {
        let mut position = newest;
        std::iter::from_fn(move || {
            let one = self.at(position)?;
            position = match one.back {
                0 => 0,
                back => position - u64::from(back),
            };
            Some(one)
        })
    }

    /// The order as it was. It is in no book any more, and its accounts are not named.
    fn order(&self, one: &Kept<T>) -> (Order, Labels) {
        let labels = one.has_labels.then(|| {
            let from_end = self.labels_total.wrapping_sub(one.labels) as usize;
            self.labels.get(self.labels.len() - from_end)
        });
        let labels = labels.flatten().map_or(Labels::NONE, |one| one.labels);
        let order = Order {
            id: one.id,
            price: one.price,
            size: one.size,
            filled: one.filled,
            owner: one.owner,
            instrument: one.instrument,
            pay: NONE,
            receive: NONE,
            handle: NONE,
            is_listed: false,
            side: one.side,
            order_type: one.order_type,
            unit: one.unit,
            self_trade: one.self_trade,
            state: one.state,
            cancel_source: one.cancel_source,
            filled_quote: one.filled_quote,
            fee: one.fee,
            created_ms: one.created_ms,
            updated_ms: one.updated_ms,
            sequence: one.sequence,
            is_labelled: one.has_labels,
        };
        (order, labels)
    }

    fn iter(&self) -> impl ExactSizeIterator<Item = (Order, Labels, T)> + '_ {
        self.items.iter().map(|one| {
            let (order, labels) = self.order(one);
            (order, labels, one.deed)
        })
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.items.memory_bytes() + self.labels.memory_bytes()
    }
}

impl Orders {
    #[inline]
    pub(crate) fn remember_order(&mut self, order: &Order, labels: &Labels, owners: &mut Owners) {
        let newest = &mut owners.at_mut(order.owner).newest_finished;
        self.finished.push(order, labels, (), newest);
    }

    /// The same for an order of the table.
    #[inline]
    pub(super) fn remember_slot(&mut self, slot: OrderSlot, owners: &mut Owners) {
        let (order, labels) = (&self.slab[slot as usize], &self.labels[slot as usize]);
        let newest = &mut owners.at_mut(order.owner).newest_finished;
        self.finished.push(order, labels, (), newest);
    }

    pub(crate) fn remember_fill(
        &mut self,
        order: &Order,
        labels: &Labels,
        deed: Deed,
        owners: &mut Owners,
    ) {
        let newest = &mut owners.at_mut(order.owner).newest_fill;
        self.fills.push(order, labels, deed, newest);
    }

    /// Remembers the fill that an order of the table has just seen.
    #[inline]
    pub(super) fn remember_deed(&mut self, slot: OrderSlot, deed: Deed, owners: &mut Owners) {
        let (order, labels) = (&self.slab[slot as usize], &self.labels[slot as usize]);
        let newest = &mut owners.at_mut(order.owner).newest_fill;
        self.fills.push(order, labels, deed, newest);
    }

    /// An owner's finished orders from the position of the newest, the last finished first.
    pub fn finished_from(&self, newest: u64) -> impl Iterator<Item = &Kept<()>> + '_ {
        self.finished.from(newest)
    }

    /// A finished order in full.
    pub fn finished_order(&self, one: &Kept<()>) -> (Order, Labels) {
        self.finished.order(one)
    }

    /// The finished order that a client order id meant last. Ids are unique while pending, so the
    /// one that finished last was placed last.
    pub fn finished_client(&self, newest: u64, id: &ClientOrderId) -> Option<(Order, Labels)> {
        let named = self.finished.from(newest).filter(|one| one.has_labels);
        named
            .map(|one| self.finished.order(one))
            .find(|(_, labels)| labels.client_order_id == *id)
    }

    /// An owner's remembered fills from the position of the newest, newest first.
    pub fn fills_from(&self, newest: u64) -> impl Iterator<Item = &Kept<Deed>> + '_ {
        self.fills.from(newest)
    }

    /// The order as it was after a fill.
    pub fn filled_order(&self, fill: &Kept<Deed>) -> (Order, Labels) {
        self.fills.order(fill)
    }

    /// Retained finished orders, the first finished first.
    pub fn finished(&self) -> impl ExactSizeIterator<Item = (Order, Labels)> + '_ {
        self.finished
            .iter()
            .map(|(order, labels, ())| (order, labels))
    }

    /// All remembered fills, oldest first.
    pub fn fills(&self) -> impl ExactSizeIterator<Item = (Order, Labels, Deed)> + '_ {
        self.fills.iter()
    }

    /// Orders finished since genesis; the last one has this position.
    pub fn finished_total(&self) -> u64 {
        self.finished.total
    }

    /// Fills since genesis, remembered or not.
    pub fn fills_total(&self) -> u64 {
        self.fills.total
    }

    /// Says how many orders finished, and fills were, before the ones that follow.
    pub(crate) fn restore_totals(&mut self, finished: u64, fills: u64) {
        (self.finished.total, self.fills.total) = (finished, fills);
    }

    /// Drops the oldest beyond the count.
    #[inline]
    pub fn drop_surplus(&mut self, parameters: &Parameters) {
        self.finished.drop_surplus(parameters.finished_max);
        self.fills.drop_surplus(parameters.finished_max);
    }

    /// Drops what finished or happened `finished_ms` ago or earlier.
    pub fn drop_aged(&mut self, now_ms: u64, parameters: &Parameters) {
        if let Some(bound) = now_ms.checked_sub(parameters.finished_ms) {
            self.finished.drop_until(bound);
            self.fills.drop_until(bound);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Criterion: CORE-ORD-30. What is remembered of a finished order and of a fill stays small.
    #[test]
    fn what_is_remembered_is_small() {
        assert_eq!(size_of::<Kept<()>>(), 112);
        assert_eq!(size_of::<Kept<Deed>>(), 160);
    }
}
