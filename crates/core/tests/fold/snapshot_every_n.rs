//! A core restored from a snapshot at any row says and becomes the same as one that never stopped.

use fullreserve_core::Exchange;

use super::run::{apply, length, record};
use super::stream::Mix;

/// How many rows a restored core is followed for.
const FOLLOWED: usize = 12;

/// Criterion: PROP-7
#[test]
fn restoring_at_every_row_changes_nothing() {
    for seed in 300..302 + length(1) {
        let rows = record(seed, Mix::Everything, 2_500, 12);
        let mut straight = Exchange::new();
        let mut hashes = Vec::new();
        let mut events = Vec::new();
        let mut snapshots = Vec::new();
        for row in &rows {
            events.push(apply(&mut straight, row));
            hashes.push(straight.state_hash());
            snapshots.push(straight.snapshot());
        }
        for (place, snapshot) in snapshots.iter().enumerate() {
            let mut restored = Exchange::restore(snapshot).unwrap();
            assert_eq!(
                restored.state_hash(),
                hashes[place],
                "seed {seed}, row {place}"
            );
            assert!(
                restored.snapshot() == *snapshot,
                "seed {seed}, row {place}: same bytes"
            );
            restored.check_invariants().unwrap();
            for next in place + 1..rows.len().min(place + 1 + FOLLOWED) {
                let said = apply(&mut restored, &rows[next]);
                assert_eq!(
                    said, events[next],
                    "seed {seed}: restored at {place}, row {next}"
                );
                assert_eq!(
                    restored.state_hash(),
                    hashes[next],
                    "seed {seed}, {place}, {next}"
                );
            }
        }
    }
}

/// Criterion: PROP-7
#[test]
fn a_chain_of_restores_ends_where_the_log_does() {
    let rows = record(310, Mix::Everything, length(4_000), 20);
    let (mut straight, mut hopping) = (Exchange::new(), Exchange::new());
    for row in &rows {
        let said = apply(&mut straight, row);
        assert_eq!(apply(&mut hopping, row), said);
        hopping = Exchange::restore(&hopping.snapshot()).unwrap();
    }
    assert_eq!(hopping.state_hash(), straight.state_hash());
}

/// Criterion: PROP-8
#[test]
fn a_damaged_snapshot_is_refused_or_restored_but_never_a_panic() {
    let rows = record(320, Mix::Everything, 600, 20);
    let mut exchange = Exchange::new();
    for row in &rows {
        apply(&mut exchange, row);
    }
    let snapshot = exchange.snapshot();
    let mut dice = super::dice::Dice::new(320);
    for _ in 0..length(1_500) {
        let mut damaged = snapshot.clone();
        let place = dice.below(damaged.len() as u64) as usize;
        damaged[place] ^= 1 << dice.below(8);
        damaged.truncate(snapshot.len() - if dice.one_in(4) { place } else { 0 });
        assert!(
            Exchange::restore(&damaged).is_err(),
            "damage at {place} goes unseen"
        );
    }
}
