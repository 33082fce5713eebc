//! Goal: what the fuzz targets (`crates/core/fuzz`) ask holds, and they build with all the rest.
//!
//! Method: their bodies on inputs that are always the same: seeded bytes, and rows of the streams
//! of the property tests, whole, cut short and with a bit turned.

mod decode;
mod dice;
#[path = "../fold/genesis.rs"]
mod genesis;
#[path = "../fold/run.rs"]
#[allow(dead_code)] // the fold's tests ask for more
mod run;
#[path = "../fold/dice.rs"]
#[allow(dead_code)]
mod seeded;
mod sequence;
#[path = "../fold/stream.rs"]
#[allow(dead_code)]
mod stream;
#[path = "../fold/stream_rare.rs"]
mod stream_rare;

use fullreserve_core::wire::Batch;

use run::{Run, length};
use seeded::Dice;
use stream::Mix;

fn bytes(dice: &mut Dice, count: u64) -> Vec<u8> {
    (0..count).map(|_| dice.below(256) as u8).collect()
}

/// Rows as the journal has them, of a stream that bytes decided.
fn rows(dice: &mut Dice, count: u64) -> Vec<Vec<u8>> {
    dice::load(&bytes(dice, 10_000));
    let mut run = Run::new(0, Mix::Everything);
    let first = run.start();
    run.apply(&first);
    let mut rows = vec![Batch::encode(first.commands.iter())];
    for _ in 1..count {
        let row = run.next_row(20);
        run.apply(&row);
        rows.push(Batch::encode(row.commands.iter()));
    }
    rows
}

/// Criterion: PROP-10
#[test]
fn any_bytes_are_decoded_or_refused() {
    let mut dice = Dice::new(1);
    for _ in 0..length(2_000) {
        let count = dice.below(200);
        decode::hold(&bytes(&mut dice, count));
    }
}

/// Criterion: PROP-10
#[test]
fn rows_mean_the_same_again_and_damaged_ones_harm_nothing() {
    let mut dice = Dice::new(2);
    for row in rows(&mut dice, length(100)) {
        assert!(decode::hold(&row) > 0);
        decode::hold(&row[..dice.below(row.len() as u64) as usize]);
        let mut turned = row.clone();
        turned[dice.below(row.len() as u64) as usize] ^= 1 << dice.below(8);
        decode::hold(&turned);
    }
}

/// Criterion: PROP-9
#[test]
fn any_decisions_lead_to_a_sound_exchange() {
    let mut dice = Dice::new(3);
    let mut reached = 0;
    for _ in 0..length(20) {
        let count = 1 + dice.below(20_000);
        reached = reached.max(sequence::hold(&bytes(&mut dice, count)));
    }
    assert!(
        reached > 1_000,
        "the stories are long enough to tell something: {reached}"
    );
}
