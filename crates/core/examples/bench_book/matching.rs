//! The bare matching loop over a book: what is measured.

use fullreserve_core::book::{Handle, OrderBook, Side};

use super::command::{Command, Kind};

/// Commands that a sequencer hands over at once.
pub const BATCH: usize = 256;

/// Stands for an order that does not rest.
const NOT_RESTING: Handle = Handle::MAX;

/// A book, and which of its orders is which of the caller's.
#[derive(Clone)]
pub struct Matching<B> {
    pub book: B,
    handles: Vec<Handle>,
    ahead: Ahead,
    pub tally: Tally,
}

/// What the commands of a batch will touch.
#[derive(Clone)]
struct Ahead {
    orders: [Handle; BATCH],
    prices: [(Side, u64); BATCH],
}

/// What a run came to: equal for every book that is right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub fills: u64,
    pub traded: u64,
    /// Sum of price times size over all fills, wrapped: a fingerprint, not money.
    pub turnover: u64,
}

impl<B: OrderBook> Matching<B> {
    pub fn with_slots(slots: usize) -> Self {
        Matching {
            book: B::default(),
            handles: vec![NOT_RESTING; slots],
            ahead: Ahead {
                orders: [NOT_RESTING; BATCH],
                prices: [(Side::Bid, 0); BATCH],
            },
            tally: Tally::default(),
        }
    }

    pub fn is_resting(&self, order: u32) -> bool {
        self.handles[order as usize] != NOT_RESTING
    }

    pub fn handle(&self, order: u32) -> Handle {
        self.handles[order as usize]
    }

    /// Tells a large book what a batch of commands will touch.
    pub fn read_ahead(&mut self, commands: &[Command]) {
        if !self.book.is_large() {
            return;
        }
        let (mut old, mut new) = (0, 0);
        // Each is written, and counted only if it belongs: kinds come at random, so that a
        // branch would be guessed wrong half the time.
        for &Command {
            kind,
            side,
            order,
            price,
            ..
        } in commands
        {
            self.ahead.orders[old] = self.handles[order as usize];
            old += usize::from(matches!(kind, Kind::Cancel | Kind::Shrink | Kind::Reprice));
            self.ahead.prices[new] = (side, price);
            new += usize::from(matches!(kind, Kind::Limit | Kind::Reprice));
        }
        self.book
            .read_ahead(&self.ahead.orders[..old], &self.ahead.prices[..new]);
    }

    #[inline]
    pub fn apply(&mut self, command: &Command) {
        let &Command {
            kind,
            side,
            order,
            price,
            size,
        } = command;
        match kind {
            Kind::Limit => self.limit(side, order, price, size),
            Kind::Ioc => drop_left(self.take(side, price, size)),
            Kind::Market => drop_left(self.take(side, worst(side), size)),
            Kind::Cancel => drop_left(self.withdraw(order)),
            Kind::Shrink => self.book.reduce(self.handles[order as usize], size),
            Kind::Reprice => {
                let size = self.withdraw(order);
                self.limit(side, order, price, size);
            }
        }
    }

    #[inline]
    fn limit(&mut self, side: Side, order: u32, price: u64, size: u64) {
        let left = self.take(side, price, size);
        if left > 0 {
            let rest = self.book.insert(side, price, left, u64::from(order));
            self.handles[order as usize] = rest.expect("the stream stays within the book's limits");
        }
    }

    /// Trades against the other side up to a price; what is left of `size`.
    #[inline]
    fn take(&mut self, side: Side, price: u64, mut size: u64) -> u64 {
        while let Some(handle) = self.book.front(side.opposite()) {
            let maker = self.book.order(handle);
            let in_reach = match side {
                Side::Bid => maker.price <= price,
                Side::Ask => maker.price >= price,
            };
            if !in_reach {
                break;
            }
            let fill = size.min(maker.size);
            self.tally.fills += 1;
            self.tally.traded += fill;
            let turnover = maker.price.wrapping_mul(fill);
            self.tally.turnover = self.tally.turnover.wrapping_add(turnover);
            size -= fill;
            if fill < maker.size {
                self.book.reduce(handle, fill);
                break;
            }
            self.book.remove(handle);
            self.handles[maker.order as usize] = NOT_RESTING;
            if size == 0 {
                break;
            }
        }
        size
    }

    #[inline]
    fn withdraw(&mut self, order: u32) -> u64 {
        let handle = std::mem::replace(&mut self.handles[order as usize], NOT_RESTING);
        self.book.remove(handle).size
    }
}

fn worst(side: Side) -> u64 {
    match side {
        Side::Bid => u64::MAX,
        Side::Ask => 0,
    }
}

/// What an order that cannot rest has left, or what a cancelled one had: nobody needs it here.
fn drop_left(_: u64) {}
