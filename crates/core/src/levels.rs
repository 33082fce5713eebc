//! Which price levels a command has touched, so that each is reported once when it is done.

use crate::instruments::InstrumentSlot;
use crate::types::Side;

#[derive(Default)]
pub struct TouchedLevels {
    items: Vec<(InstrumentSlot, Side, u64)>,
}

impl TouchedLevels {
    #[inline]
    pub fn touch(&mut self, instrument: InstrumentSlot, side: Side, price: u64) {
        // Matching touches the same level again and again: the last one catches almost all.
        let level = (instrument, side, price);
        if self.items.last() != Some(&level) {
            self.items.push(level);
        }
    }

    /// Calls `visit` for each touched level once, and forgets them.
    #[inline]
    pub fn drain(&mut self, mut visit: impl FnMut(InstrumentSlot, Side, u64)) {
        if self.items.len() > 1 {
            self.items.sort_unstable();
            self.items.dedup();
        }
        for (instrument, side, price) in self.items.drain(..) {
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
