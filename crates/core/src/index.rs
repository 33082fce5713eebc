//! Where an external id lives inside: dense slots, found without a random hash.
//!
//! Slots depend on the order of creation, so they are the same on every machine that applies the
//! same log, but they are not content: nothing that is hashed, logged or sent contains one.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A multiplicative hasher: fast, and the same on every machine. The maps that use it are keyed by
/// ids that the exchange itself hands out, so nobody can choose colliding keys.
#[derive(Clone, Copy, Default)]
pub struct FastHasher(u64);

const MULTIPLIER: u64 = 0xf135_7aea_2e62_a9c5;

impl FastHasher {
    #[inline]
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(MULTIPLIER);
    }
}

impl Hasher for FastHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.add(u64::from_le_bytes(word.try_into().expect("eight bytes")));
        }
        for byte in words.remainder() {
            self.add(u64::from(*byte));
        }
    }

    #[inline]
    fn write_u8(&mut self, value: u8) {
        self.add(u64::from(value));
    }

    #[inline]
    fn write_u16(&mut self, value: u16) {
        self.add(u64::from(value));
    }

    #[inline]
    fn write_u32(&mut self, value: u32) {
        self.add(u64::from(value));
    }

    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.add(value);
    }

    #[inline]
    fn write_usize(&mut self, value: usize) {
        self.add(value as u64);
    }

    // The multiplication leaves the best bits on top; the table takes them from both ends.
    #[inline]
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}

/// A map whose behaviour does not depend on the process. Never iterate it into output unsorted.
pub type FastMap<K, V> = HashMap<K, V, BuildHasherDefault<FastHasher>>;

/// Stands for "no slot".
pub const NONE: u32 = u32::MAX;

/// Ids below this are looked up in a plain table.
const DENSE: u64 = 1 << 16;

/// From an id to its slot. Small ids cost one load, others one hash.
#[derive(Clone, Debug, Default)]
pub struct IdIndex {
    dense: Vec<u32>,
    sparse: FastMap<u64, u32>,
}

impl IdIndex {
    #[inline]
    pub fn get(&self, id: u64) -> Option<u32> {
        if id < DENSE {
            return self
                .dense
                .get(id as usize)
                .copied()
                .filter(|slot| *slot != NONE);
        }
        self.sparse.get(&id).copied()
    }

    pub fn insert(&mut self, id: u64, slot: u32) {
        if id >= DENSE {
            self.sparse.insert(id, slot);
            return;
        }
        let place = id as usize;
        if place >= self.dense.len() {
            self.dense.resize(place + 1, NONE);
        }
        self.dense[place] = slot;
    }

    pub fn remove(&mut self, id: u64) {
        if id >= DENSE {
            self.sparse.remove(&id);
        } else if let Some(slot) = self.dense.get_mut(id as usize) {
            *slot = NONE;
        }
    }

    pub fn memory_bytes(&self) -> usize {
        self.dense.capacity() * 4 + self.sparse.capacity() * 17
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_ids_are_found_and_others_are_not() {
        let mut index = IdIndex::default();
        for (slot, id) in [(0, 7), (1, DENSE - 1), (2, DENSE), (3, u64::MAX)] {
            index.insert(id, slot);
            assert_eq!(index.get(id), Some(slot));
        }
        assert_eq!(index.get(8), None);
        assert_eq!(index.get(DENSE + 1), None);
    }
}
