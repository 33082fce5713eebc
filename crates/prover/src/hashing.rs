//! The preimages, each of fixed width and with a tag of its own.

use sha2::{Digest, Sha256};

pub type Hash = [u8; 32];

const SALT: &[u8] = b"por/salt/1";
const USER: &[u8] = b"por/user/1";
const LEAF: &[u8] = b"por/leaf/1";
const NODE: &[u8] = b"por/node/1";
const PAD: &[u8] = b"por/pad/1";
const ORDER: &[u8] = b"por/order/1";

fn of(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// What keeps others from finding an account by trying numbers.
pub fn salt(master: &Hash, epoch: u64, account: u64) -> Hash {
    of(&[SALT, master, &epoch.to_be_bytes(), &account.to_be_bytes()])
}

pub fn user(epoch: u64, salt: &Hash, account: u64) -> Hash {
    of(&[USER, &epoch.to_be_bytes(), salt, &account.to_be_bytes()])
}

/// Where an account stands among those that come into the tree together.
pub fn order(master: &Hash, epoch: u64, account: u64) -> Hash {
    of(&[ORDER, master, &epoch.to_be_bytes(), &account.to_be_bytes()])
}

pub fn pad(height: u8, index: u64) -> Hash {
    of(&[PAD, &[height], &index.to_be_bytes()])
}

/// A buffer for preimages: they are written once and hashed in one go.
#[derive(Default)]
pub struct Preimage {
    bytes: Vec<u8>,
}

impl Preimage {
    pub fn leaf(&mut self, epoch: u64, user: &Hash, claims: &[u128]) -> Hash {
        self.begin(LEAF);
        self.bytes.extend(epoch.to_be_bytes());
        self.bytes.extend(user);
        let count = u16::try_from(claims.len()).expect("fewer than 65,536 assets");
        self.bytes.extend(count.to_be_bytes());
        self.sums(claims);
        self.digest()
    }

    pub fn node(&mut self, height: u8, left: (&Hash, &[u128]), right: (&Hash, &[u128])) -> Hash {
        self.begin(NODE);
        self.bytes.push(height);
        for (hash, sums) in [left, right] {
            self.bytes.extend(hash);
            self.sums(sums);
        }
        self.digest()
    }

    fn begin(&mut self, tag: &[u8]) {
        self.bytes.clear();
        self.bytes.extend(tag);
    }

    fn sums(&mut self, sums: &[u128]) {
        for sum in sums {
            self.bytes.extend(sum.to_be_bytes());
        }
    }

    fn digest(&self) -> Hash {
        Sha256::digest(&self.bytes).into()
    }
}
