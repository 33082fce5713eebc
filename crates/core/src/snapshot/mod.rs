//! The whole state as bytes, and back.
//!
//! One format with a version: magic, version, payload of fixed-width little-endian fields, and the
//! payload's BLAKE3 hash. It holds everything that affects what the fold will ever say; what can be
//! derived (indexes, lists, price bands, suspensions in force) is derived anew. An order's place in
//! its queue is the order of writing. A snapshot that another version cannot read falls back to the
//! log, so the format may change freely; the state hash does not depend on it.

mod bytes;
mod load;
mod save;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::exchange::Exchange;

const MAGIC: &[u8; 8] = b"FRSNAP\0\0";
const VERSION: u32 = 2;
const HASH_BYTES: usize = 32;

/// Why bytes are not a snapshot that this version can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotError {
    NotASnapshot,
    Version(u32),
    /// The hash does not fit: altered or cut.
    Damaged,
    /// The hash fits but the content contradicts itself.
    Inconsistent(&'static str),
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotASnapshot => f.write_str("the bytes are not a snapshot"),
            Self::Version(found) => {
                write!(
                    f,
                    "the snapshot has format {found}; this core reads {VERSION}"
                )
            }
            Self::Damaged => f.write_str("the snapshot is damaged: its hash does not fit"),
            Self::Inconsistent(what) => write!(f, "the snapshot contradicts itself: {what}"),
        }
    }
}

impl std::error::Error for SnapshotError {}

impl Exchange {
    /// The whole state; `restore` of it continues the log with equal results for ever.
    pub fn snapshot(&self) -> Vec<u8> {
        let mut out = bytes::Out::with_capacity(self.snapshot_size());
        out.raw(MAGIC);
        out.u32(VERSION);
        self.save(&mut out);
        let hash = blake3::hash(&out.as_bytes()[MAGIC.len() + 4..]);
        out.raw(hash.as_bytes());
        out.into_bytes()
    }

    /// An exchange from a snapshot.
    pub fn restore(data: &[u8]) -> Result<Self, SnapshotError> {
        let rest = data
            .strip_prefix(MAGIC)
            .ok_or(SnapshotError::NotASnapshot)?;
        let (version, rest) = rest
            .split_first_chunk()
            .ok_or(SnapshotError::NotASnapshot)?;
        let version = u32::from_le_bytes(*version);
        if version != VERSION {
            return Err(SnapshotError::Version(version));
        }
        let (payload, hash) = rest
            .split_last_chunk::<HASH_BYTES>()
            .ok_or(SnapshotError::Damaged)?;
        if blake3::hash(payload).as_bytes() != hash {
            return Err(SnapshotError::Damaged);
        }
        let mut exchange = Self::new();
        exchange.load(&mut bytes::In::new(payload))?;
        Ok(exchange)
    }
}
