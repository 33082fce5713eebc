//! The book written in the most obvious way: the oracle of every book test.

use std::collections::{BTreeMap, VecDeque};

use super::{BookFull, Handle, Level, OrderBook, Removed, RestingOrder, Side};

/// Queues of one side by rank: the last key is the best price.
type Queues = BTreeMap<u64, VecDeque<Handle>>;

/// A sorted map from price to a queue of orders, and nothing clever.
#[derive(Clone, Debug, Default)]
pub struct Naive {
    orders: Vec<Option<RestingOrder>>,
    free: Vec<Handle>,
    bids: Queues,
    asks: Queues,
}

impl Naive {
    fn queues(&self, side: Side) -> &Queues {
        match side {
            Side::Bid => &self.bids,
            Side::Ask => &self.asks,
        }
    }

    fn queues_mut(&mut self, side: Side) -> &mut Queues {
        match side {
            Side::Bid => &mut self.bids,
            Side::Ask => &mut self.asks,
        }
    }

    fn sum(&self, price: u64, queue: &VecDeque<Handle>) -> Level {
        Level {
            price,
            size: queue.iter().map(|&handle| self.order(handle).size).sum(),
            count: queue.len() as u32,
        }
    }
}

impl OrderBook for Naive {
    fn insert(
        &mut self,
        side: Side,
        price: u64,
        size: u64,
        order: u64,
    ) -> Result<Handle, BookFull> {
        debug_assert!(size > 0, "an order without size cannot rest");
        let resting = self.level(side, price).map_or(0, |level| level.size);
        resting.checked_add(size).ok_or(BookFull::LevelSize)?;
        let handle = match self.free.pop() {
            Some(handle) => handle,
            None => {
                let handle = Handle::try_from(self.orders.len()).map_err(|_| BookFull::Handles)?;
                self.orders.push(None);
                handle
            }
        };
        self.orders[handle as usize] = Some(RestingOrder {
            side,
            price,
            size,
            order,
        });
        let queue = self.queues_mut(side).entry(side.rank(price)).or_default();
        queue.push_back(handle);
        Ok(handle)
    }

    fn remove(&mut self, handle: Handle) -> Removed {
        let removed = self.order(handle);
        let rank = removed.side.rank(removed.price);
        let queues = self.queues_mut(removed.side);
        let queue = queues.get_mut(&rank).expect("a resting order has a queue");
        queue.retain(|&other| other != handle);
        if queue.is_empty() {
            queues.remove(&rank);
        }
        self.orders[handle as usize] = None;
        self.free.push(handle);
        removed
    }

    fn reduce(&mut self, handle: Handle, by: u64) {
        let order = self.orders[handle as usize]
            .as_mut()
            .expect("the handle is valid");
        assert!(by < order.size, "reduce leaves something");
        order.size -= by;
    }

    fn best(&self, side: Side) -> Option<Level> {
        let (&rank, queue) = self.queues(side).last_key_value()?;
        Some(self.sum(side.rank(rank), queue))
    }

    fn level(&self, side: Side, price: u64) -> Option<Level> {
        let queue = self.queues(side).get(&side.rank(price))?;
        Some(self.sum(price, queue))
    }

    fn front(&self, side: Side) -> Option<Handle> {
        self.queues(side).last_key_value()?.1.front().copied()
    }

    fn next(&self, handle: Handle) -> Option<Handle> {
        let RestingOrder { side, price, .. } = self.order(handle);
        let mut queues = self.queues(side).range(..=side.rank(price)).rev();
        let (_, queue) = queues.next()?;
        let behind = queue.iter().skip_while(|&&other| other != handle).nth(1);
        behind
            .copied()
            .or_else(|| queues.next()?.1.front().copied())
    }

    fn order(&self, handle: Handle) -> RestingOrder {
        self.orders[handle as usize].expect("the handle is valid")
    }

    fn depth(&self, side: Side, levels: usize, mut visit: impl FnMut(Level)) {
        for (&rank, queue) in self.queues(side).iter().rev().take(levels) {
            visit(self.sum(side.rank(rank), queue));
        }
    }

    fn len(&self) -> usize {
        self.orders.len() - self.free.len()
    }

    /// The tables only: a `BTreeMap` does not tell what its nodes take.
    fn memory_bytes(&self) -> usize {
        self.orders.capacity() * size_of::<Option<RestingOrder>>()
            + self.free.capacity() * size_of::<Handle>()
    }
}
