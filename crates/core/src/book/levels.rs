//! The price levels of both sides: a slab of levels, each linked to its neighbours in price.

use super::hints::Hints;
use super::index::{Index, Place};
use super::{Level, Side};
use crate::prefetch::prefetch_item;

/// Where a level is in the slab.
pub(super) type LevelSlot = u32;

/// Stands for "no slot" in links.
pub(super) const NONE: u32 = u32::MAX;

/// One price and the queue of orders that rest at it: what most commands touch, in half a line.
#[derive(Clone, Debug)]
#[repr(align(32))]
pub(super) struct LevelNode {
    pub(super) price: u64,
    pub(super) size: u64,
    /// First and last block of the queue.
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) count: u32,
    pub(super) side: Side,
}

const _: () = assert!(size_of::<LevelNode>() == 32);

/// A level's neighbours in price: touched when levels come and go.
#[derive(Clone, Copy, Debug)]
struct Links {
    better: LevelSlot,
    worse: LevelSlot,
}

impl LevelNode {
    #[inline]
    pub(super) fn level(&self) -> Level {
        Level {
            price: self.price,
            size: self.size,
            count: self.count,
        }
    }
}

/// One side: its levels by rank, and the best of them.
#[derive(Clone, Debug)]
struct Ranking {
    index: Index,
    best: LevelSlot,
}

#[derive(Clone, Debug)]
pub(super) struct Levels {
    nodes: Vec<LevelNode>,
    /// By the same slots as `nodes`.
    links: Vec<Links>,
    /// Freed levels, chained through `worse` of their links.
    free: LevelSlot,
    sides: [Ranking; 2],
    hints: Hints,
}

impl Default for Levels {
    fn default() -> Self {
        let side = || Ranking {
            index: Index::default(),
            best: NONE,
        };
        Levels {
            nodes: Vec::new(),
            links: Vec::new(),
            free: NONE,
            sides: [side(), side()],
            hints: Hints::default(),
        }
    }
}

impl Levels {
    #[inline]
    pub(super) fn get(&self, slot: LevelSlot) -> &LevelNode {
        &self.nodes[slot as usize]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, slot: LevelSlot) -> &mut LevelNode {
        &mut self.nodes[slot as usize]
    }

    /// For reading ahead: begins to load the guess where the level at a price is.
    #[inline]
    pub(super) fn prefetch_hint(&self, side: Side, price: u64) {
        self.hints.prefetch(side.rank(price));
    }

    /// For reading ahead: where the level at a price probably is; begins to load it.
    #[inline]
    pub(super) fn prefetch_guess(&self, side: Side, price: u64) -> LevelSlot {
        let slot = self.hints.get(side.rank(price));
        self.prefetch(slot);
        slot
    }

    /// For reading ahead: begins to load a level, which may not exist.
    #[inline]
    pub(super) fn prefetch(&self, slot: LevelSlot) {
        prefetch_item(&self.nodes, slot);
    }

    /// For reading ahead: the last block of a level, which may not exist; begins to load its
    /// neighbours' links if few orders rest on it.
    #[inline]
    pub(super) fn last_block(&self, slot: LevelSlot) -> u32 {
        let Some(level) = self.nodes.get(slot as usize) else {
            return NONE;
        };
        if level.count <= 1 {
            prefetch_item(&self.links, slot);
        }
        level.last
    }

    #[inline]
    pub(super) fn best(&self, side: Side) -> Option<&LevelNode> {
        self.nodes.get(self.sides[side as usize].best as usize)
    }

    /// The next worse level, if any.
    #[inline]
    pub(super) fn worse(&self, slot: LevelSlot) -> Option<&LevelNode> {
        self.nodes.get(self.links[slot as usize].worse as usize)
    }

    /// The levels of a side, best first.
    pub(super) fn descend(&self, side: Side) -> impl Iterator<Item = &LevelNode> {
        let mut slot = self.sides[side as usize].best;
        std::iter::from_fn(move || {
            let level = self.nodes.get(slot as usize)?;
            slot = self.links[slot as usize].worse;
            Some(level)
        })
    }

    #[inline]
    pub(super) fn find(&self, side: Side, price: u64) -> Option<LevelSlot> {
        self.hinted(side, price).or_else(|| {
            let rank = side.rank(price);
            let index = &self.sides[side as usize].index;
            index.get(index.place(rank), rank)
        })
    }

    /// The level at a price, made empty if it is not there.
    #[inline]
    pub(super) fn find_or_add(&mut self, side: Side, price: u64) -> LevelSlot {
        self.hinted(side, price)
            .unwrap_or_else(|| self.look_up_or_add(side, price))
    }

    /// The level at a price, if the hint still says so.
    #[inline]
    fn hinted(&self, side: Side, price: u64) -> Option<LevelSlot> {
        let slot = self.hints.get(side.rank(price));
        let level = self.nodes.get(slot as usize)?;
        let right = level.price == price && level.side == side && level.count > 0;
        right.then_some(slot)
    }

    fn look_up_or_add(&mut self, side: Side, price: u64) -> LevelSlot {
        let rank = side.rank(price);
        let index = &self.sides[side as usize].index;
        let place = index.place(rank);
        let slot = index
            .get(place, rank)
            .unwrap_or_else(|| self.add(side, price, place));
        self.hints.set(rank, slot);
        slot
    }

    fn add(&mut self, side: Side, price: u64, place: Place) -> LevelSlot {
        let index = &self.sides[side as usize].index;
        let (worse, better) = match index.around(place) {
            (_, Some(better)) => (self.links[better as usize].worse, better),
            (Some(worse), None) => (worse, self.links[worse as usize].better),
            (None, None) => (NONE, NONE),
        };
        let level = LevelNode {
            price,
            size: 0,
            first: NONE,
            last: NONE,
            count: 0,
            side,
        };
        let slot = self.allocate(level, Links { better, worse });
        self.link(side, worse, slot);
        self.link(side, slot, better);
        self.sides[side as usize]
            .index
            .insert(place, side.rank(price), slot);
        slot
    }

    /// Takes out a level on which nothing rests any more.
    pub(super) fn remove(&mut self, slot: LevelSlot) {
        let &LevelNode { side, price, .. } = self.get(slot);
        let Links { better, worse } = self.links[slot as usize];
        self.sides[side as usize].index.remove(side.rank(price));
        self.link(side, worse, better);
        self.links[slot as usize].worse = self.free;
        self.free = slot;
    }

    /// Makes two levels neighbours; `NONE` above is the top of the side.
    #[inline]
    fn link(&mut self, side: Side, worse: LevelSlot, better: LevelSlot) {
        if let Some(links) = self.links.get_mut(worse as usize) {
            links.better = better;
        }
        match self.links.get_mut(better as usize) {
            Some(links) => links.worse = worse,
            None => self.sides[side as usize].best = worse,
        }
    }

    #[inline]
    fn allocate(&mut self, level: LevelNode, links: Links) -> LevelSlot {
        let slot = self.free;
        match self.links.get_mut(slot as usize) {
            Some(free) => {
                self.free = free.worse;
                *free = links;
                self.nodes[slot as usize] = level;
                slot
            }
            None => {
                self.nodes.push(level);
                self.links.push(links);
                self.hints.grow(self.nodes.len());
                (self.nodes.len() - 1) as LevelSlot
            }
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let indexes: usize = self
            .sides
            .iter()
            .map(|side| side.index.memory_bytes())
            .sum();
        let levels = self.nodes.capacity() * size_of::<LevelNode>();
        levels + self.links.capacity() * size_of::<Links>() + indexes + self.hints.memory_bytes()
    }
}
