//! No sequence of commands halts the exchange or breaks an invariant.
//!
//! The streams of the property tests, with the fuzzer's bytes in place of the dice: each byte
//! decides something, so that a small mutation is a small change of the story.
#![no_main]

mod dice;
#[path = "../../tests/fold/genesis.rs"]
mod genesis;
#[path = "../../tests/fold/run.rs"]
mod run;
#[path = "../../tests/fold/stream.rs"]
mod stream;
#[path = "../../tests/fold/stream_rare.rs"]
mod stream_rare;

use fullreserve_core::Exchange;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    dice::load(bytes);
    let mut run = run::Run::new(0, stream::Mix::Everything);
    let first = run.start();
    run.apply(&first);
    while !dice::is_spent() && run.exchange.sequence() < 2_000 {
        let row = run.next_row(20);
        run.apply(&row);
        run.exchange.check_invariants().unwrap();
    }
    let restored = Exchange::restore(&run.exchange.snapshot()).unwrap();
    assert_eq!(restored.state_hash(), run.exchange.state_hash());
});
