//! No sequence of commands halts the exchange or breaks an invariant.
//!
//! The streams of the property tests, with the input's bytes in place of the dice: each byte
//! decides something, so that a small mutation is a small change of the story.

use fullreserve_core::Exchange;

use super::dice;
use super::run::Run;
use super::stream::Mix;

const LONGEST: u64 = 2_000; // commands

/// What has to hold of any decisions; how many commands they came to.
pub fn hold(bytes: &[u8]) -> u64 {
    dice::load(bytes);
    let mut run = Run::new(0, Mix::Everything);
    let first = run.start();
    run.apply(&first);
    while !dice::is_spent() && run.exchange.sequence() < LONGEST {
        let row = run.next_row(20);
        run.apply(&row);
        run.exchange.check_invariants().unwrap();
    }
    let restored = Exchange::restore(&run.exchange.snapshot()).unwrap();
    assert_eq!(restored.state_hash(), run.exchange.state_hash());
    run.exchange.sequence()
}
