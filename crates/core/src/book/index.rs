//! Finds a price level by its rank: a B+ tree from rank to the level's slot.
//!
//! Why a tree that compares, and not pages of price slots: prices come at a scale fixed for the
//! instrument's life while the tick may be any multiple of it, so neighbouring levels may be
//! 1 or 10^9 apart. A page of slots would then hold one level each; here the cost depends on
//! the number of levels alone.
//!
//! Better prices have greater ranks, so the touch is at the end of the rightmost leaf, where
//! adding and taking away moves the fewest entries. That leaf is `TOUCH` for ever: splits move
//! the lower half out of a node, and joins move the left node into the right one.

use super::levels::LevelSlot;

/// Entries per node: two cache lines of ranks and one of slots.
const CAPACITY: usize = 15;
/// Below this a node is refilled before anything is taken from it. A quarter, not half, so that
/// a level that comes and goes does not split and join a node each time.
const THIN: usize = CAPACITY / 4;
/// Neighbours that fit in this together become one node.
const JOINED: usize = CAPACITY - CAPACITY / 4;
/// The rightmost leaf.
const TOUCH: u32 = 0;

/// A leaf: ranks with their level slots. An inner node: upper bounds with their child nodes.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
struct Node {
    /// Ascending; unused places hold `u64::MAX`, which no rank exceeds.
    ranks: [u64; CAPACITY],
    len: u32,
    slots: [u32; CAPACITY],
}

const _: () = assert!(size_of::<Node>() == 192);

impl Node {
    const EMPTY: Node = Node {
        ranks: [u64::MAX; CAPACITY],
        slots: [0; CAPACITY],
        len: 0,
    };

    /// How many ranks are below this one: first which quarter, then where in it. Six comparisons,
    /// and no branch that could be guessed wrong.
    #[inline]
    fn position(&self, rank: u64) -> usize {
        let ranks = &self.ranks;
        let below = |at: usize| usize::from(ranks[at] < rank);
        let start = 4 * (below(3) + below(7) + below(11));
        start + below(start) + below(start + 1) + below(start + 2)
    }

    #[inline]
    fn insert(&mut self, at: usize, rank: u64, slot: u32) {
        let len = self.len as usize;
        self.ranks.copy_within(at..len, at + 1);
        self.slots.copy_within(at..len, at + 1);
        self.ranks[at] = rank;
        self.slots[at] = slot;
        self.len += 1;
    }

    #[inline]
    fn remove(&mut self, at: usize) {
        let len = self.len as usize;
        self.ranks.copy_within(at + 1..len, at);
        self.slots.copy_within(at + 1..len, at);
        self.ranks[len - 1] = u64::MAX;
        self.len -= 1;
    }

    /// Takes the first `count` entries out.
    fn take_front(&mut self, count: usize) -> Node {
        let mut front = Node::EMPTY;
        let len = self.len as usize;
        front.ranks[..count].copy_from_slice(&self.ranks[..count]);
        front.slots[..count].copy_from_slice(&self.slots[..count]);
        front.len = count as u32;
        self.ranks.copy_within(count..len, 0);
        self.slots.copy_within(count..len, 0);
        self.ranks[len - count..len].fill(u64::MAX);
        self.len -= count as u32;
        front
    }

    /// Puts all entries of `front`, whose ranks are lower, before its own.
    fn put_front(&mut self, front: &Node) {
        let (len, count) = (self.len as usize, front.len as usize);
        self.ranks.copy_within(..len, count);
        self.slots.copy_within(..len, count);
        self.ranks[..count].copy_from_slice(&front.ranks[..count]);
        self.slots[..count].copy_from_slice(&front.slots[..count]);
        self.len += front.len;
    }
}

/// Where a rank is in the tree, or where it would be put.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    leaf: u32,
    at: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Index {
    nodes: Vec<Node>,
    /// Freed nodes, chained through their first slot; `None` is the end.
    free: Option<u32>,
    root: u32,
    /// Inner nodes above the leaves.
    height: u32,
}

impl Default for Index {
    fn default() -> Self {
        Index {
            nodes: vec![Node::EMPTY],
            free: None,
            root: TOUCH,
            height: 0,
        }
    }
}

impl Index {
    #[inline]
    pub(super) fn place(&self, rank: u64) -> Place {
        let touch = &self.nodes[TOUCH as usize];
        let leaf = if rank >= touch.ranks[0] {
            TOUCH
        } else {
            self.leaf(rank)
        };
        Place {
            leaf,
            at: self.nodes[leaf as usize].position(rank),
        }
    }

    fn leaf(&self, rank: u64) -> u32 {
        let mut node = self.root;
        for _ in 0..self.height {
            let inner = &self.nodes[node as usize];
            node = inner.slots[inner.position(rank)];
        }
        node
    }

    /// The level slot at a place if it has exactly this rank.
    #[inline]
    pub(super) fn get(&self, place: Place, rank: u64) -> Option<LevelSlot> {
        let leaf = &self.nodes[place.leaf as usize];
        let found = place.at < leaf.len as usize && leaf.ranks[place.at] == rank;
        found.then(|| leaf.slots[place.at])
    }

    /// The level slots directly below and above a free place, as far as its own leaf knows them.
    /// Only an empty tree knows neither.
    #[inline]
    pub(super) fn around(&self, place: Place) -> (Option<LevelSlot>, Option<LevelSlot>) {
        let leaf = &self.nodes[place.leaf as usize];
        let below = place.at.checked_sub(1).map(|at| leaf.slots[at]);
        let above = (place.at < leaf.len as usize).then(|| leaf.slots[place.at]);
        (below, above)
    }

    /// Adds a rank at the place that `place` found free.
    #[inline]
    pub(super) fn insert(&mut self, mut place: Place, rank: u64, slot: LevelSlot) {
        if self.nodes[place.leaf as usize].len as usize == CAPACITY {
            self.split_on_way_to(rank);
            place = self.place(rank);
        }
        self.nodes[place.leaf as usize].insert(place.at, rank, slot);
    }

    /// Removes a rank that is in the tree.
    #[inline]
    pub(super) fn remove(&mut self, rank: u64) {
        let mut place = self.place(rank);
        if self.nodes[place.leaf as usize].len as usize <= THIN && self.height > 0 {
            self.refill_on_way_to(rank);
            place = self.place(rank);
        }
        debug_assert!(self.get(place, rank).is_some(), "the rank is in the tree");
        self.nodes[place.leaf as usize].remove(place.at);
    }

    /// Splits every full node from the root down, so that each parent has room for the split
    /// below it and nothing needs to be carried back up.
    #[cold]
    fn split_on_way_to(&mut self, rank: u64) {
        if self.nodes[self.root as usize].len as usize == CAPACITY {
            let mut root = Node::EMPTY;
            root.insert(0, u64::MAX, self.root);
            self.root = self.allocate(root);
            self.height += 1;
        }
        let mut parent = self.root;
        for _ in 0..self.height {
            let at = self.nodes[parent as usize].position(rank);
            let child = self.nodes[parent as usize].slots[at];
            if self.nodes[child as usize].len as usize == CAPACITY {
                self.split(parent, at);
            }
            let inner = &self.nodes[parent as usize];
            parent = inner.slots[inner.position(rank)];
        }
    }

    fn split(&mut self, parent: u32, at: usize) {
        let child = self.nodes[parent as usize].slots[at];
        let lower = self.nodes[child as usize].take_front(CAPACITY / 2);
        let bound = lower.ranks[CAPACITY / 2 - 1];
        let lower = self.allocate(lower);
        self.nodes[parent as usize].insert(at, bound, lower);
    }

    /// Refills every thin node from the root down, so that each parent can lose one child.
    #[cold]
    fn refill_on_way_to(&mut self, rank: u64) {
        let mut parent = self.root;
        for _ in 0..self.height {
            let inner = &self.nodes[parent as usize];
            let at = inner.position(rank);
            if self.nodes[inner.slots[at] as usize].len as usize <= THIN {
                self.join_or_share(parent, at.min(inner.len as usize - 2));
            }
            let inner = &self.nodes[parent as usize];
            let child = inner.slots[inner.position(rank)];
            if inner.len == 1 {
                debug_assert_eq!(
                    parent, self.root,
                    "only the root may be left with one child"
                );
                self.root = child;
                self.height -= 1;
                self.release(parent);
            }
            parent = child;
        }
    }

    /// Makes one node of two neighbours, or shares their entries evenly.
    fn join_or_share(&mut self, parent: u32, at: usize) {
        let [left, right] = [0, 1].map(|next| self.nodes[parent as usize].slots[at + next]);
        let both = self.nodes[left as usize].len + self.nodes[right as usize].len;
        let moved = std::mem::replace(&mut self.nodes[left as usize], Node::EMPTY);
        if both as usize <= JOINED {
            self.nodes[right as usize].put_front(&moved);
            self.nodes[parent as usize].remove(at);
            self.release(left);
            return;
        }
        let shared = share(moved, &mut self.nodes[right as usize], both as usize / 2);
        self.nodes[parent as usize].ranks[at] = shared.ranks[shared.len as usize - 1];
        self.nodes[left as usize] = shared;
    }

    fn allocate(&mut self, node: Node) -> u32 {
        match self.free {
            Some(id) => {
                let slot = &mut self.nodes[id as usize];
                self.free = (slot.slots[0] != TOUCH).then_some(slot.slots[0]);
                *slot = node;
                id
            }
            None => {
                self.nodes.push(node);
                (self.nodes.len() - 1) as u32
            }
        }
    }

    fn release(&mut self, id: u32) {
        let node = &mut self.nodes[id as usize];
        *node = Node::EMPTY;
        // `TOUCH` is never freed, so it can stand for the end of the chain.
        node.slots[0] = self.free.unwrap_or(TOUCH);
        self.free = Some(id);
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
    }
}

/// Moves entries between two neighbours until the left one has `count`.
fn share(mut left: Node, right: &mut Node, count: usize) -> Node {
    let len = left.len as usize;
    if len > count {
        let front = left.take_front(count);
        right.put_front(&left);
        return front;
    }
    let mut moved = right.take_front(count - len);
    moved.put_front(&left);
    moved
}
