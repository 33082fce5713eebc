//! The book that the exchange runs: linked price levels with linked queues of orders.

use super::levels::{LevelNode, Levels};
use super::orders::{Entry, Orders};
use super::{BookFull, Handle, Level, OrderBook, Removed, RestingOrder, Side};

/// A book up to this size stays in the processor's own cache, where reading ahead gains nothing.
const CACHED_BYTES: usize = 2 << 20;

/// Best price and cancel in O(1); a new price in O(log levels).
#[derive(Clone, Debug, Default)]
pub struct Ladder {
    pub(super) orders: Orders,
    pub(super) levels: Levels,
}

impl OrderBook for Ladder {
    #[inline]
    fn insert(
        &mut self,
        side: Side,
        price: u64,
        size: u64,
        order: u64,
    ) -> Result<Handle, BookFull> {
        debug_assert!(size > 0, "an order without size cannot rest");
        if self.orders.is_full() {
            return Err(BookFull::Handles);
        }
        let slot = self.levels.find_or_add(side, price);
        let level = self.levels.get_mut(slot);
        // A level that was just made is empty, so it cannot be the one that overflows.
        level.size = level.size.checked_add(size).ok_or(BookFull::LevelSize)?;
        level.count += 1;
        Ok(self.orders.push(slot, level, Entry { size, order }))
    }

    #[inline]
    fn remove(&mut self, handle: Handle) -> Removed {
        let (slot, Entry { size, order }) = self.orders.get(handle);
        let level = self.levels.get_mut(slot);
        let (side, price) = (level.side, level.price);
        level.size -= size;
        level.count -= 1;
        let emptied = level.count == 0;
        self.orders.remove(handle, level);
        if emptied {
            self.levels.remove(slot);
        }
        Removed {
            side,
            price,
            size,
            order,
        }
    }

    #[inline]
    fn reduce(&mut self, handle: Handle, by: u64) {
        let slot = self.orders.reduce(handle, by);
        self.levels.get_mut(slot).size -= by;
    }

    #[inline]
    fn best(&self, side: Side) -> Option<Level> {
        self.levels.best(side).map(|level| level.level())
    }

    #[inline]
    fn level(&self, side: Side, price: u64) -> Option<Level> {
        let slot = self.levels.find(side, price)?;
        Some(self.levels.get(slot).level())
    }

    #[inline]
    fn front(&self, side: Side) -> Option<Handle> {
        self.levels.best(side).map(|level| self.orders.first(level))
    }

    #[inline]
    fn next(&self, handle: Handle) -> Option<Handle> {
        let (slot, behind) = self.orders.next(handle);
        behind.or_else(|| {
            self.levels
                .worse(slot)
                .map(|level| self.orders.first(level))
        })
    }

    #[inline]
    fn order(&self, handle: Handle) -> RestingOrder {
        let (slot, Entry { size, order }) = self.orders.get(handle);
        let &LevelNode { side, price, .. } = self.levels.get(slot);
        RestingOrder {
            side,
            price,
            size,
            order,
        }
    }

    fn depth(&self, side: Side, levels: usize, mut visit: impl FnMut(Level)) {
        self.levels
            .descend(side)
            .take(levels)
            .for_each(|level| visit(level.level()));
    }

    #[inline]
    fn len(&self) -> usize {
        self.orders.len()
    }

    fn read_ahead(&self, orders: &[Handle], prices: &[(Side, u64)]) {
        self.read_orders(orders);
        self.read_prices(prices);
    }

    fn is_large(&self) -> bool {
        self.memory_bytes() > CACHED_BYTES
    }

    fn memory_bytes(&self) -> usize {
        self.orders.memory_bytes() + self.levels.memory_bytes()
    }
}
