//! One level of the tree, and how the next is made from it.

use std::thread;

use crate::hashing::{Hash, Preimage, pad};
use crate::tree::Problem;

/// Work below this is not worth another thread.
const NODES_PER_THREAD: usize = 2_048;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub hash: Hash,
    pub sums: Vec<u128>,
}

/// Nodes of one height; `sums` has `assets` numbers for each.
#[derive(Default)]
pub struct Level {
    pub hashes: Vec<Hash>,
    pub sums: Vec<u128>,
}

impl Level {
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    pub fn resize(&mut self, nodes: usize, assets: usize) {
        self.hashes.resize(nodes, [0; 32]);
        if self.sums.is_empty() {
            // Memory that is zero already: who fills it first, in its thread, makes its pages.
            self.sums = vec![0; nodes * assets];
        } else {
            self.sums.resize(nodes * assets, 0);
        }
    }

    pub fn sums_of(&self, index: usize, assets: usize) -> &[u128] {
        &self.sums[index * assets..(index + 1) * assets]
    }

    pub fn node(&self, index: usize, assets: usize) -> Node {
        Node {
            hash: self.hashes[index],
            sums: self.sums_of(index, assets).to_vec(),
        }
    }

    pub fn put(&mut self, index: usize, node: &Node) {
        let assets = node.sums.len();
        self.hashes[index] = node.hash;
        self.sums[index * assets..(index + 1) * assets].copy_from_slice(&node.sums);
    }
}

/// How many threads share a piece of work.
pub fn threads_for(nodes: usize) -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    cores.min(nodes / NODES_PER_THREAD).max(1)
}

/// Makes nodes of one height out of their children.
pub struct Maker<'a> {
    children: &'a Level,
    assets: usize,
    height: u8,
    zeros: Vec<u128>,
    preimage: Preimage,
}

impl<'a> Maker<'a> {
    pub fn new(children: &'a Level, assets: usize, height: u8) -> Self {
        Self {
            children,
            assets,
            height,
            zeros: vec![0; assets],
            preimage: Preimage::default(),
        }
    }

    /// Writes the sums of the node at `index` and returns its hash.
    pub fn make(&mut self, index: usize, sums: &mut [u128]) -> Result<Hash, Problem> {
        let (left, right) = (2 * index, 2 * index + 1);
        let left = (
            &self.children.hashes[left],
            self.children.sums_of(left, self.assets),
        );
        let padding;
        let right = if right < self.children.len() {
            let sums = self.children.sums_of(right, self.assets);
            (&self.children.hashes[right], sums)
        } else {
            padding = pad(self.height - 1, right as u64);
            (&padding, &self.zeros[..])
        };
        for ((sum, one), other) in sums.iter_mut().zip(left.1).zip(right.1) {
            *sum = one.checked_add(*other).ok_or(Problem::Overflow)?;
        }
        Ok(self.preimage.node(self.height, left, right))
    }
}

/// Makes a whole level.
pub fn raise(
    children: &Level,
    parents: &mut Level,
    assets: usize,
    height: u8,
) -> Result<(), Problem> {
    let nodes = children.len().div_ceil(2);
    parents.resize(nodes, assets);
    let share = nodes.div_ceil(threads_for(nodes));
    let pieces = parents
        .hashes
        .chunks_mut(share)
        .zip(parents.sums.chunks_mut(share * assets));
    thread::scope(|scope| {
        let working: Vec<_> = pieces
            .enumerate()
            .map(|(piece, (hashes, sums))| {
                scope.spawn(move || {
                    let mut maker = Maker::new(children, assets, height);
                    let rows = sums.chunks_mut(assets);
                    for (place, (hash, row)) in hashes.iter_mut().zip(rows).enumerate() {
                        *hash = maker.make(piece * share + place, row)?;
                    }
                    Ok(())
                })
            })
            .collect();
        working
            .into_iter()
            .try_for_each(|one| one.join().expect("a worker does not panic"))
    })
}

/// Makes some nodes of a level, given in ascending order.
pub fn remake(
    children: &Level,
    indices: &[u32],
    assets: usize,
    height: u8,
) -> Result<Vec<Node>, Problem> {
    let share = indices.len().div_ceil(threads_for(indices.len())).max(1);
    thread::scope(|scope| {
        let working: Vec<_> = indices
            .chunks(share)
            .map(|piece| {
                scope.spawn(move || {
                    let mut maker = Maker::new(children, assets, height);
                    let made = piece.iter().map(|index| {
                        let mut sums = vec![0; assets];
                        let hash = maker.make(*index as usize, &mut sums)?;
                        Ok(Node { hash, sums })
                    });
                    made.collect::<Result<Vec<Node>, Problem>>()
                })
            })
            .collect();
        let mut nodes = Vec::with_capacity(indices.len());
        for one in working {
            nodes.extend(one.join().expect("a worker does not panic")?);
        }
        Ok(nodes)
    })
}
