//! The ladder and the naive book side by side: every call goes to both, and they must agree.

use fullreserve_core::book::{BookFull, Handle, Ladder, Level, Naive, OrderBook, Side};

pub const SIDES: [Side; 2] = [Side::Bid, Side::Ask];

/// One resting order: its handle in each book.
#[derive(Clone, Copy)]
pub struct Twin {
    ladder: Handle,
    naive: Handle,
}

/// Both books, and the orders that rest in them in no particular order.
#[derive(Default)]
pub struct Pair {
    pub ladder: Ladder,
    pub naive: Naive,
    pub live: Vec<Twin>,
    inserted: u64,
}

impl Pair {
    pub fn insert(&mut self, side: Side, price: u64, size: u64) -> Result<(), BookFull> {
        self.inserted += 1;
        let ladder = self.ladder.insert(side, price, size, self.inserted);
        let naive = self.naive.insert(side, price, size, self.inserted);
        assert_eq!(ladder.err(), naive.err());
        let (ladder, naive) = (ladder?, naive?);
        self.live.push(Twin { ladder, naive });
        Ok(())
    }

    /// Cancels the live order at a position, if there are any.
    pub fn remove(&mut self, pick: usize) {
        if let Some(at) = pick.checked_rem(self.live.len()) {
            let twin = self.live.swap_remove(at);
            assert_eq!(
                self.ladder.remove(twin.ladder),
                self.naive.remove(twin.naive)
            );
        }
    }

    /// Reduces the live order at a position to `keep` of its size, which stays above zero.
    pub fn reduce(&mut self, pick: usize, keep: u64) {
        let Some(at) = pick.checked_rem(self.live.len()) else {
            return;
        };
        let twin = self.live[at];
        let size = self.naive.order(twin.naive).size;
        let by = size - 1 - keep % size;
        self.ladder.reduce(twin.ladder, by);
        self.naive.reduce(twin.naive, by);
    }

    /// Trades against a side until `size` is used up, as a market order does.
    pub fn take(&mut self, side: Side, mut size: u64) {
        while size > 0 {
            let (ladder, naive) = (self.ladder.front(side), self.naive.front(side));
            let (Some(ladder), Some(naive)) = (ladder, naive) else {
                assert_eq!(ladder.is_some(), naive.is_some());
                return;
            };
            let maker = self.naive.order(naive);
            assert_eq!(self.ladder.order(ladder), maker);
            if size < maker.size {
                self.ladder.reduce(ladder, size);
                self.naive.reduce(naive, size);
                return;
            }
            size -= maker.size;
            let at = self.live.iter().position(|twin| twin.naive == naive);
            self.live.swap_remove(at.expect("a maker is a live order"));
            assert_eq!(self.ladder.remove(ladder), self.naive.remove(naive));
        }
    }

    /// Compares what a taker and a ticker see; cheap enough for every step of a long run.
    pub fn assert_same_touch(&self) {
        assert_eq!(self.ladder.len(), self.naive.len());
        assert_eq!(self.ladder.len(), self.live.len());
        for side in SIDES {
            assert_eq!(self.ladder.best(side), self.naive.best(side));
            let first = self
                .ladder
                .front(side)
                .map(|handle| self.ladder.order(handle));
            let oracle = self
                .naive
                .front(side)
                .map(|handle| self.naive.order(handle));
            assert_eq!(first, oracle);
        }
    }

    /// Compares everything that can be observed.
    pub fn assert_same(&self) {
        self.assert_same_touch();
        for side in SIDES {
            let orders = |(_, order)| order;
            let ladder: Vec<_> = self.ladder.iter_side(side).map(orders).collect();
            let naive: Vec<_> = self.naive.iter_side(side).map(orders).collect();
            assert_eq!(ladder, naive);
            let all = depth(&self.naive, side, usize::MAX);
            for levels in [0, 1, 2, 5, all.len(), usize::MAX] {
                let seen = depth(&self.ladder, side, levels);
                assert_eq!(seen, depth(&self.naive, side, levels));
                assert_eq!(seen, all[..levels.min(all.len())]);
            }
            for price in all.iter().flat_map(|level| around(level.price)) {
                assert_eq!(
                    self.ladder.level(side, price),
                    self.naive.level(side, price)
                );
            }
        }
    }
}

fn around(price: u64) -> [u64; 3] {
    [price.wrapping_sub(1), price, price.wrapping_add(1)]
}

pub fn depth(book: &impl OrderBook, side: Side, levels: usize) -> Vec<Level> {
    let mut seen = Vec::new();
    book.depth(side, levels, |level| seen.push(level));
    seen
}
