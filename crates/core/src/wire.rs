//! The wire: MessagePack arrays, byte for byte as `src/fullreserve/exchange/wire/` writes them.
//!
//! - A batch of commands is an array of `[tag, gateway, number, …fields]` ([`Batch`]).
//! - The events of a batch are one array of `[tag, …fields]` ([`Events`]). Its header is always the
//!   five bytes of `array 32`, because the count is known only at the end.
//! - A query is `[tag, …fields]` ([`Query`]); an answer is any [`Wire`] value.
//!
//! Trailing fields that a writer left out take the schema's defaults; fields beyond the schema, an
//! unknown tag, a wrong type or a broken length are [`Malformed`]. A value of the right type that
//! its field cannot hold (a negative size, an unknown side, a client order id with a space) makes
//! the one command [`Body::Invalid`], which the core refuses; the batch around it stands.

#[macro_use]
mod record;

pub mod answer;
mod batch;
mod blank;
pub mod command;
pub mod event;
mod events;
mod malformed;
pub mod query;
mod reader;
mod selection;
mod sink;
mod value;
mod writer;

pub use batch::Batch;
pub use command::{Body, Command};
pub use event::Event;
pub use events::Events;
pub use malformed::Malformed;
pub use query::Query;
pub use reader::Reader;
pub use selection::select;
pub use sink::Sink;
pub use value::{Payload, Reference, Wire, decode, encode};
pub use writer::Writer;
