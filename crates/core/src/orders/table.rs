//! The table of orders: pending ones and the retained finished ones, found by id, by the client's
//! id and by owner.

use std::collections::VecDeque;
use std::hash::{BuildHasher, BuildHasherDefault};

use hashbrown::HashTable;

use super::{Fill, Order, OrderSlot};
use crate::index::{FastHasher, NONE};
use crate::owners::Owners;
use crate::types::*;

/// Slots are reused in last-in-first-out order; the tables hold slots only and read keys from them.
#[derive(Default)]
pub struct Orders {
    pub(super) slab: Vec<Order>,
    free: Vec<OrderSlot>,
    by_id: HashTable<OrderSlot>,
    /// The newest order of each (owner, client order id).
    by_client: HashTable<OrderSlot>,
    /// Retained finished orders, the first finished first.
    pub(super) finished: VecDeque<OrderSlot>,
    pub(super) fills: VecDeque<Fill>,
    /// Fills since genesis; the last of `fills` has this position.
    pub(super) fills_total: u64,
    /// Orders since genesis; the next id follows from it.
    pub placed_total: u64,
    pub finished_total: u64,
    pub open: u64,
}

#[inline]
fn hash_id(id: u64) -> u64 {
    BuildHasherDefault::<FastHasher>::default().hash_one(id)
}

#[inline]
fn hash_client(owner: u32, id: &ClientOrderId) -> u64 {
    BuildHasherDefault::<FastHasher>::default().hash_one((owner, id))
}

impl Orders {
    #[inline]
    pub fn at(&self, slot: OrderSlot) -> &Order {
        &self.slab[slot as usize]
    }

    #[inline]
    pub fn at_mut(&mut self, slot: OrderSlot) -> &mut Order {
        &mut self.slab[slot as usize]
    }

    /// The order with this id, pending or finished.
    #[inline]
    pub fn find(&self, id: u64) -> Option<OrderSlot> {
        self.by_id
            .find(hash_id(id), |slot| self.slab[*slot as usize].id == id)
            .copied()
    }

    /// The owner's newest order with this client order id, pending or finished. Only the newest can
    /// be pending, because an id in use is refused.
    #[inline]
    pub fn find_client(&self, owner: u32, id: &ClientOrderId) -> Option<OrderSlot> {
        let same = |slot: &OrderSlot| {
            let order = &self.slab[*slot as usize];
            order.owner == owner && order.client_order_id == *id
        };
        self.by_client.find(hash_client(owner, id), same).copied()
    }

    /// Adds an order that belongs to no list yet.
    #[inline]
    pub fn insert(&mut self, order: Order) -> OrderSlot {
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slab[slot as usize] = order;
                slot
            }
            None => {
                self.slab.push(order);
                (self.slab.len() - 1) as OrderSlot
            }
        };
        let slab = &self.slab;
        self.by_id.insert_unique(hash_id(order.id), slot, |slot| {
            hash_id(slab[*slot as usize].id)
        });
        if !order.client_order_id.is_empty() {
            self.link_client(slot);
        }
        slot
    }

    fn link_client(&mut self, slot: OrderSlot) {
        let Order {
            owner,
            client_order_id: id,
            ..
        } = self.slab[slot as usize];
        let hash = hash_client(owner, &id);
        let slab = &mut self.slab;
        let found = self.by_client.find_mut(hash, |known| {
            let known = &slab[*known as usize];
            known.owner == owner && known.client_order_id == id
        });
        if let Some(newest) = found {
            slab[*newest as usize].newer_namesake = slot;
            slab[slot as usize].older_namesake = *newest;
            *newest = slot;
            return;
        }
        let slab = &self.slab;
        self.by_client.insert_unique(hash, slot, |slot| {
            let order = &slab[*slot as usize];
            hash_client(order.owner, &order.client_order_id)
        });
    }

    fn unlink_client(&mut self, slot: OrderSlot) {
        let order = self.slab[slot as usize];
        let (newer, older) = (order.newer_namesake, order.older_namesake);
        if older != NONE {
            self.slab[older as usize].newer_namesake = newer;
        }
        if newer != NONE {
            self.slab[newer as usize].older_namesake = older;
            return;
        }
        let hash = hash_client(order.owner, &order.client_order_id);
        if let Ok(mut entry) = self.by_client.find_entry(hash, |known| *known == slot) {
            if older == NONE {
                entry.remove();
            } else {
                *entry.get_mut() = older;
            }
        }
    }

    /// Puts an order at the head of its owner's pending list. Ids ascend, so the list does too.
    #[inline]
    pub fn link_pending(&mut self, slot: OrderSlot, owners: &mut Owners) {
        let order = self.at_mut(slot);
        order.is_listed = true;
        let (owner, instrument) = (order.owner, order.instrument);
        let owner = owners.at_mut(owner);
        owner.count_pending(instrument);
        self.link(slot, &mut owner.pending_head);
        self.open += 1;
    }

    /// Moves an order to its owner's finished list, from the pending one if it stands there.
    #[inline]
    pub fn finish(&mut self, slot: OrderSlot, owners: &mut Owners) {
        let order = self.at_mut(slot);
        let was_listed = std::mem::take(&mut order.is_listed);
        let (owner, instrument) = (order.owner, order.instrument);
        let owner = owners.at_mut(owner);
        if was_listed {
            owner.uncount_pending(instrument);
            self.unlink(slot, &mut owner.pending_head);
            self.open -= 1;
        }
        self.link(slot, &mut owner.finished_head);
        self.finished.push_back(slot);
        self.finished_total += 1;
    }

    fn link(&mut self, slot: OrderSlot, head: &mut u32) {
        let older = *head;
        if older != NONE {
            self.slab[older as usize].newer = slot;
        }
        let order = &mut self.slab[slot as usize];
        (order.newer, order.older) = (NONE, older);
        *head = slot;
    }

    fn unlink(&mut self, slot: OrderSlot, head: &mut u32) {
        let order = &self.slab[slot as usize];
        let (newer, older) = (order.newer, order.older);
        if older != NONE {
            self.slab[older as usize].newer = newer;
        }
        if newer != NONE {
            self.slab[newer as usize].older = older;
        } else {
            *head = older;
        }
    }

    /// Puts back orders as a snapshot has them: the first `pending` of them pending, the others
    /// finished in this order. Their slots, in the same order. Lists and indexes are rebuilt in the
    /// order of ids, in which they grew.
    pub(crate) fn restore(
        &mut self,
        orders: &[Order],
        pending: usize,
        owners: &mut Owners,
    ) -> Vec<OrderSlot> {
        let mut places: Vec<usize> = (0..orders.len()).collect();
        places.sort_unstable_by_key(|place| orders[*place].id);
        let mut slots = vec![NONE; orders.len()];
        self.reserve(orders.len());
        for place in places {
            slots[place] = self.insert(orders[place]);
            if place < pending {
                self.link_pending(slots[place], owners);
            }
        }
        for slot in &slots[pending..] {
            self.finish(*slot, owners);
        }
        slots
    }

    fn reserve(&mut self, count: usize) {
        self.slab.reserve(count);
        let slab = &self.slab;
        self.by_id
            .reserve(count, |slot| hash_id(slab[*slot as usize].id));
    }

    /// Forgets the order that finished first.
    pub(super) fn forget_first(&mut self, owners: &mut Owners) {
        let slot = self.finished.pop_front().expect("something is finished");
        let Order {
            owner,
            id,
            client_order_id,
            ..
        } = self.slab[slot as usize];
        self.unlink(slot, &mut owners.at_mut(owner).finished_head);
        if !client_order_id.is_empty() {
            self.unlink_client(slot);
        }
        if let Ok(entry) = self.by_id.find_entry(hash_id(id), |known| *known == slot) {
            entry.remove();
        }
        self.free.push(slot);
    }

    /// An owner's list from `head`, newest first.
    pub fn list(&self, head: OrderSlot) -> impl Iterator<Item = &Order> + '_ {
        self.slots(head).map(|slot| self.at(slot))
    }

    /// The same, as slots.
    pub fn slots(&self, head: OrderSlot) -> impl Iterator<Item = OrderSlot> + '_ {
        let some = |slot: OrderSlot| (slot != NONE).then_some(slot);
        std::iter::successors(some(head), move |slot| some(self.at(*slot).older))
    }

    /// Retained finished orders, the first finished first.
    pub fn finished(&self) -> impl Iterator<Item = &Order> + '_ {
        self.finished.iter().map(|slot| self.at(*slot))
    }

    pub fn finished_len(&self) -> usize {
        self.finished.len()
    }

    pub fn memory_bytes(&self) -> usize {
        self.slab.capacity() * size_of::<Order>()
            + 4 * (self.free.capacity() + self.finished.capacity())
            + 5 * (self.by_id.capacity() + self.by_client.capacity())
            + self.fills.capacity() * size_of::<Fill>()
    }
}
