//! The tree that is kept from epoch to epoch.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::thread;

use crate::claims::Owners;
use crate::hashing::{Hash, Preimage, order, pad, salt, user};
use crate::history::{Change, History};
use crate::level::{Level, Node, raise, remake, threads_for};
use crate::proof::{Proof, Sibling};

/// Replaced nodes that are remembered, so that proofs of past epochs can still be had.
const REMEMBERED_MAX: usize = 400_000;
/// From this part of the leaves on, all nodes are made anew: it costs less than looking for them.
const MANY: usize = 4;
/// Below so many leaves that makes no difference, and the epochs before are remembered.
const WHOLE_FROM: usize = 4_096;

/// Accounts' numbers are handed out by the exchange: nobody can choose colliding ones.
#[derive(Default)]
struct AccountHasher(u64);

impl Hasher for AccountHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64((*byte).into());
        }
    }

    fn write_u64(&mut self, account: u64) {
        self.0 = (self.0 ^ account).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

type Slots = HashMap<u64, u32, BuildHasherDefault<AccountHasher>>;

/// Why claims cannot be put into the tree; it must not be used afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// These bytes are not packed claims.
    Malformed,
    /// A claim of an asset that the tree was not made for.
    UnknownAsset(u32),
    /// A sum does not fit 128 bits.
    Overflow,
}

impl fmt::Display for Problem {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => to.write_str("these bytes are not packed claims"),
            Self::UnknownAsset(asset) => write!(to, "asset {asset} is not one of the tree's"),
            Self::Overflow => to.write_str("a sum does not fit 128 bits"),
        }
    }
}

/// Accounts stand in the order in which they came; those that come together are shuffled by a
/// secret order. Whoever puts active accounts in first keeps later epochs' changes together.
pub struct Tree {
    master: Hash,
    assets: Vec<u32>,
    accounts: Vec<u64>,
    made: Vec<u64>,
    slots: Slots,
    levels: Vec<Level>,
    waiting: Vec<u64>,
    /// Accounts whose claims were staged, and a row of claims for each; the later ones count.
    staged: Vec<u64>,
    staged_rows: Vec<u128>,
    /// The exchange's own accounts have one leaf together, under the first one's number.
    houses: BTreeMap<u64, Vec<u128>>,
    house: Option<u64>,
    house_changed: bool,
    dirty: Vec<u32>,
    is_dirty: Vec<bool>,
    history: History,
}

impl Tree {
    /// `assets` are the ids whose claims stand in the leaves, ascending.
    pub fn new(master: Hash, assets: Vec<u32>) -> Self {
        assert!(assets.is_sorted() && !assets.is_empty(), "assets ascend");
        Self {
            master,
            assets,
            accounts: Vec::new(),
            made: Vec::new(),
            slots: Slots::default(),
            levels: vec![Level::default()],
            waiting: Vec::new(),
            staged: Vec::new(),
            staged_rows: Vec::new(),
            houses: BTreeMap::new(),
            house: None,
            house_changed: false,
            dirty: Vec::new(),
            is_dirty: Vec::new(),
            history: History::new(REMEMBERED_MAX),
        }
    }

    pub fn leaves(&self) -> usize {
        self.accounts.len()
    }

    /// Takes the claims of accounts that changed, all of each account's; `commit` puts them in.
    pub fn stage(&mut self, packed: &[u8]) -> Result<(), Problem> {
        let width = self.assets.len();
        for owner in Owners(packed) {
            let owner = owner?;
            let start = self.staged_rows.len();
            self.staged_rows.resize(start + width, 0);
            let row = &mut self.staged_rows[start..];
            for (asset, amount) in owner.amounts() {
                let column = self.assets.binary_search(&asset);
                let claim = &mut row[column.map_err(|_| Problem::UnknownAsset(asset))?];
                *claim = claim.checked_add(amount).ok_or(Problem::Overflow)?;
            }
            if owner.is_house {
                self.houses.insert(owner.account, row.to_vec());
                self.staged_rows.truncate(start);
                self.house.get_or_insert(owner.account);
                self.house_changed = true;
                if !self.slots.contains_key(&owner.account) {
                    continue;
                }
                // It was a user's until now.
                self.staged_rows.resize(start + width, 0);
            } else if self.houses.remove(&owner.account).is_some() {
                self.house_changed = true;
                if self.house == Some(owner.account) {
                    self.house = self.houses.keys().next().copied();
                }
            }
            self.await_place(owner.account);
            self.staged.push(owner.account);
        }
        Ok(())
    }

    fn await_place(&mut self, account: u64) {
        if !self.slots.contains_key(&account) {
            self.waiting.push(account);
        }
    }

    fn stage_house(&mut self) -> Result<(), Problem> {
        let Some(house) = self.house.filter(|_| self.house_changed) else {
            return Ok(());
        };
        let mut sums = vec![0u128; self.assets.len()];
        for row in self.houses.values() {
            for (sum, claim) in sums.iter_mut().zip(row) {
                *sum = sum.checked_add(*claim).ok_or(Problem::Overflow)?;
            }
        }
        self.await_place(house);
        self.staged.push(house);
        self.staged_rows.extend(sums);
        self.house_changed = false;
        Ok(())
    }

    /// The number under which the exchange's own accounts have their leaf.
    pub fn house(&self) -> Option<u64> {
        self.house
    }

    /// Gives places to the accounts that came since the last time, in a secret order.
    pub fn place(&mut self, epoch: u64) {
        let mut fresh = std::mem::take(&mut self.waiting);
        fresh.sort_unstable();
        fresh.dedup();
        fresh.retain(|account| !self.slots.contains_key(account));
        let mut ordered: Vec<(Hash, u64)> = fresh
            .into_iter()
            .map(|account| (order(&self.master, epoch, account), account))
            .collect();
        ordered.sort_unstable();
        for (_, account) in ordered {
            let slot = u32::try_from(self.accounts.len()).expect("fewer than 2^32 accounts");
            self.slots.insert(account, slot);
            self.accounts.push(account);
            self.made.push(0);
            self.is_dirty.push(false);
        }
    }

    /// Makes what has changed; the tree is that of `epoch` then.
    pub fn commit(&mut self, epoch: u64) -> Result<(), Problem> {
        let before = self.levels[0].len();
        self.stage_house()?;
        self.place(epoch);
        self.levels[0].resize(self.accounts.len(), self.assets.len());
        let mut change = Change {
            epoch,
            leaves: before,
            nodes: HashMap::new(),
            made: HashMap::new(),
        };
        let are_many = self.staged.len() * MANY >= self.accounts.len();
        let is_whole = before == 0 || are_many && self.accounts.len() >= WHOLE_FROM;
        if before == 0 {
            self.put_first_claims();
        } else {
            self.put_claims((!is_whole).then_some(&mut change), before);
        }
        let leaves = self.hash_leaves(epoch);
        for (slot, hash) in self.dirty.iter().zip(leaves) {
            self.levels[0].hashes[*slot as usize] = hash;
            self.made[*slot as usize] = epoch;
        }
        let dirty = std::mem::take(&mut self.dirty);
        for slot in &dirty {
            self.is_dirty[*slot as usize] = false;
        }
        if is_whole {
            self.history.begin(epoch);
            self.raise_all()
        } else {
            self.raise_some(dirty, &mut change)?;
            if before != self.accounts.len() || !change.nodes.is_empty() {
                self.history.push(change);
            }
            Ok(())
        }
    }

    /// Moves staged claims into the leaves of a new tree: all at once, since there are many.
    fn put_first_claims(&mut self) {
        let width = self.assets.len();
        let accounts = std::mem::take(&mut self.staged);
        let rows = std::mem::take(&mut self.staged_rows);
        let slots: Vec<u32> = accounts.iter().map(|one| self.slots[one]).collect();
        let nodes = self.accounts.len();
        let share = nodes.div_ceil(threads_for(nodes)).max(1);
        thread::scope(|scope| {
            for (piece, sums) in self.levels[0].sums.chunks_mut(share * width).enumerate() {
                let (rows, slots) = (&rows, &slots);
                scope.spawn(move || {
                    for (row, slot) in rows.chunks_exact(width).zip(slots) {
                        let place = (*slot as usize).wrapping_sub(piece * share);
                        if place < sums.len() / width {
                            sums[place * width..(place + 1) * width].copy_from_slice(row);
                        }
                    }
                });
            }
        });
        self.dirty = (0..nodes as u32).collect();
    }

    /// Moves staged claims into their leaves, remembering what stood there.
    ///
    /// Also where they are what they were: an account may have changed and come back since, and a
    /// receipt of in between says another balance. An old leaf would say that nothing changed.
    fn put_claims(&mut self, mut change: Option<&mut Change>, before: usize) {
        let assets = self.assets.len();
        let accounts = std::mem::take(&mut self.staged);
        let rows = std::mem::take(&mut self.staged_rows);
        for (account, claims) in accounts.iter().zip(rows.chunks_exact(assets)) {
            let slot = self.slots[account];
            let index = slot as usize;
            if let Some(change) = change.as_deref_mut().filter(|_| index < before) {
                let node = self.levels[0].node(index, assets);
                change.nodes.entry((0, slot)).or_insert(node);
                change.made.insert(slot, self.made[index]);
            }
            self.levels[0].sums[index * assets..(index + 1) * assets].copy_from_slice(claims);
            if !self.is_dirty[index] {
                self.is_dirty[index] = true;
                self.dirty.push(slot);
            }
        }
        self.dirty.sort_unstable();
    }

    fn hash_leaves(&self, epoch: u64) -> Vec<Hash> {
        let (level, assets) = (&self.levels[0], self.assets.len());
        let share = self
            .dirty
            .len()
            .div_ceil(threads_for(self.dirty.len()))
            .max(1);
        thread::scope(|scope| {
            let working: Vec<_> = self
                .dirty
                .chunks(share)
                .map(|piece| {
                    scope.spawn(move || {
                        let mut preimage = Preimage::default();
                        let leaf = |slot: &u32| {
                            let account = self.accounts[*slot as usize];
                            let salt = salt(&self.master, epoch, account);
                            let who = user(epoch, &salt, account);
                            let sums = level.sums_of(*slot as usize, assets);
                            preimage.leaf(epoch, &who, sums)
                        };
                        piece.iter().map(leaf).collect::<Vec<Hash>>()
                    })
                })
                .collect();
            working
                .into_iter()
                .flat_map(|one| one.join().expect("a worker does not panic"))
                .collect()
        })
    }

    fn raise_all(&mut self) -> Result<(), Problem> {
        let mut height = 0;
        while self.levels[height].len() > 1 {
            if self.levels.len() == height + 1 {
                self.levels.push(Level::default());
            }
            let (below, above) = self.levels.split_at_mut(height + 1);
            let at = u8::try_from(height + 1).expect("fewer than 2^32 leaves");
            raise(&below[height], &mut above[0], self.assets.len(), at)?;
            height += 1;
        }
        self.levels.truncate(height + 1);
        Ok(())
    }

    fn raise_some(&mut self, mut dirty: Vec<u32>, change: &mut Change) -> Result<(), Problem> {
        let assets = self.assets.len();
        let mut height = 0;
        while self.levels[height].len() > 1 {
            if self.levels.len() == height + 1 {
                self.levels.push(Level::default());
            }
            let (below, above) = self.levels.split_at_mut(height + 1);
            let (children, parents) = (&below[height], &mut above[0]);
            let (had, nodes) = (parents.len(), children.len().div_ceil(2));
            dirty.iter_mut().for_each(|index| *index /= 2);
            dirty.dedup();
            parents.resize(nodes, assets);
            let at = u8::try_from(height + 1).expect("fewer than 2^32 leaves");
            let made = remake(children, &dirty, assets, at)?;
            for (index, node) in dirty.iter().zip(&made) {
                if (*index as usize) < had {
                    let old = parents.node(*index as usize, assets);
                    change.nodes.insert((at, *index), old);
                }
                parents.put(*index as usize, node);
            }
            height += 1;
        }
        Ok(())
    }

    /// The root's hash and the totals.
    pub fn root(&self) -> (Hash, Vec<u128>) {
        match self.levels.last().filter(|top| top.len() == 1) {
            Some(top) => (top.hashes[0], top.sums.clone()),
            None => (pad(0, 0), vec![0; self.assets.len()]),
        }
    }

    /// The first epoch of which proofs can still be had.
    pub fn first_epoch(&self) -> u64 {
        self.history.first()
    }

    /// An account's proof as of an epoch; None for an account that was not there, and for epochs
    /// that are not remembered.
    pub fn proof(&self, account: u64, epoch: u64) -> Option<Proof> {
        if epoch < self.history.first() {
            return None;
        }
        let slot = *self.slots.get(&account)?;
        let later: Vec<&Change> = self.history.after(epoch).collect();
        let leaves = later.first().map_or(self.levels[0].len(), |one| one.leaves);
        if slot as usize >= leaves {
            return None;
        }
        let made = later.iter().find_map(|one| one.made.get(&slot).copied());
        let made = made.unwrap_or(self.made[slot as usize]);
        let (mut index, mut nodes, mut height) = (slot as usize, leaves, 0u8);
        let mut path = Vec::new();
        while nodes > 1 {
            path.push(self.sibling(&later, height, index ^ 1, nodes));
            (index, nodes, height) = (index / 2, nodes.div_ceil(2), height + 1);
        }
        Some(Proof {
            account,
            index: slot.into(),
            leaves: leaves as u64,
            epoch: made,
            salt: salt(&self.master, made, account),
            claims: self.node_then(&later, 0, slot as usize).sums,
            path,
        })
    }

    fn sibling(&self, later: &[&Change], height: u8, index: usize, nodes: usize) -> Sibling {
        if index >= nodes {
            return Sibling {
                hash: pad(height, index as u64),
                sums: vec![0; self.assets.len()],
            };
        }
        let Node { hash, sums } = self.node_then(later, height, index);
        Sibling { hash, sums }
    }

    fn node_then(&self, later: &[&Change], height: u8, index: usize) -> Node {
        let place = (height, u32::try_from(index).expect("fewer than 2^32 nodes"));
        let old = later.iter().find_map(|one| one.nodes.get(&place).cloned());
        old.unwrap_or_else(|| self.levels[usize::from(height)].node(index, self.assets.len()))
    }
}
