//! From a key to the slot of what has it, in a hash table that grows by parts.
//!
//! A table that doubles at once moves all it holds while one command waits: tens of milliseconds
//! with a million entries. Here a full table is put aside, and each insertion moves the entries of
//! a few of its buckets to the one that follows it, until none is left.
//!
//! The table holds slots only: keys are read where the slot says, by what callers hand in.

use hashbrown::HashTable;

/// Buckets of the table put aside that an insertion looks at. The one that follows has room for
/// 7/16 as many entries, or for twice those that there are. So it takes a fifth of that number of
/// buckets more before it is full itself, and with five the one put aside is empty by then.
const MOVED: usize = 5;

#[derive(Default)]
pub struct Slots {
    table: HashTable<u32>,
    /// The one before, while it has entries.
    aside: HashTable<u32>,
    /// Its buckets from this one on have not been looked at.
    next: usize,
}

impl Slots {
    #[inline]
    fn is_moving(&self) -> bool {
        self.aside.num_buckets() > 1 // an empty table's one is nobody's
    }

    /// The slot for which `is` holds, among those of this hash.
    #[inline]
    pub fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        let found = self.table.find(hash, |slot| is(*slot));
        if found.is_none() && self.is_moving() {
            return self.aside.find(hash, |slot| is(*slot)).copied();
        }
        found.copied()
    }

    /// Adds a slot that is not there yet; `hash_of` reads the hash of any slot that is.
    #[inline]
    pub fn insert(&mut self, hash: u64, slot: u32, hash_of: impl Fn(u32) -> u64) {
        if self.table.len() == self.table.capacity() {
            self.put_aside(&hash_of);
        }
        self.table
            .insert_unique(hash, slot, |_| unreachable!("there is room"));
        if self.is_moving() {
            self.move_some(MOVED, &hash_of);
        }
    }

    /// Room for what is there and as much again. What was removed may have filled the table, which
    /// `capacity` does not tell: then half of its buckets will do, and no fewer, as all of them are
    /// looked at before the new table is full.
    #[cold]
    fn put_aside(&mut self, hash_of: &impl Fn(u32) -> u64) {
        self.move_some(usize::MAX, hash_of); // nothing is left by now, by the choice of MOVED
        let capacity = (2 * self.table.len()).max(self.table.num_buckets() * 7 / 16);
        let wider = HashTable::with_capacity(capacity.max(MOVED));
        self.aside = std::mem::replace(&mut self.table, wider);
        self.next = 0;
    }

    #[inline(never)]
    fn move_some(&mut self, buckets: usize, hash_of: &impl Fn(u32) -> u64) {
        let end = self
            .next
            .saturating_add(buckets)
            .min(self.aside.num_buckets());
        for bucket in self.next..end {
            if let Ok(entry) = self.aside.get_bucket_entry(bucket) {
                let (slot, _) = entry.remove();
                self.table
                    .insert_unique(hash_of(slot), slot, |_| unreachable!("there is room"));
            }
        }
        self.next = end;
        if self.aside.is_empty() {
            self.aside = HashTable::new();
        }
    }

    #[inline]
    pub fn remove(&mut self, hash: u64, slot: u32) {
        for table in [&mut self.table, &mut self.aside] {
            if let Ok(entry) = table.find_entry(hash, |known| *known == slot) {
                entry.remove();
                return;
            }
        }
    }

    /// Makes room for so many more at once, for callers for whom nobody waits.
    pub fn reserve(&mut self, count: usize, hash_of: impl Fn(u32) -> u64) {
        self.move_some(usize::MAX, &hash_of);
        self.table.reserve(count, |slot| hash_of(*slot));
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty() && self.aside.is_empty()
    }

    pub fn memory_bytes(&self) -> usize {
        self.table.allocation_size() + self.aside.allocation_size()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Of few values, so that many slots share one.
    fn hash_of(slot: u32) -> u64 {
        u64::from(slot % 977).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn insert(slots: &mut Slots, slot: u32) {
        slots.insert(hash_of(slot), slot, hash_of);
    }

    fn find(slots: &Slots, slot: u32) -> Option<u32> {
        slots.find(hash_of(slot), |one| one == slot)
    }

    /// Criterion: CORE-ORD-31. Work is counted in entries moved: a table that doubles at once moves
    /// half a million at an insertion.
    #[test]
    fn no_insertion_moves_more_than_a_few() {
        let spread = |slot: u32| u64::from(slot).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut slots = Slots::default();
        let moved = Cell::new(0);
        let counted = |slot| {
            moved.set(moved.get() + 1);
            spread(slot)
        };
        for slot in 0..1_000_000 {
            slots.insert(spread(slot), slot, counted);
            assert!(moved.take() <= MOVED, "at {slot}");
        }
        // As many end as begin: places of removed ones fill the table without its being any fuller.
        for slot in 0..1_000_000 {
            slots.remove(spread(slot), slot);
            slots.insert(spread(slot + 1_000_000), slot + 1_000_000, counted);
            assert!(moved.take() <= MOVED, "at {slot}");
        }
        let found = |slot| slots.find(spread(slot), |one| one == slot);
        assert!((1_000_000..2_000_000).all(|slot| found(slot) == Some(slot)));
        assert!((0..1_000_000).all(|slot| found(slot).is_none()));
    }

    /// Criterion: CORE-ORD-31. Places in a row that were full keep a mark each when they are left,
    /// and clients choose their orders' ids: all places of a wide table can be such marks, with one
    /// entry behind them.
    #[test]
    fn a_table_full_of_what_was_removed_moves_to_one_wide_enough() {
        let place = |slot: u32| u64::from(slot);
        for buckets in [16, 1 << 7, 1 << 12, 1 << 17] {
            let mut slots = Slots::default();
            slots.reserve(buckets * 7 / 8, place);
            let full = u32::try_from(buckets * 7 / 8).expect("few");
            (0..full).for_each(|slot| slots.insert(place(slot), slot, place));
            (0..full - 1).for_each(|slot| slots.remove(place(slot), slot));
            let moved = Cell::new(0);
            let counted = |slot| {
                moved.set(moved.get() + 1);
                place(slot)
            };
            for slot in full..3 * full {
                slots.insert(place(slot), slot, counted);
                assert!(moved.take() <= MOVED, "of {buckets} at {slot}");
            }
            let found = |slot| slots.find(place(slot), |one| one == slot);
            assert!((full - 1..3 * full).all(|slot| found(slot) == Some(slot)));
        }
    }

    proptest! {
        /// Whatever is added and removed in whatever order, what is found is what is there.
        #[test]
        fn what_is_found_is_what_is_there(
            deeds in prop::collection::vec((0..3_000u32, 0..5u8), 0..6_000),
            reserved in 0..4_000usize,
        ) {
            let mut slots = Slots::default();
            let mut known = BTreeSet::new();
            for (number, (slot, deed)) in deeds.into_iter().enumerate() {
                if number == reserved {
                    slots.reserve(reserved, hash_of);
                }
                if deed > 1 {
                    if known.insert(slot) {
                        insert(&mut slots, slot);
                    }
                } else {
                    known.remove(&slot);
                    slots.remove(hash_of(slot), slot);
                }
                prop_assert_eq!(find(&slots, slot).is_some(), known.contains(&slot));
            }
            for slot in 0..3_000 {
                prop_assert_eq!(find(&slots, slot).is_some(), known.contains(&slot));
            }
            prop_assert_eq!(slots.is_empty(), known.is_empty());
        }
    }
}
