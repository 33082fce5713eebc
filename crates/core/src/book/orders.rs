//! The resting orders: one queue per price level, in linked blocks of a cache line each.
//!
//! Why blocks, and not a link in each order: orders are cancelled at random, and in a deep book
//! each line of memory that is touched costs more than all the arithmetic. Taking an order
//! out of a block touches that block alone; its neighbours only when the block is empty.
//! An order's place is not given to another before the whole block is free, since a place
//! stands for a moment in time.

use super::Handle;
use super::levels::{LevelNode, LevelSlot, NONE};
use crate::prefetch::prefetch_item;

/// Orders per block: what fits in a cache line beside the block's own links.
const PLACES: usize = 3;
/// A handle is the block's slot and the order's place in it.
const PLACE_BITS: u32 = 2;
const BLOCKS_MAX: usize = 1 << (32 - PLACE_BITS);

/// One resting order, as far as its level does not know it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) size: u64,
    pub(super) order: u64,
}

/// Up to three orders of one level, in the order of their arrival.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
struct Block {
    before: u32,
    behind: u32,
    level: LevelSlot,
    /// A bit for each place in which an order rests. Only a free block has none.
    live: u8,
    /// Places that were given to an order, resting still or not.
    filled: u8,
    entries: [Entry; PLACES],
}

const _: () = assert!(size_of::<Block>() == 64);

impl Block {
    #[inline]
    fn first(&self) -> u32 {
        self.live.trailing_zeros()
    }

    /// The first order behind a place of this block.
    #[inline]
    fn after(&self, place: u32) -> Option<u32> {
        let later = u32::from(self.live) & (!1 << place);
        (later != 0).then(|| later.trailing_zeros())
    }
}

#[derive(Clone, Debug)]
pub(super) struct Orders {
    blocks: Vec<Block>,
    /// Freed blocks, chained through `behind`.
    free: u32,
    len: usize,
}

impl Default for Orders {
    fn default() -> Self {
        Orders {
            blocks: Vec::new(),
            free: NONE,
            len: 0,
        }
    }
}

#[inline]
fn split(handle: Handle) -> (u32, u32) {
    (handle >> PLACE_BITS, handle & ((1 << PLACE_BITS) - 1))
}

#[inline]
fn join(block: u32, place: u32) -> Handle {
    block << PLACE_BITS | place
}

impl Orders {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Whether an order that needs a block of its own could not get one.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.free == NONE && self.blocks.len() == BLOCKS_MAX
    }

    #[inline]
    fn block(&self, handle: Handle) -> (&Block, u32) {
        let (block, place) = split(handle);
        let block = &self.blocks[block as usize];
        assert!(block.live >> place & 1 == 1, "the handle is valid");
        (block, place)
    }

    #[inline]
    pub(super) fn get(&self, handle: Handle) -> (LevelSlot, Entry) {
        let (block, place) = self.block(handle);
        (block.level, block.entries[place as usize])
    }

    /// Whether an order rests at this handle.
    #[inline]
    pub(super) fn is_resting(&self, handle: Handle) -> bool {
        let (block, place) = split(handle);
        let block = self.blocks.get(block as usize);
        block.is_some_and(|block| block.live >> place & 1 == 1)
    }

    /// For reading ahead: begins to load the block of an order, which may not exist any more.
    #[inline]
    pub(super) fn prefetch(&self, handle: Handle) {
        self.prefetch_block(split(handle).0);
    }

    /// For reading ahead: begins to load a block, which may not exist.
    #[inline]
    pub(super) fn prefetch_block(&self, block: u32) {
        prefetch_item(&self.blocks, block);
    }

    /// For reading ahead: the level of an order, which may not exist any more; begins to load the
    /// neighbours from which the block will be unlinked if the order is the last one in it.
    #[inline]
    pub(super) fn level(&self, handle: Handle) -> LevelSlot {
        let Some(block) = self.blocks.get(split(handle).0 as usize) else {
            return NONE;
        };
        if block.live.is_power_of_two() {
            self.prefetch_block(block.before);
            self.prefetch_block(block.behind);
        }
        block.level
    }

    /// The first order of a level on which something rests.
    #[inline]
    pub(super) fn first(&self, level: &LevelNode) -> Handle {
        join(level.first, self.blocks[level.first as usize].first())
    }

    /// The order behind this one at the same level, and which level that is.
    #[inline]
    pub(super) fn next(&self, handle: Handle) -> (LevelSlot, Option<Handle>) {
        let (block, place) = self.block(handle);
        let next = match block.after(place) {
            Some(place) => Some(join(split(handle).0, place)),
            None => {
                let behind = self.blocks.get(block.behind as usize);
                behind.map(|other| join(block.behind, other.first()))
            }
        };
        (block.level, next)
    }

    /// Makes an order smaller; its level.
    #[inline]
    pub(super) fn reduce(&mut self, handle: Handle, by: u64) -> LevelSlot {
        let (block, place) = split(handle);
        let block = &mut self.blocks[block as usize];
        assert!(block.live >> place & 1 == 1, "the handle is valid");
        let entry = &mut block.entries[place as usize];
        assert!(by < entry.size, "reduce leaves something");
        entry.size -= by;
        block.level
    }

    /// Puts an order at the back of a level's queue.
    #[inline]
    pub(super) fn push(&mut self, slot: LevelSlot, level: &mut LevelNode, entry: Entry) -> Handle {
        self.len += 1;
        if let Some(block) = self.blocks.get_mut(level.last as usize) {
            let place = block.filled;
            if let Some(free) = block.entries.get_mut(place as usize) {
                *free = entry;
                block.filled += 1;
                block.live |= 1 << place;
                return join(level.last, u32::from(place));
            }
        }
        let before = level.last;
        let block = self.allocate(Block {
            before,
            behind: NONE,
            level: slot,
            live: 1,
            filled: 1,
            entries: [entry; PLACES],
        });
        match self.blocks.get_mut(before as usize) {
            Some(other) => other.behind = block,
            None => level.first = block,
        }
        level.last = block;
        join(block, 0)
    }

    /// Takes an order, whose level is known from `get`, out of its queue.
    #[inline]
    pub(super) fn remove(&mut self, handle: Handle, level: &mut LevelNode) {
        self.len -= 1;
        let (slot, place) = split(handle);
        let block = &mut self.blocks[slot as usize];
        block.live &= !(1 << place);
        if block.live == 0 {
            self.unlink(slot, level);
        }
    }

    #[inline]
    fn unlink(&mut self, slot: u32, level: &mut LevelNode) {
        let &Block { before, behind, .. } = &self.blocks[slot as usize];
        match self.blocks.get_mut(before as usize) {
            Some(other) => other.behind = behind,
            None => level.first = behind,
        }
        match self.blocks.get_mut(behind as usize) {
            Some(other) => other.before = before,
            None => level.last = before,
        }
        self.blocks[slot as usize].behind = self.free;
        self.free = slot;
    }

    #[inline]
    fn allocate(&mut self, block: Block) -> u32 {
        let slot = self.free;
        match self.blocks.get_mut(slot as usize) {
            Some(free) => {
                self.free = free.behind;
                *free = block;
                slot
            }
            None => {
                self.blocks.push(block);
                (self.blocks.len() - 1) as u32
            }
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.blocks.capacity() * size_of::<Block>()
    }
}
