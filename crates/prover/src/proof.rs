//! What one account is shown, and the check of it.

use std::fmt::Write;

use crate::hashing::{Hash, Preimage, pad, user};

/// A node beside the way from a leaf to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sibling {
    pub hash: Hash,
    pub sums: Vec<u128>,
}

/// An account's leaf and the nodes beside its way, from the leaf's sibling upwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    pub account: u64,
    pub index: u64,
    pub leaves: u64,
    /// The epoch in which the leaf was made.
    pub epoch: u64,
    pub salt: Hash,
    pub claims: Vec<u128>,
    pub path: Vec<Sibling>,
}

/// Why a proof is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No tree of so many leaves has such a place, or not so long a way to it.
    Shape,
    /// A vector of sums has another length than the statement has assets.
    Assets,
    /// A sum does not fit.
    Overflow,
    /// A pad is claimed to be something else.
    Padding,
    /// The way ends at another root, or at other totals.
    Root,
}

impl Proof {
    /// Whether the way leads to `root` with exactly these totals.
    pub fn verify(&self, root: &Hash, totals: &[u128]) -> Result<(), Refusal> {
        let assets = totals.len();
        if self.index >= self.leaves {
            return Err(Refusal::Shape);
        }
        if self.claims.len() != assets {
            return Err(Refusal::Assets);
        }
        let mut preimage = Preimage::default();
        let who = user(self.epoch, &self.salt, self.account);
        let mut hash = preimage.leaf(self.epoch, &who, &self.claims);
        let mut sums = self.claims.clone();
        let (mut index, mut nodes) = (self.index, self.leaves);
        let mut path = self.path.iter();
        let mut height = 0u8;
        while nodes > 1 {
            let beside = path.next().ok_or(Refusal::Shape)?;
            if beside.sums.len() != assets {
                return Err(Refusal::Assets);
            }
            if index ^ 1 >= nodes && !is_pad(beside, height, index ^ 1) {
                return Err(Refusal::Padding);
            }
            height += 1;
            let (mine, other) = ((&hash, &sums[..]), (&beside.hash, &beside.sums[..]));
            hash = if index & 1 == 0 {
                preimage.node(height, mine, other)
            } else {
                preimage.node(height, other, mine)
            };
            for (sum, more) in sums.iter_mut().zip(&beside.sums) {
                *sum = sum.checked_add(*more).ok_or(Refusal::Overflow)?;
            }
            (index, nodes) = (index / 2, nodes.div_ceil(2));
        }
        if path.next().is_some() {
            return Err(Refusal::Shape);
        }
        if hash == *root && sums == totals {
            Ok(())
        } else {
            Err(Refusal::Root)
        }
    }

    /// As the bundle has it: hashes and the path's sums in hex, the account's own in decimal.
    pub fn to_json(&self) -> String {
        let claims: Vec<String> = self.claims.iter().map(|one| format!("\"{one}\"")).collect();
        let path: Vec<String> = self.path.iter().map(Sibling::to_json).collect();
        format!(
            "{{\"account\":\"{}\",\"claims\":[{}],\"epoch\":{},\"index\":{},\"leaves\":{},\
             \"path\":[{}],\"salt\":\"{}\"}}",
            self.account,
            claims.join(","),
            self.epoch,
            self.index,
            self.leaves,
            path.join(","),
            hex(&self.salt),
        )
    }
}

fn is_pad(node: &Sibling, height: u8, index: u64) -> bool {
    node.hash == pad(height, index) && node.sums.iter().all(|sum| *sum == 0)
}

impl Sibling {
    fn to_json(&self) -> String {
        let mut text = format!("\"{}:", hex(&self.hash));
        for (place, sum) in self.sums.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(text, "{comma}{sum:x}").expect("a string takes everything");
        }
        text.push('"');
        text
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}
