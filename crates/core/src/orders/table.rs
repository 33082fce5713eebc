//! The table of orders at work: those that rest, and the one that takes.
//!
//! Only resting orders are listed: found by id, by the client's id and in their owner's list. An
//! order that finishes leaves the table for the retained ones (`retention`), so the table stays as
//! small as the books and near the processor, whatever has been traded.

use super::ids::Ids;
use super::retention::Retained;
use super::{Deed, Labels, Order, OrderSlot};
use crate::index::{NONE, hash_id};
use crate::owners::Owners;
use crate::prefetch::prefetch_item;
use crate::slots::Slots;
use crate::types::*;

/// Neighbours of a listed order in its owner's list. They stand apart from the orders, so that
/// linking one does not touch the memory of two others.
#[derive(Clone, Copy, Debug)]
struct Links {
    newer: OrderSlot,
    older: OrderSlot,
}

const UNLINKED: Links = Links {
    newer: NONE,
    older: NONE,
};

/// Slots are reused last in, first out; the indexes hold slots only and read keys from the orders.
#[derive(Default)]
pub struct Orders {
    pub(super) slab: Vec<Order>,
    /// By the same slots, where an order has any.
    pub(super) labels: Vec<Labels>,
    links: Vec<Links>,
    free: Vec<OrderSlot>,
    by_id: Ids,
    by_client: Slots,
    pub(super) finished: Retained<()>,
    pub(super) fills: Retained<Deed>,
    /// Orders since genesis; the next id follows from it.
    pub placed_total: u64,
    /// Resting orders.
    pub open: u64,
}

#[inline]
fn hash_client(owner: u32, id: &ClientOrderId) -> u64 {
    hash_id((owner, id))
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

    /// An order's labels; those of an order without any are empty.
    #[inline]
    pub fn labels(&self, slot: OrderSlot) -> &Labels {
        if self.at(slot).is_labelled {
            &self.labels[slot as usize]
        } else {
            &Labels::NONE
        }
    }

    /// The resting order with this id.
    #[inline]
    pub fn find(&self, id: u64) -> Option<OrderSlot> {
        self.by_id.find(id, &self.slab)
    }

    /// For reading ahead: begins to look an id up.
    #[inline]
    pub(crate) fn prefetch_id(&self, id: u64) {
        self.by_id.prefetch(id);
    }

    /// For reading ahead: where the order with this id probably is.
    #[inline]
    pub(crate) fn guess(&self, id: u64) -> OrderSlot {
        self.by_id.guess(id)
    }

    /// The same by the owner's client order id.
    #[inline]
    pub(crate) fn guess_client(&self, owner: u32, id: &ClientOrderId) -> OrderSlot {
        let found = self.by_client.find(hash_client(owner, id), |_| true);
        found.unwrap_or(NONE)
    }

    /// For reading ahead: begins to load an order, which may not exist.
    #[inline]
    pub(crate) fn prefetch(&self, slot: OrderSlot) {
        prefetch_item(&self.slab, slot);
        prefetch_item(&self.links, slot);
    }

    /// For reading ahead: the order, if there is one; begins to load its labels and its neighbours'
    /// links.
    #[inline]
    pub(crate) fn ahead(&self, slot: OrderSlot) -> Option<&Order> {
        let Links { newer, older } = *self.links.get(slot as usize)?;
        prefetch_item(&self.links, newer);
        prefetch_item(&self.links, older);
        let order = self.slab.get(slot as usize)?;
        prefetch_item(&self.labels, if order.is_labelled { slot } else { 0 });
        Some(order)
    }

    /// The owner's resting order with this client order id; there is at most one.
    #[inline]
    pub fn find_client(&self, owner: u32, id: &ClientOrderId) -> Option<OrderSlot> {
        let same = |slot: OrderSlot| {
            self.labels[slot as usize].client_order_id == *id && self.at(slot).owner == owner
        };
        self.by_client.find(hash_client(owner, id), same)
    }

    /// Takes an order to work on; it is not listed yet.
    #[inline]
    pub fn insert(&mut self, order: Order, labels: &Labels) -> OrderSlot {
        if let Some(slot) = self.free.pop() {
            self.slab[slot as usize] = order;
            if order.is_labelled {
                self.labels[slot as usize] = *labels;
            }
            return slot;
        }
        self.slab.push(order);
        self.labels.push(*labels);
        self.links.push(UNLINKED);
        (self.slab.len() - 1) as OrderSlot
    }

    /// Lists an order that rests, at the head of its owner's list. Ids ascend, so does the list.
    #[inline]
    pub fn list(&mut self, slot: OrderSlot, owners: &mut Owners) {
        self.index(slot);
        let &Order {
            owner, instrument, ..
        } = self.at(slot);
        owners.at_mut(owner).count_pending(instrument);
        self.link(slot, owner, owners);
    }

    /// Makes a listed order known by its ids.
    #[inline]
    fn index(&mut self, slot: OrderSlot) {
        let order = &mut self.slab[slot as usize];
        order.is_listed = true;
        let owner = order.owner;
        let (slab, labels) = (&self.slab, &self.labels);
        self.by_id.insert(slot, slab);
        let named = self.labels(slot).client_order_id;
        if !named.is_empty() {
            let client_of = |slot: OrderSlot| {
                let slot = slot as usize;
                hash_client(slab[slot].owner, &labels[slot].client_order_id)
            };
            let hash = hash_client(owner, &named);
            self.by_client.insert(hash, slot, client_of);
        }
        self.open += 1;
    }

    #[inline]
    fn link(&mut self, slot: OrderSlot, owner: u32, owners: &mut Owners) {
        let owner = owners.at_mut(owner);
        let older = std::mem::replace(&mut owner.pending_head, slot);
        self.links[slot as usize] = Links { newer: NONE, older };
        if older != NONE {
            self.links[older as usize].newer = slot;
        }
    }

    #[inline]
    fn unlist(&mut self, slot: OrderSlot, owners: &mut Owners) {
        let Order {
            id,
            owner,
            instrument,
            ..
        } = self.slab[slot as usize];
        self.by_id.remove(id, slot);
        let named = &self.labels(slot).client_order_id;
        if !named.is_empty() {
            let hash = hash_client(owner, named);
            self.by_client.remove(hash, slot);
        }
        let owner = owners.at_mut(owner);
        owner.uncount_pending(instrument);
        let Links { newer, older } = self.links[slot as usize];
        if older != NONE {
            self.links[older as usize].newer = newer;
        }
        if newer != NONE {
            self.links[newer as usize].older = older;
        } else {
            owner.pending_head = older;
        }
        self.open -= 1;
    }

    /// Moves an order out of the table to the finished ones.
    #[inline]
    pub fn finish(&mut self, slot: OrderSlot, owners: &mut Owners) {
        if self.slab[slot as usize].is_listed {
            self.unlist(slot, owners);
        }
        self.remember_slot(slot, owners);
        self.free.push(slot);
    }

    /// Makes room for resting orders that a snapshot is about to put back.
    pub(crate) fn expect(&mut self, count: usize) {
        self.slab.reserve(count);
        self.labels.reserve(count);
        self.links.reserve(count);
        self.by_client
            .reserve(count, |_| unreachable!("the table is empty"));
    }

    /// Puts back a resting order; `link_restored` follows when all are there.
    pub(crate) fn restore(
        &mut self,
        order: Order,
        labels: &Labels,
        owners: &mut Owners,
    ) -> OrderSlot {
        let slot = self.insert(order, labels);
        self.index(slot);
        owners.at_mut(order.owner).count_pending(order.instrument);
        slot
    }

    /// Links restored orders into their owners' lists, in the order of ids, in which they came.
    pub(crate) fn link_restored(
        &mut self,
        mut orders: Vec<(u64, OrderSlot, u32)>,
        owners: &mut Owners,
    ) {
        orders.sort_unstable();
        for (_, slot, owner) in orders {
            self.link(slot, owner, owners);
        }
    }

    /// An owner's resting orders from the head of its list, newest first.
    pub fn listed(&self, head: OrderSlot) -> impl Iterator<Item = &Order> + '_ {
        self.listed_slots(head).map(|slot| self.at(slot))
    }

    /// The same with their labels.
    pub fn listed_labelled(&self, head: OrderSlot) -> impl Iterator<Item = (&Order, &Labels)> + '_ {
        self.listed_slots(head)
            .map(|slot| (self.at(slot), self.labels(slot)))
    }

    /// The same, as slots.
    pub fn listed_slots(&self, head: OrderSlot) -> impl Iterator<Item = OrderSlot> + '_ {
        let some = |slot: OrderSlot| (slot != NONE).then_some(slot);
        std::iter::successors(some(head), move |slot| {
            some(self.links[*slot as usize].older)
        })
    }

    pub fn memory_bytes(&self) -> usize {
        self.slab.capacity() * (size_of::<Order>() + size_of::<Links>())
            + self.labels.capacity() * size_of::<Labels>()
            + 4 * self.free.capacity()
            + self.by_id.memory_bytes()
            + self.by_client.memory_bytes()
            + self.finished.memory_bytes()
            + self.fills.memory_bytes()
    }
}
