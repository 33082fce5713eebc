//! Orders: checking, holding, matching, amending, cancelling, and remembering for a while.
//!
//! The way of an order: `check` decides everything that could refuse it and changes nothing;
//! `place` then carries it out and cannot fail; `walk` leads it along the book and `fill` moves
//! what it trades with each maker; what is left rests (`table`) or is finished; finished orders
//! stay for queries until `retention` drops them.

pub mod amend;
pub mod amend_check;
pub mod cancel;
pub mod check;
pub mod dead_man;
mod fill;
mod ids;
mod order_line;
pub mod place;
mod queue;
pub mod report;
pub mod retention;
pub mod self_trade;
pub mod table;
pub mod walk;

#[cfg(test)]
mod change_tests;
#[cfg(test)]
mod money_tests;
#[cfg(test)]
mod place_tests;

pub use retention::Deed;
pub use table::Orders;

use crate::index::NONE;
use crate::types::*;

/// The kind of the accounts that spot orders trade from; instance 0 of each owner.
pub const TRADING: Kind = Kind(2);

/// Order ids count up from here, so that they have the 19 digits that clients expect.
pub const FIRST_ID: u64 = 1_000_000_000_000_000_000;

/// An order's place in the table.
pub type OrderSlot = u32;

/// An order but for its labels, in two lines of the cache: what any command needs in the first one,
/// what a change or a fill adds in the second.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Order {
    pub id: u64,
    /// 0 for market orders; for optimal-limit-IOC the edge of the band it was placed at.
    pub price: u64,
    /// Base at size scale; with unit QUOTE in quote ledger units.
    pub size: u64,
    /// Base at size scale.
    pub filled: u64,
    pub created_ms: u64,
    pub owner: u32,
    pub instrument: u32,
    /// Ledger slot of the account it pays from.
    pub pay: u32,
    /// The book's handle while it rests.
    pub handle: u32,
    /// Whether it is listed as pending: it rests, or an amendment made it a taker.
    pub is_listed: bool,
    pub side: Side,
    pub order_type: OrderType,
    pub unit: SizeUnit,
    pub self_trade: SelfTrade,
    pub state: OrderState,
    pub cancel_source: CancelSource,
    /// Whether it has labels; the table holds them.
    pub is_labelled: bool,
    /// Time and sequence of the last change.
    pub updated_ms: u64,
    pub sequence: u64,
    /// Sum over the fills of price × size in quote ledger units, each rounded down: exactly what
    /// the seller received before the fee.
    pub filled_quote: i128,
    /// Accumulated; positive: the user paid; in the asset received.
    pub fee: i128,
    /// Ledger slot of the account it receives on.
    pub receive: u32,
}

/// A client's own names of an order. Many orders have none, so they stand apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Labels {
    pub client_order_id: ClientOrderId,
    pub tag: Tag,
}

impl Labels {
    pub const NONE: Self = Self {
        client_order_id: ClientOrderId::EMPTY,
        tag: Tag::EMPTY,
    };

    #[inline]
    pub fn is_none(&self) -> bool {
        self.client_order_id.is_empty() && self.tag.is_empty()
    }
}

impl Order {
    /// What is left to trade of an order sized in base.
    #[inline]
    pub fn remaining(&self) -> u64 {
        self.size - self.filled
    }

    #[inline]
    pub fn is_pending(&self) -> bool {
        matches!(self.state, OrderState::Live | OrderState::PartiallyFilled)
    }

    #[inline]
    pub fn is_resting(&self) -> bool {
        self.handle != NONE
    }
}

/// The side of the book that an order of this side rests on.
#[inline]
pub fn book_side(side: Side) -> crate::book::Side {
    match side {
        Side::Buy => crate::book::Side::Bid,
        Side::Sell => crate::book::Side::Ask,
    }
}

/// Whether a taker of this side with this limit trades at the price.
#[inline]
pub fn reaches(side: Side, limit: u64, price: u64) -> bool {
    match side {
        Side::Buy => price <= limit,
        Side::Sell => price >= limit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Criterion: CORE-ORD-30. One million resting orders take at most 300 MB: 176 bytes each here.
    #[test]
    fn an_order_takes_176_bytes() {
        assert_eq!(size_of::<Order>() + size_of::<Labels>(), 176);
        assert_eq!(std::mem::offset_of!(Order, updated_ms), 64);
    }
}
