//! The deterministic exchange: a pure fold from commands to events. No I/O, no clock.
//!
//! [`Exchange`] is the fold. A command enters in `exchange`, is decided in the module of its
//! subject (`orders`, `movements`, `definitions`, `group`, `distribution`), moves money in
//! `ledger`, and leaves as events of `wire`.

mod agenda;
#[cfg(test)]
mod agenda_tests;
mod assets;
pub mod book;
mod claims;
mod dedup;
mod definitions;
mod distribution;
mod exchange;
#[cfg(test)]
mod exchange_tests;
mod fees;
mod group;
#[cfg(test)]
mod group_tests;
mod guard;
#[cfg(test)]
mod guard_tests;
mod halt;
mod index;
mod instruments;
mod invariants;
mod ledger;
mod levels;
pub mod money;
#[cfg(test)]
mod movement_tests;
mod movements;
mod orders;
mod owners;
mod parameters;
mod prefetch;
mod query;
pub mod refusal;
mod slots;
mod snapshot;
mod state_hash;
mod suspensions;
pub mod types;
mod warm;
pub mod wire;
#[cfg(test)]
mod world;

pub use exchange::{Exchange, Outcome};
pub use halt::{ApplyError, Halt};
pub use snapshot::SnapshotError;

/// The version of the core, the same as the package's.
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
