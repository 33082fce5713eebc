//! The strict sum tree: what an exchange owes, to each account and in all, by asset.
//!
//! A leaf binds one account and its claims of every asset. A node binds both children's hashes
//! *and* both children's sums, at fixed widths and under a tag of its own, so no total can be
//! smaller than what lies below it (Hu, Zhang and Guo, IACR ePrint 2018/1139, on trees that leave
//! that out). Amounts are unsigned and sums are checked: nothing is negative and nothing wraps.
//!
//! ```text
//! salt = SHA-256("por/salt/1" | master 32 | epoch u64 | account u64)    told to its owner alone
//! user = SHA-256("por/user/1" | epoch u64 | salt 32 | account u64)
//! leaf = SHA-256("por/leaf/1" | epoch u64 | user 32 | A u16 | A x u128)
//! node = SHA-256("por/node/1" | height u8 | L.hash | A x u128 | R.hash | A x u128)
//! pad  = SHA-256("por/pad/1"  | height u8 | index u64)                  with sums of zero
//! ```
//!
//! All integers are big-endian. Leaves are at height 0; a level with an odd number of nodes, unless
//! it is the root's, is followed by one pad. The epoch in a leaf is the one in which that leaf was
//! last made: leaves whose account did not change are reused, each for itself, which is finer than
//! by chunks and proves the same.

mod claims;
mod hashing;
mod history;
mod level;
mod proof;
mod tree;

pub use hashing::Hash;
pub use proof::{Proof, Refusal, Sibling};
pub use tree::{Problem, Tree};
