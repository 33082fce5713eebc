//! Loads what a batch of commands will touch, all of it at once.
//!
//! In a large book a cancel waits for memory for its order and then for its level and the
//! neighbours; a new order waits for its level and then for the last order there; and each
//! command waits for the one before. Here each loop asks for the lines of all commands and waits
//! for none of them; the next loop finds them there and asks for what they point to.

use super::levels::{LevelSlot, NONE};
use super::{Handle, Ladder, Side};

/// Commands of one loop: enough for the first lines to arrive before the next loop needs them.
const GROUP: usize = 64;

impl Ladder {
    #[inline]
    pub(crate) fn is_resting(&self, handle: Handle) -> bool {
        self.orders.is_resting(handle)
    }

    /// Begins to load the place of a resting order, which may have gone.
    #[inline]
    pub(crate) fn prefetch_order(&self, handle: Handle) {
        self.orders.prefetch(handle);
    }

    /// With the order's place there: begins to load its level and its neighbours.
    #[inline]
    pub(crate) fn prefetch_level(&self, handle: Handle) -> LevelSlot {
        let level = self.orders.level(handle);
        self.levels.prefetch(level);
        level
    }

    /// Begins to load the guess where the level at a price is.
    #[inline]
    pub(crate) fn prefetch_hint(&self, side: Side, price: u64) {
        self.levels.prefetch_hint(side, price);
    }

    /// With the guess there: begins to load the level.
    #[inline]
    pub(crate) fn prefetch_guess(&self, side: Side, price: u64) -> LevelSlot {
        self.levels.prefetch_guess(side, price)
    }

    /// With the level there: begins to load its end, where orders are added.
    #[inline]
    pub(crate) fn prefetch_end(&self, level: LevelSlot) {
        self.orders.prefetch_block(self.levels.last_block(level));
    }

    /// Loads the lines that removing and reducing these orders will touch.
    pub(super) fn read_orders(&self, handles: &[Handle]) {
        for group in handles.chunks(GROUP) {
            let mut levels = [NONE; GROUP];
            for &handle in group {
                self.prefetch_order(handle);
            }
            for (level, &handle) in levels.iter_mut().zip(group) {
                *level = self.prefetch_level(handle);
            }
            for &level in &levels[..group.len()] {
                self.prefetch_end(level);
            }
        }
    }

    /// Loads the lines that inserting at these prices will touch, as far as they can be guessed.
    pub(super) fn read_prices(&self, prices: &[(Side, u64)]) {
        for group in prices.chunks(GROUP) {
            let mut levels = [NONE; GROUP];
            for &(side, price) in group {
                self.prefetch_hint(side, price);
            }
            for (level, &(side, price)) in levels.iter_mut().zip(group) {
                *level = self.prefetch_guess(side, price);
            }
            for &level in &levels[..group.len()] {
                self.prefetch_end(level);
            }
        }
    }
}
