//! The resting orders: a slab of nodes, linked into one queue per price level.

use super::Handle;
use super::levels::{LevelNode, LevelSlot, NONE};

/// One resting order.
#[derive(Clone, Debug)]
pub(super) struct OrderNode {
    pub(super) size: u64,
    pub(super) order: u64,
    before: Handle,
    pub(super) behind: Handle,
    /// `NONE` while the slot is free, so that a handle which is not valid cannot be used.
    pub(super) level: LevelSlot,
}

#[derive(Clone, Debug)]
pub(super) struct Orders {
    nodes: Vec<OrderNode>,
    /// Freed slots, chained through `behind`.
    free: Handle,
    len: usize,
}

impl Default for Orders {
    fn default() -> Self {
        Orders {
            nodes: Vec::new(),
            free: NONE,
            len: 0,
        }
    }
}

impl Orders {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.len >= NONE as usize
    }

    #[inline]
    pub(super) fn get(&self, handle: Handle) -> &OrderNode {
        &self.nodes[handle as usize]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, handle: Handle) -> &mut OrderNode {
        &mut self.nodes[handle as usize]
    }

    /// Puts an order at the back of a level's queue.
    #[inline]
    pub(super) fn push(
        &mut self,
        slot: LevelSlot,
        level: &mut LevelNode,
        size: u64,
        order: u64,
    ) -> Handle {
        let before = level.last;
        let handle = self.allocate(OrderNode {
            size,
            order,
            before,
            behind: NONE,
            level: slot,
        });
        match self.nodes.get_mut(before as usize) {
            Some(node) => node.behind = handle,
            None => level.first = handle,
        }
        level.last = handle;
        handle
    }

    /// Takes an order out of its level's queue.
    #[inline]
    pub(super) fn unlink(&mut self, handle: Handle, level: &mut LevelNode) {
        let &OrderNode { before, behind, .. } = self.get(handle);
        match self.nodes.get_mut(before as usize) {
            Some(node) => node.behind = behind,
            None => level.first = behind,
        }
        match self.nodes.get_mut(behind as usize) {
            Some(node) => node.before = before,
            None => level.last = before,
        }
        let free = self.free;
        let node = self.get_mut(handle);
        node.level = NONE;
        node.behind = free;
        self.free = handle;
        self.len -= 1;
    }

    #[inline]
    fn allocate(&mut self, order: OrderNode) -> Handle {
        self.len += 1;
        let handle = self.free;
        match self.nodes.get_mut(handle as usize) {
            Some(node) => {
                self.free = node.behind;
                *node = order;
                handle
            }
            None => {
                self.nodes.push(order);
                (self.nodes.len() - 1) as Handle
            }
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<OrderNode>()
    }
}
