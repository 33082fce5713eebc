//! Owners: who may do what, and where their orders and trading accounts are.

use crate::index::{IdIndex, NONE};
use crate::orders::dead_man::Switch;
use crate::prefetch::prefetch_item;
use crate::types::{KycLevel, OwnerFlags, OwnerId, Segment, Suspended, Tier};

/// An owner's place in the table.
pub type OwnerSlot = u32;

/// Two lines of the cache; the second holds the lists.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Owner {
    pub id: OwnerId,
    /// Itself for a master account. Self-trade prevention and sub-account transfers go by it.
    pub master: OwnerId,
    /// Positions of the last finished order and the last fill, counted since genesis; 0 is none.
    pub newest_finished: u64,
    pub newest_fill: u64,
    pub segment: Segment,
    /// Newest pending order.
    pub pending_head: u32,
    pub pending: u32,
    pub tier: Tier,
    pub flags: OwnerFlags,
    pub kyc: KycLevel,
    /// What suspensions of this owner or its segment stop; derived.
    pub suspended: Suspended,
    /// Pending orders by instrument slot, as far as there have been any.
    pub pending_on: Vec<u32>,
    /// Ledger slots of the trading accounts by asset slot.
    pub trading: Vec<u32>,
    pub switches: Vec<Switch>,
}

impl Owner {
    pub fn is(&self, flag: OwnerFlags) -> bool {
        self.flags.contains(flag)
    }

    #[inline]
    pub fn pending_on(&self, instrument: u32) -> u32 {
        self.pending_on
            .get(instrument as usize)
            .copied()
            .unwrap_or(0)
    }

    #[inline]
    pub fn count_pending(&mut self, instrument: u32) {
        let place = instrument as usize;
        if place >= self.pending_on.len() {
            self.pending_on.resize(place + 1, 0);
        }
        self.pending_on[place] += 1;
        self.pending += 1;
    }

    #[inline]
    pub fn uncount_pending(&mut self, instrument: u32) {
        self.pending_on[instrument as usize] -= 1;
        self.pending -= 1;
    }

    /// Ledger slot of the trading account of an asset, if it has been opened.
    #[inline]
    pub fn trading(&self, asset: u32) -> Option<u32> {
        self.trading
            .get(asset as usize)
            .copied()
            .filter(|slot| *slot != NONE)
    }

    pub fn set_trading(&mut self, asset: u32, slot: u32) {
        let place = asset as usize;
        if place >= self.trading.len() {
            self.trading.resize(place + 1, NONE);
        }
        self.trading[place] = slot;
    }
}

/// What OpenOwner and SetOwner say about an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    pub segment: Segment,
    pub tier: Tier,
    pub flags: OwnerFlags,
    pub kyc: KycLevel,
}

#[derive(Default)]
pub struct Owners {
    items: Vec<Owner>,
    index: IdIndex,
}

impl Owners {
    #[inline]
    pub fn slot(&self, id: OwnerId) -> Option<OwnerSlot> {
        self.index.get(id.0)
    }

    #[inline]
    pub fn at(&self, slot: OwnerSlot) -> &Owner {
        &self.items[slot as usize]
    }

    /// For reading ahead: begins to load an owner, which may not exist.
    #[inline]
    pub(crate) fn prefetch(&self, slot: OwnerSlot) {
        prefetch_item(&self.items, slot);
    }

    /// For reading ahead: begins to load an owner's lists.
    #[inline]
    pub(crate) fn prefetch_lists(&self, slot: OwnerSlot) {
        if let Some(owner) = self.items.get(slot as usize) {
            prefetch_item(&owner.trading, 0);
            prefetch_item(&owner.pending_on, 0);
        }
    }

    #[inline]
    pub fn at_mut(&mut self, slot: OwnerSlot) -> &mut Owner {
        &mut self.items[slot as usize]
    }

    pub fn get(&self, id: OwnerId) -> Option<&Owner> {
        self.slot(id).map(|slot| self.at(slot))
    }

    pub fn count(&self) -> usize {
        self.items.len()
    }

    pub fn all(&self) -> &[Owner] {
        &self.items
    }

    /// Adds an owner; the caller has checked that the id is free.
    pub fn open(&mut self, id: OwnerId, master: OwnerId, profile: Profile) -> OwnerSlot {
        let slot = self.items.len() as u32;
        self.items.push(Owner {
            id,
            master,
            segment: profile.segment,
            tier: profile.tier,
            flags: profile.flags,
            kyc: profile.kyc,
            suspended: Suspended::NONE,
            pending_head: NONE,
            newest_finished: 0,
            newest_fill: 0,
            pending: 0,
            pending_on: Vec::new(),
            trading: Vec::new(),
            switches: Vec::new(),
        });
        self.index.insert(id.0, slot);
        slot
    }

    /// Takes back the last `open`.
    pub fn close_last(&mut self) {
        let owner = self.items.pop().expect("an owner was opened");
        self.index.remove(owner.id.0);
    }

    pub fn set(&mut self, slot: OwnerSlot, profile: Profile) {
        let owner = self.at_mut(slot);
        owner.segment = profile.segment;
        owner.tier = profile.tier;
        owner.flags = profile.flags;
        owner.kyc = profile.kyc;
    }

    /// Slots ascending by id, from the first id above `after`.
    pub fn sorted_after(&self, after: u64) -> Vec<OwnerSlot> {
        let mut slots: Vec<OwnerSlot> = (0..self.items.len() as u32)
            .filter(|slot| self.at(*slot).id.0 > after)
            .collect();
        slots.sort_unstable_by_key(|slot| self.at(*slot).id);
        slots
    }

    pub fn memory_bytes(&self) -> usize {
        let lists: usize = self
            .items
            .iter()
            .map(|owner| 4 * (owner.pending_on.capacity() + owner.trading.capacity()))
            .sum();
        self.items.capacity() * size_of::<Owner>() + lists + self.index.memory_bytes()
    }
}
