//! The book that the exchange runs: linked price levels with linked queues of orders.

use super::levels::Levels;
use super::orders::Orders;
use super::{BookFull, Handle, Level, OrderBook, Removed, RestingOrder, Side};

/// Best price and cancel in O(1); a new price in O(log levels).
#[derive(Clone, Debug, Default)]
pub struct Ladder {
    orders: Orders,
    levels: Levels,
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
        Ok(self.orders.push(slot, level, size, order))
    }

    #[inline]
    fn remove(&mut self, handle: Handle) -> Removed {
        let node = self.orders.get(handle);
        let (slot, size, order) = (node.level, node.size, node.order);
        let level = self.levels.get_mut(slot);
        let (side, price) = (level.side, level.price);
        level.size -= size;
        level.count -= 1;
        let emptied = level.count == 0;
        self.orders.unlink(handle, level);
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
        let node = self.orders.get_mut(handle);
        assert!(by < node.size, "reduce leaves something");
        node.size -= by;
        self.levels.get_mut(node.level).size -= by;
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
        self.levels.best(side).map(|level| level.first)
    }

    #[inline]
    fn next(&self, handle: Handle) -> Option<Handle> {
        let node = self.orders.get(handle);
        let level = self.levels.get(node.level);
        if handle != level.last {
            return Some(node.behind);
        }
        self.levels.worse(level).map(|worse| worse.first)
    }

    #[inline]
    fn order(&self, handle: Handle) -> RestingOrder {
        let node = self.orders.get(handle);
        let level = self.levels.get(node.level);
        RestingOrder {
            side: level.side,
            price: level.price,
            size: node.size,
            order: node.order,
        }
    }

    fn depth(&self, side: Side, levels: usize, mut visit: impl FnMut(Level)) {
        let first = self.levels.best(side);
        let ladder = std::iter::successors(first, |level| self.levels.worse(level));
        ladder.take(levels).for_each(|level| visit(level.level()));
    }

    #[inline]
    fn len(&self) -> usize {
        self.orders.len()
    }

    fn memory_bytes(&self) -> usize {
        self.orders.memory_bytes() + self.levels.memory_bytes()
    }
}
