//! The price levels of both sides: a slab of levels, each linked to its neighbours in price.

use super::index::Index;
use super::{Level, Side};

/// Where a level is in the slab.
pub(super) type LevelSlot = u32;

/// Stands for "no slot" in links.
pub(super) const NONE: u32 = u32::MAX;

/// One price and the queue of orders that rest at it.
#[derive(Clone, Debug)]
pub(super) struct LevelNode {
    pub(super) price: u64,
    pub(super) size: u64,
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) count: u32,
    better: LevelSlot,
    worse: LevelSlot,
    pub(super) side: Side,
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
    /// Freed levels, chained through `worse`.
    free: LevelSlot,
    sides: [Ranking; 2],
}

impl Default for Levels {
    fn default() -> Self {
        let side = || Ranking {
            index: Index::default(),
            best: NONE,
        };
        Levels {
            nodes: Vec::new(),
            free: NONE,
            sides: [side(), side()],
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

    #[inline]
    pub(super) fn best(&self, side: Side) -> Option<&LevelNode> {
        self.nodes.get(self.sides[side as usize].best as usize)
    }

    /// The next worse level, if any.
    #[inline]
    pub(super) fn worse(&self, level: &LevelNode) -> Option<&LevelNode> {
        self.nodes.get(level.worse as usize)
    }

    #[inline]
    pub(super) fn find(&self, side: Side, price: u64) -> Option<LevelSlot> {
        let ranking = &self.sides[side as usize];
        if self.best(side).is_some_and(|best| best.price == price) {
            return Some(ranking.best);
        }
        let rank = side.rank(price);
        ranking.index.get(ranking.index.place(rank), rank)
    }

    /// The level at a price, made empty if it is not there.
    #[inline]
    pub(super) fn find_or_add(&mut self, side: Side, price: u64) -> LevelSlot {
        let ranking = &self.sides[side as usize];
        if self.best(side).is_some_and(|best| best.price == price) {
            return ranking.best;
        }
        let rank = side.rank(price);
        let place = ranking.index.place(rank);
        if let Some(slot) = ranking.index.get(place, rank) {
            return slot;
        }
        let (worse, better) = match ranking.index.around(place) {
            (_, Some(better)) => (self.get(better).worse, better),
            (Some(worse), None) => (worse, self.get(worse).better),
            (None, None) => (NONE, NONE),
        };
        let slot = self.allocate(LevelNode {
            price,
            size: 0,
            first: NONE,
            last: NONE,
            count: 0,
            better,
            worse,
            side,
        });
        self.link(side, worse, slot);
        self.link(side, slot, better);
        self.sides[side as usize].index.insert(place, rank, slot);
        slot
    }

    /// Takes out a level on which nothing rests any more.
    #[inline]
    pub(super) fn remove(&mut self, slot: LevelSlot) {
        let &LevelNode {
            side,
            price,
            worse,
            better,
            ..
        } = self.get(slot);
        self.sides[side as usize].index.remove(side.rank(price));
        self.link(side, worse, better);
        self.get_mut(slot).worse = self.free;
        self.free = slot;
    }

    /// Makes two levels neighbours; `NONE` above is the top of the side.
    #[inline]
    fn link(&mut self, side: Side, worse: LevelSlot, better: LevelSlot) {
        if let Some(level) = self.nodes.get_mut(worse as usize) {
            level.better = better;
        }
        match self.nodes.get_mut(better as usize) {
            Some(level) => level.worse = worse,
            None => self.sides[side as usize].best = worse,
        }
    }

    #[inline]
    fn allocate(&mut self, level: LevelNode) -> LevelSlot {
        let slot = self.free;
        match self.nodes.get_mut(slot as usize) {
            Some(node) => {
                self.free = node.worse;
                *node = level;
                slot
            }
            None => {
                self.nodes.push(level);
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
        self.nodes.capacity() * size_of::<LevelNode>() + indexes
    }
}
