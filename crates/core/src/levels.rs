//! Which price levels a command has touched, so that each is reported once when it is done.

use crate::instruments::InstrumentSlot;
use crate::types::Side;

/// Instrument, side and price in one number, in this order: a comparison is two instructions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Touched(u128);

const SIDE: u32 = 64;
const INSTRUMENT: u32 = 72;

impl Touched {
    #[inline]
    fn new(instrument: InstrumentSlot, side: Side, price: u64) -> Self {
        let side = u128::from(side == Side::Sell) << SIDE;
        Self(u128::from(instrument) << INSTRUMENT | side | u128::from(price))
    }

    #[inline]
    fn level(self) -> (InstrumentSlot, Side, u64) {
        let side = if self.0 >> SIDE & 1 == 0 {
            Side::Buy
        } else {
            Side::Sell
        };
        (
            (self.0 >> INSTRUMENT) as InstrumentSlot,
            side,
            self.0 as u64,
        )
    }
}

#[derive(Default)]
pub struct TouchedLevels {
    items: Vec<Touched>,
}

impl TouchedLevels {
    #[inline]
    pub fn touch(&mut self, instrument: InstrumentSlot, side: Side, price: u64) {
        // Matching touches the same level again and again: the last one catches almost all.
        let level = Touched::new(instrument, side, price);
        if self.items.last() != Some(&level) {
            self.items.push(level);
        }
    }

    /// Calls `visit` for each touched level once, in order, and forgets them.
    #[inline]
    pub fn drain(&mut self, mut visit: impl FnMut(InstrumentSlot, Side, u64)) {
        match self.items[..] {
            [] | [_] => {}
            // Most that touch several touch two: the one they leave and the one they join.
            [first, second] if first != second => {
                self.items[0] = first.min(second);
                self.items[1] = first.max(second);
            }
            _ => {
                self.items.sort_unstable();
                self.items.dedup();
            }
        }
        for touched in self.items.drain(..) {
            let (instrument, side, price) = touched.level();
            visit(instrument, side, price);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Criterion: CORE-EXC-3
    #[test]
    fn each_level_is_visited_once() {
        let mut levels = TouchedLevels::default();
        for price in [7, 5, 7, 5, 5] {
            levels.touch(0, Side::Buy, price);
        }
        let mut seen = Vec::new();
        levels.drain(|_, _, price| seen.push(price));
        assert_eq!(seen, [5, 7]);
        levels.drain(|_, _, _| panic!("levels are forgotten"));
    }
}
