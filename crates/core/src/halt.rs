//! Why a batch was not applied, and the halt after which none is.

use std::any::Any;
use std::fmt;

use crate::wire::Malformed;

/// A broken invariant, a caught panic, or rules this version does not know. Queries go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halt {
    /// Of the command it happened at, or that put on the agenda what it happened at.
    pub sequence: u64,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplyError {
    /// The bytes are not a batch; nothing has changed.
    Malformed(Malformed),
    /// Sequences must follow each other; nothing has changed.
    Gap {
        expected: u64,
        given: u64,
    },
    /// Time never goes back; nothing has changed.
    TimeBack {
        last: u64,
        given: u64,
    },
    Halted(Halt),
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => write!(f, "the commands are not a batch: {why}"),
            Self::Gap { expected, given } => {
                write!(f, "sequence {given} does not follow: expected {expected}")
            }
            Self::TimeBack { last, given } => {
                write!(f, "time {given} ms is before the last applied {last} ms")
            }
            Self::Halted(halt) => {
                write!(f, "halted at sequence {}: {}", halt.sequence, halt.reason)
            }
        }
    }
}

impl std::error::Error for ApplyError {}

/// The message of a caught panic.
pub fn reason_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic without a message".to_owned())
}
