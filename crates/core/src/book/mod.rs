//! The price-time order book of one instrument.
//!
//! Prices and sizes are unsigned integers at the instrument's scales; the book never looks
//! behind them. It keeps resting orders only: matching, holds and events belong to its caller.
//! [`Ladder`] is the book the exchange runs; [`Naive`] is the same contract written in the most
//! obvious way, and every test that runs one runs the other beside it.

mod hints;
mod index;
pub mod ladder;
mod levels;
pub mod naive;
mod orders;
mod read_ahead;

pub use ladder::Ladder;
pub use naive::Naive;

/// The side of the book on which an order rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Buyers: the highest price is the best.
    Bid,
    /// Sellers: the lowest price is the best.
    Ask,
}

impl Side {
    /// The side that an order of this side trades against.
    #[inline]
    pub fn opposite(self) -> Side {
        match self {
            Side::Bid => Side::Ask,
            Side::Ask => Side::Bid,
        }
    }

    /// The price's rank on this side: the better the price, the greater the rank. Its own inverse.
    #[inline]
    pub(crate) fn rank(self, price: u64) -> u64 {
        // All bits are turned for asks, none for bids; not a branch, since sides come at random.
        price ^ (self as u64).wrapping_neg()
    }
}

/// Names a resting order inside one book.
///
/// Valid from `insert` until the order is removed; afterwards the value is given to a later order.
/// Two books with the same orders may name them differently, so a handle must not reach anything
/// that is hashed, logged or sent.
pub type Handle = u32;

/// One price with everything that rests on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    pub price: u64,
    /// Sum of the resting sizes, at the instrument's size scale.
    pub size: u64,
    /// Number of resting orders.
    pub count: u32,
}

/// A resting order as the book knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestingOrder {
    pub side: Side,
    pub price: u64,
    /// What is left to trade.
    pub size: u64,
    /// The caller's own tag, given to `insert`.
    pub order: u64,
}

/// What an order was at the moment it left the book.
pub type Removed = RestingOrder;

/// Why the book cannot take an order. The book is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookFull {
    /// Every handle is in use.
    Handles,
    /// The sum of sizes at the price would not fit in 64 bits.
    LevelSize,
}

impl std::fmt::Display for BookFull {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            BookFull::Handles => "the book has no free handle",
            BookFull::LevelSize => "the total size at this price would overflow",
        })
    }
}

impl std::error::Error for BookFull {}

/// Price-time priority over resting orders.
///
/// Passing a handle that is not valid is a defect of the caller and panics wherever it is noticed.
pub trait OrderBook: Default {
    /// Puts an order at the back of its price's queue. `size` is above zero.
    fn insert(&mut self, side: Side, price: u64, size: u64, order: u64)
    -> Result<Handle, BookFull>;

    /// Takes an order out, wherever it stands in its queue.
    fn remove(&mut self, handle: Handle) -> Removed;

    /// Makes an order smaller by `by`, which is less than its size. It keeps its priority.
    fn reduce(&mut self, handle: Handle, by: u64);

    /// The best level of a side.
    fn best(&self, side: Side) -> Option<Level>;

    /// The level at exactly this price.
    fn level(&self, side: Side, price: u64) -> Option<Level>;

    /// The order that trades first on this side.
    fn front(&self, side: Side) -> Option<Handle>;

    /// The order that trades after this one: behind it at its price, else first at the next price.
    fn next(&self, handle: Handle) -> Option<Handle>;

    /// The order behind a handle.
    fn order(&self, handle: Handle) -> RestingOrder;

    /// Calls `visit` for at most `levels` levels of a side, best first.
    fn depth(&self, side: Side, levels: usize, visit: impl FnMut(Level));

    /// Number of resting orders on both sides.
    fn len(&self) -> usize;

    /// Heap bytes that the book holds, used or kept for reuse.
    fn memory_bytes(&self) -> usize;

    /// Says which orders and prices the next commands will touch, so that a large book can read
    /// them from memory side by side instead of one after another. Changes nothing; handles
    /// that are no longer valid are welcome. Worth calling for 32 to 256 commands at once.
    fn read_ahead(&self, _orders: &[Handle], _prices: &[(Side, u64)]) {}

    /// Whether the book outgrew the processor's own cache, so that `read_ahead` is worth its price.
    fn is_large(&self) -> bool {
        false
    }

    /// Whether nothing rests.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All orders of a side in priority order: what a snapshot writes and a state hash reads.
    fn iter_side(&self, side: Side) -> impl Iterator<Item = (Handle, RestingOrder)> + '_ {
        std::iter::successors(self.front(side), |&handle| self.next(handle))
            .map(|handle| (handle, self.order(handle)))
    }
}
