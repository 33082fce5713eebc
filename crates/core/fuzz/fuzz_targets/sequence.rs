//! See `tests/fuzz/sequence.rs`, which runs with the other tests, too.
#![no_main]
#![allow(dead_code)] // the fold's tests ask for more

#[path = "../../tests/fuzz/dice.rs"]
mod dice;
#[path = "../../tests/fold/genesis.rs"]
mod genesis;
#[path = "../../tests/fold/run.rs"]
mod run;
#[path = "../../tests/fuzz/sequence.rs"]
mod sequence;
#[path = "../../tests/fold/stream.rs"]
mod stream;
#[path = "../../tests/fold/stream_rare.rs"]
mod stream_rare;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    sequence::hold(bytes);
});
