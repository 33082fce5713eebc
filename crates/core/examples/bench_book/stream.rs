//! Makes the seeded command streams: 20 % new limit orders, 15 % IOC orders that cross, 5 % market
//! orders, 60 % cancels and amends of orders picked at random among all that rest.
//!
//! A book runs along, so that every cancel and amend finds its order. The mix is the issue of
//! the figure; within the 60 %, cancels keep the number of resting orders about where it
//! started, and amends are half new sizes, half new prices.

use fullreserve_core::book::{Ladder, OrderBook, RestingOrder, Side};

use super::command::{Command, Kind};
use super::matching::Matching;
use super::random::Random;
use super::scenario::{Scenario, TICK};

/// Sizes of new orders, in lots.
const SIZE: u64 = 1_000;

/// What a scenario starts from, and what then happens.
pub struct Stream {
    pub slots: usize,
    pub seeding: Vec<Command>,
    pub commands: Vec<Command>,
}

pub fn make(scenario: &Scenario, commands: usize, seed: u64) -> Stream {
    let slots = scenario.resting * 2 + 100_000;
    let mut maker = Maker {
        scenario,
        random: Random(seed),
        market: Matching::with_slots(slots),
        free: (0..slots as u32).rev().collect(),
        live: Vec::new(),
    };
    let start = (scenario.middle)(0, commands);
    let seeding = (0..scenario.resting).map(|_| maker.seed(start)).collect();
    let at = |done| (scenario.middle)(done, commands);
    let commands = (0..commands).map(|done| maker.command(at(done))).collect();
    Stream {
        slots,
        seeding,
        commands,
    }
}

struct Maker<'a> {
    scenario: &'a Scenario,
    random: Random,
    market: Matching<Ladder>,
    free: Vec<u32>,
    /// Orders that rest, and some that were traded away since; those are dropped when met.
    live: Vec<u32>,
}

impl Maker<'_> {
    fn seed(&mut self, middle: u64) -> Command {
        let side = self.side();
        let price = self.resting_price(side, middle);
        self.rest(side, price)
    }

    fn command(&mut self, middle: u64) -> Command {
        let side = self.side();
        match self.random.below(100) {
            0..20 => {
                let price = self.resting_price(side, middle);
                self.rest(side, price)
            }
            20..35 => self.take(Kind::Ioc, side, middle),
            35..40 => self.take(Kind::Market, side, middle),
            _ => self.change(middle),
        }
    }

    fn side(&mut self) -> Side {
        if self.random.below(2) == 0 {
            Side::Bid
        } else {
            Side::Ask
        }
    }

    /// Away from the middle, twice as dense at the touch as on average.
    fn resting_price(&mut self, side: Side, middle: u64) -> u64 {
        let reach = self.scenario.reach;
        let away = 1 + self.random.below(reach).min(self.random.below(reach));
        TICK * if side == Side::Bid {
            middle - away
        } else {
            middle + away
        }
    }

    fn rest(&mut self, side: Side, price: u64) -> Command {
        let order = self.free.pop().expect("there are slots for all that rest");
        let size = 1 + self.random.below(SIZE);
        let command = Command {
            kind: Kind::Limit,
            side,
            order,
            price,
            size,
        };
        self.run(command)
    }

    /// A taker of about half a resting order, smaller while the book is thin, that reaches some
    /// ticks beyond the other side's best.
    fn take(&mut self, kind: Kind, side: Side, middle: u64) -> Command {
        let size = 1 + self
            .random
            .below(if self.is_thin() { SIZE / 8 } else { SIZE / 2 });
        let best = self.market.book.best(side.opposite());
        let best = best.map_or(middle * TICK, |level| level.price);
        let reach = TICK * (1 + self.random.below(5));
        let price = if side == Side::Bid {
            best + reach
        } else {
            best - reach
        };
        self.run(Command {
            kind,
            side,
            order: 0,
            price,
            size,
        })
    }

    /// Cancels or amends any order that rests.
    fn change(&mut self, middle: u64) -> Command {
        let (at, order) = self.pick();
        let RestingOrder {
            side, size, price, ..
        } = self.market.book.order(self.market.handle(order));
        let cancels = if self.is_thin() { 12 } else { 2 };
        if self.random.below(cancels) == 0 {
            self.live.swap_remove(at);
            self.free.push(order);
            return self.run(Command {
                kind: Kind::Cancel,
                side,
                order,
                price,
                size,
            });
        }
        if size > 1 && self.random.below(2) == 0 {
            let by = 1 + self.random.below(size / 2);
            return self.run(Command {
                kind: Kind::Shrink,
                side,
                order,
                price,
                size: by,
            });
        }
        self.live.swap_remove(at);
        let price = self.resting_price(side, middle);
        self.run(Command {
            kind: Kind::Reprice,
            side,
            order,
            price,
            size,
        })
    }

    fn is_thin(&self) -> bool {
        self.market.book.len() < self.scenario.resting
    }

    fn pick(&mut self) -> (usize, u32) {
        loop {
            let at = self.random.below(self.live.len() as u64) as usize;
            let order = self.live[at];
            if self.market.is_resting(order) {
                return (at, order);
            }
            self.live.swap_remove(at);
            self.free.push(order);
        }
    }

    fn run(&mut self, command: Command) -> Command {
        self.market.apply(&command);
        if matches!(command.kind, Kind::Limit | Kind::Reprice) {
            if self.market.is_resting(command.order) {
                self.live.push(command.order);
            } else {
                self.free.push(command.order);
            }
        }
        command
    }
}
