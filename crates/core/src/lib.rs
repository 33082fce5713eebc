//! The deterministic exchange: a pure fold from commands to events. No I/O, no clock.

pub mod book;
pub mod money;
pub mod types;
pub mod wire;

/// The version of the core, the same as the package's.
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
