//! The same commands at the same times, cut into other batches, are the same exchange.

use fullreserve_core::Exchange;

use super::dice::Dice;
use super::run::{Row, apply, length, record};
use super::stream::Mix;

/// Cuts each row into random pieces, and joins pieces of rows with the same time.
fn recut(rows: &[Row], dice: &mut Dice) -> Vec<Row> {
    let mut cut: Vec<Row> = Vec::new();
    for row in rows {
        for (place, command) in row.commands.iter().enumerate() {
            let joins = cut.last().is_some_and(|last| last.time_ms == row.time_ms);
            match cut.last_mut() {
                Some(last) if joins && !dice.one_in(5) => last.commands.push(command.clone()),
                _ => cut.push(Row {
                    sequence: row.sequence + place as u64,
                    time_ms: row.time_ms,
                    commands: vec![command.clone()],
                }),
            }
        }
    }
    cut
}

/// Criterion: PROP-5
#[test]
fn batches_may_be_cut_anywhere() {
    for seed in 200..204 {
        let rows = record(seed, Mix::Everything, length(5_000), 60);
        let mut straight = Exchange::new();
        let events: Vec<_> = rows
            .iter()
            .flat_map(|row| apply(&mut straight, row))
            .collect();
        let mut dice = Dice::new(seed);
        for _ in 0..2 {
            let pieces = recut(&rows, &mut dice);
            let mut other = Exchange::new();
            let others: Vec<_> = pieces
                .iter()
                .flat_map(|row| apply(&mut other, row))
                .collect();
            assert_eq!(other.state_hash(), straight.state_hash());
            assert!(others == events, "seed {seed}: the events are the same too");
        }
    }
}

/// Criterion: PROP-6
#[test]
fn replay_without_events_gives_the_same_state() {
    let rows = record(210, Mix::Everything, length(5_000), 60);
    let (mut loud, mut silent) = (Exchange::new(), Exchange::new());
    for row in &rows {
        apply(&mut loud, row);
        let bytes = fullreserve_core::wire::Batch::encode(row.commands.iter());
        let events = silent
            .apply(row.sequence, row.time_ms, &bytes, false, &[])
            .unwrap();
        assert_eq!(events, [0x90]);
    }
    assert_eq!(loud.state_hash(), silent.state_hash());
    assert_eq!(loud.snapshot(), silent.snapshot());
}
