//! No bytes make the decoder panic, and what it reads means the same when it is written and read
//! again.

use fullreserve_core::wire::{Batch, Body, Command, Event, Query, decode};

/// What has to hold of any bytes; how many commands were read from them.
pub fn hold(bytes: &[u8]) -> usize {
    let _ = decode::<Vec<Event>>(bytes);
    let _ = decode::<Query>(bytes);
    let mut batch = Batch::new();
    if batch.decode(bytes).is_err() {
        return 0;
    }
    let is_valid = |command: &&Command| !matches!(command.body, Body::Invalid { .. });
    let valid: Vec<&Command> = batch.commands().iter().filter(is_valid).collect();
    let mut again = Batch::new();
    again.decode(&Batch::encode(valid.iter().copied())).unwrap();
    assert!(again.commands().iter().eq(valid.iter().copied()));
    valid.len()
}
