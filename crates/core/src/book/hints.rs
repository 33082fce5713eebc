//! Guesses which slot a price level has, so that most look-ups skip the index.
//!
//! A table of slots by a hash of the rank, one slot per place, the last one written wins. A guess
//! is checked against the level itself, so a wrong or outdated one costs a look-up in
//! the index and nothing else: no price, however chosen, can make it slower than that.

use super::levels::{LevelSlot, NONE};
use crate::prefetch::prefetch_item;

/// Places per level that was ever in use at once: at four, few levels share a place.
const PLACES_PER_LEVEL: usize = 4;
const PLACES_MIN: usize = 64;
/// 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

#[derive(Clone, Debug)]
pub(super) struct Hints {
    /// A power of two of places.
    slots: Vec<LevelSlot>,
}

impl Default for Hints {
    fn default() -> Self {
        Hints {
            slots: vec![NONE; PLACES_MIN],
        }
    }
}

impl Hints {
    /// Folds the 128-bit product and multiplies again. One multiplication is not enough: prices are
    /// multiples of a tick, and for some ticks the multiples of `GOLDEN` fall in few places.
    #[inline]
    fn place(&self, rank: u64) -> usize {
        let product = u128::from(rank) * u128::from(GOLDEN);
        let folded = (product >> 64) as u64 ^ product as u64;
        let bits = self.slots.len().trailing_zeros();
        (folded.wrapping_mul(GOLDEN) >> (64 - bits)) as usize
    }

    #[inline]
    pub(super) fn get(&self, rank: u64) -> LevelSlot {
        self.slots[self.place(rank)]
    }

    /// For reading ahead: begins to load the guess.
    #[inline]
    pub(super) fn prefetch(&self, rank: u64) {
        prefetch_item(&self.slots, self.place(rank) as u32);
    }

    #[inline]
    pub(super) fn set(&mut self, rank: u64, slot: LevelSlot) {
        let place = self.place(rank);
        self.slots[place] = slot;
    }

    /// Makes room for guesses at this many levels. What was guessed before is forgotten.
    #[inline]
    pub(super) fn grow(&mut self, levels: usize) {
        if levels * PLACES_PER_LEVEL > self.slots.len() {
            self.slots = vec![NONE; self.slots.len() * 2];
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<LevelSlot>()
    }
}
