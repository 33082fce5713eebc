//! What the benchmark feeds to a book: commands of a fixed size, decoded beforehand.

use fullreserve_core::book::Side;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Trades what it can at its price or better; the rest rests.
    Limit,
    /// The same, but nothing rests.
    Ioc,
    /// Trades at any price; nothing rests.
    Market,
    Cancel,
    /// Leaves `size` less in the order, which keeps its priority.
    Shrink,
    /// Moves the order to another price, to the back of the queue or into a trade.
    Reprice,
}

#[derive(Clone, Copy, Debug)]
pub struct Command {
    pub kind: Kind,
    /// The side of a new order; the resting side of an old one.
    pub side: Side,
    /// The slot of the order in the caller's own table, used again after the order is finished.
    pub order: u32,
    pub price: u64,
    pub size: u64,
}
