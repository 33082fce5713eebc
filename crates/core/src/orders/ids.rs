//! Which slot a resting order's id has.
//!
//! Ids ascend by one, and most orders that rest are young. So the newest ids stand in a ring, where
//! the place follows from the id alone: a look-up is one load, which can be asked for ahead, and
//! neighbours share a line. An order that rests for longer than the ring is long makes it grow, and
//! beyond the ring's largest size moves to a map.

use super::{Order, OrderSlot};
use crate::index::{NONE, hash_id};
use crate::prefetch::prefetch_item;
use crate::slots::Slots;

/// Places of the ring at first and at most: 4 MB.
const RING_MIN: usize = 1 << 8;
const RING_MAX: usize = 1 << 20;
/// The longest ring that grows to twice its length; a longer one's orders would keep a command
/// waiting that moves them, so the next one is the longest of all.
const RING_DOUBLED: usize = 1 << 13;

pub(super) struct Ids {
    /// Slots by id modulo its length, a power of two.
    ring: Vec<OrderSlot>,
    /// Orders whose place in the ring a younger one has.
    old: Slots,
}

impl Default for Ids {
    fn default() -> Self {
        Self {
            ring: vec![NONE; RING_MIN],
            old: Slots::default(),
        }
    }
}

impl Ids {
    #[inline]
    fn place(&self, id: u64) -> usize {
        id as usize & (self.ring.len() - 1)
    }

    #[inline]
    pub(super) fn find(&self, id: u64, slab: &[Order]) -> Option<OrderSlot> {
        let slot = self.ring[self.place(id)];
        match slab.get(slot as usize) {
            Some(order) if order.id == id => Some(slot),
            _ => self.find_old(id, slab),
        }
    }

    #[inline(never)]
    fn find_old(&self, id: u64, slab: &[Order]) -> Option<OrderSlot> {
        self.old
            .find(hash_id(id), |slot| slab[slot as usize].id == id)
    }

    /// For reading ahead: begins to load what `guess` reads.
    #[inline]
    pub(super) fn prefetch(&self, id: u64) {
        prefetch_item(&self.ring, self.place(id) as u32);
    }

    /// For reading ahead: the slot that the id probably has.
    #[inline]
    pub(super) fn guess(&self, id: u64) -> OrderSlot {
        self.ring[self.place(id)]
    }

    /// Adds an order of the table.
    #[inline]
    pub(super) fn insert(&mut self, slot: OrderSlot, slab: &[Order]) {
        let id = slab[slot as usize].id;
        let place = self.place(id);
        if self.ring[place] == NONE {
            self.ring[place] = slot;
        } else {
            self.insert_beside(id, slot, slab);
        }
    }

    /// Adds an order whose place is taken: in a longer ring, else the older of both as an old one.
    #[inline(never)]
    fn insert_beside(&mut self, id: u64, slot: OrderSlot, slab: &[Order]) {
        while self.ring[self.place(id)] != NONE && self.ring.len() < RING_MAX {
            self.grow(slab);
        }
        let place = self.place(id);
        let other = self.ring[place];
        if other == NONE {
            self.ring[place] = slot;
            return;
        }
        let other_id = slab[other as usize].id;
        let (old_id, old) = if other_id < id {
            self.ring[place] = slot;
            (other_id, other)
        } else {
            (id, slot)
        };
        let hash_of = |slot: OrderSlot| hash_id(slab[slot as usize].id);
        self.old.insert(hash_id(old_id), old, hash_of);
    }

    /// Orders at different places of the ring are at different places of a multiple as long.
    fn grow(&mut self, slab: &[Order]) {
        let length = match self.ring.len() {
            ..=RING_DOUBLED => 2 * self.ring.len(),
            _ => RING_MAX,
        };
        let longer = vec![NONE; length];
        for slot in std::mem::replace(&mut self.ring, longer) {
            if slot != NONE {
                let place = self.place(slab[slot as usize].id);
                self.ring[place] = slot;
            }
        }
    }

    #[inline]
    pub(super) fn remove(&mut self, id: u64, slot: OrderSlot) {
        let place = self.place(id);
        if self.ring[place] == slot {
            self.ring[place] = NONE;
        } else {
            self.old.remove(hash_id(id), slot);
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.ring.capacity() * size_of::<OrderSlot>() + self.old.memory_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Side;
    use crate::world::{World, limit};

    /// Orders of these ids, by slot.
    fn slab(ids: &[u64]) -> Vec<Order> {
        let mut world = World::funded();
        let id = world.ok(limit(11, Side::Buy, 1_000, 10));
        let order = world.order(id);
        ids.iter().map(|id| Order { id: *id, ..order }).collect()
    }

    /// Criterion: CORE-ORD-25. Ids apart by the ring's length at first, by its largest length and
    /// by nothing but order: each is found until it is removed, whichever came first.
    #[test]
    fn an_id_is_found_however_old_its_order_is() {
        let (least, most) = (RING_MIN as u64, RING_MAX as u64);
        let ids = [7, 8, 7 + least, 7 + most, 7 + 3 * most, 7 + 2 * most, 9];
        let slab = slab(&ids);
        let mut index = Ids::default();
        for (slot, id) in (0..).zip(ids) {
            assert_eq!(index.find(id, &slab), None);
            index.insert(slot, &slab);
        }
        assert_eq!(index.find(10, &slab), None);
        for (slot, id) in (0..).zip(ids) {
            assert_eq!(index.find(id, &slab), Some(slot));
            index.remove(id, slot);
            assert_eq!(index.find(id, &slab), None);
        }
        assert!(index.old.is_empty() && index.ring.iter().all(|slot| *slot == NONE));
    }
}
