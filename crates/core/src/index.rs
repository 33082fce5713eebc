//! Where an external id lives inside: dense slots, found without a random hash.
//!
//! Slots depend on the order of creation, so they are the same on every machine that applies the
//! same log, but they are not content: nothing that is hashed, logged or sent contains one.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};

/// A multiplicative hasher: fast, and the same on every machine. What it is given are ids that the
/// exchange itself hands out, so that nobody can choose keys that share a hash.
///
/// But for one table, by the ids that clients give their resting orders (`orders::table`): whoever
/// computes them can give all of his one hash, and whatever looks that hash up compares as many
/// orders as rest under it, also with ids of several accounts. So much his own orders cost more
/// than others; orders with other hashes step over full groups of the table, 16 at a time.
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

/// Of an id that the exchange hands out, or several.
#[inline]
pub fn hash_id(id: impl Hash) -> u64 {
    BuildHasherDefault::<FastHasher>::default().hash_one(id)
}

/// A map whose behaviour does not depend on the process. Never iterate it into output unsorted.
pub type FastMap<K, V> = HashMap<K, V, BuildHasherDefault<FastHasher>>;

/// Stands for "no slot".
pub const NONE: u32 = u32::MAX;

/// Ids below this are looked up in pages of slots. Ids are handed out one after another, so the
/// pages that there are are full.
const PAGED: u64 = 1 << 26;
const PAGE: usize = 1 << 10;

/// From an id to its slot. Small ids cost two loads, others one hash.
#[derive(Clone, Debug, Default)]
pub struct IdIndex {
    /// Where the slots of each page begin, NONE for a page without any.
    pages: Vec<u32>,
    slots: Vec<u32>,
    sparse: FastMap<u64, u32>,
}

impl IdIndex {
    #[inline]
    pub fn get(&self, id: u64) -> Option<u32> {
        if id >= PAGED {
            return self.sparse.get(&id).copied();
        }
        let page = *self.pages.get(id as usize / PAGE)?;
        // No page begins at NONE, and none of so many slots lies behind it.
        let slot = *self.slots.get(page as usize + id as usize % PAGE)?;
        (slot != NONE).then_some(slot)
    }

    pub fn insert(&mut self, id: u64, slot: u32) {
        if id >= PAGED {
            self.sparse.insert(id, slot);
            return;
        }
        let page = id as usize / PAGE;
        if page >= self.pages.len() {
            self.pages.resize(page + 1, NONE);
        }
        if self.pages[page] == NONE {
            self.pages[page] = self.slots.len() as u32;
            self.slots.resize(self.slots.len() + PAGE, NONE);
        }
        self.slots[self.pages[page] as usize + id as usize % PAGE] = slot;
    }

    pub fn remove(&mut self, id: u64) {
        if id >= PAGED {
            self.sparse.remove(&id);
        } else if let Some(page) = self.pages.get(id as usize / PAGE).copied()
            && let Some(slot) = self.slots.get_mut(page as usize + id as usize % PAGE)
        {
            *slot = NONE;
        }
    }

    pub fn memory_bytes(&self) -> usize {
        4 * (self.pages.capacity() + self.slots.capacity()) + self.sparse.capacity() * 17
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_ids_are_found_and_others_are_not() {
        let mut index = IdIndex::default();
        let page = PAGE as u64;
        let ids = [7, page - 1, page, 9 * page, PAGED - 1, PAGED, u64::MAX];
        for (slot, id) in (0..).zip(ids) {
            assert_eq!(index.get(id), None);
            index.insert(id, slot);
            assert_eq!(index.get(id), Some(slot));
        }
        for (slot, id) in (0..).zip(ids) {
            assert_eq!(index.get(id), Some(slot));
            index.remove(id);
            assert_eq!(index.get(id), None);
        }
        for id in [8, 3 * page, PAGED - 2, PAGED + 1] {
            index.remove(id);
            assert_eq!(index.get(id), None);
        }
    }
}
