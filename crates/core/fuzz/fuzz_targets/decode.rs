//! No bytes make the decoder panic, and what it reads means the same when it is written and read
//! again.
#![no_main]

use fullreserve_core::wire::{Batch, Body, Command, Event, Query, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut batch = Batch::new();
    if batch.decode(bytes).is_ok() {
        let is_valid = |command: &&Command| !matches!(command.body, Body::Invalid { .. });
        let valid: Vec<&Command> = batch.commands().iter().filter(is_valid).collect();
        let mut again = Batch::new();
        again.decode(&Batch::encode(valid.iter().copied())).unwrap();
        assert!(again.commands().iter().eq(valid));
    }
    let _ = decode::<Vec<Event>>(bytes);
    let _ = decode::<Query>(bytes);
});
