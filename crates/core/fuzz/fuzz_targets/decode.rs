//! No bytes make the decoder panic, and what it reads it writes no longer than it was.
#![no_main]

use fullreserve_core::wire::{Batch, Event, Query, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut batch = Batch::new();
    if batch.decode(bytes).is_ok() {
        assert!(Batch::encode(batch.commands().iter()).len() <= bytes.len());
    }
    let _ = decode::<Vec<Event>>(bytes);
    let _ = decode::<Query>(bytes);
});
