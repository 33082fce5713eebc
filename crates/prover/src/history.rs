//! What the tree was in the epochs before: the nodes that each change replaced.

use std::collections::{HashMap, VecDeque};

use crate::level::Node;

/// (height, index).
pub type Place = (u8, u32);

pub struct Change {
    /// The epoch that the change made.
    pub epoch: u64,
    /// Leaves that there were before.
    pub leaves: usize,
    pub nodes: HashMap<Place, Node>,
    /// By leaf, the epoch that it had been made in.
    pub made: HashMap<u32, u64>,
}

pub struct History {
    /// Nothing earlier is remembered.
    first: u64,
    changes: VecDeque<Change>,
    nodes: usize,
    nodes_max: usize,
}

impl History {
    pub fn new(nodes_max: usize) -> Self {
        Self {
            first: 0,
            changes: VecDeque::new(),
            nodes: 0,
            nodes_max,
        }
    }

    /// The tree was made anew: what was before is gone.
    pub fn begin(&mut self, epoch: u64) {
        self.changes.clear();
        (self.first, self.nodes) = (epoch, 0);
    }

    pub fn push(&mut self, change: Change) {
        self.nodes += change.nodes.len();
        self.changes.push_back(change);
        while self.nodes > self.nodes_max {
            let Some(oldest) = self.changes.pop_front() else {
                return;
            };
            self.nodes -= oldest.nodes.len();
            self.first = oldest.epoch;
        }
    }

    pub fn first(&self) -> u64 {
        self.first
    }

    /// The changes after an epoch, the earliest first.
    pub fn after(&self, epoch: u64) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |one| one.epoch > epoch)
    }
}
