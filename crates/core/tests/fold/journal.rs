//! The committed journals replay to their recorded hashes, in this version and every later one.
//!
//! Format and rules: `tests/journals/README.md`; the same files are replayed from Python by
//! `tests/unit/exchange/test_golden_journals.py`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use fullreserve_core::Exchange;
use fullreserve_core::wire::Batch;

use super::run::{apply, record};
use super::stream::Mix;

/// A hash is recorded behind every so many rows, and behind the last.
const ROWS_PER_HASH: usize = 8;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/journals")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bytes(hex: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    hex.as_bytes().chunks(2).map(byte).collect()
}

/// Replays a journal; how many hashes were compared.
fn replay(text: &str) -> usize {
    let mut exchange = Exchange::new();
    let mut compared = 0;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["row", sequence, time_ms, commands] => {
                let (sequence, time_ms) = (sequence.parse().unwrap(), time_ms.parse().unwrap());
                exchange
                    .apply(sequence, time_ms, &bytes(commands), true, &[])
                    .unwrap();
            }
            ["hash", sequence, hash] => {
                assert_eq!(exchange.sequence().to_string(), sequence);
                assert_eq!(hex(&exchange.state_hash()), hash, "at sequence {sequence}");
                compared += 1;
            }
            _ => panic!("not a line of a journal: {line}"),
        }
    }
    compared
}

/// Criterion: PROP-14
#[test]
fn every_committed_journal_replays_to_its_hashes() {
    let mut compared = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "journal")
        {
            compared += replay(&std::fs::read_to_string(path).unwrap());
        }
    }
    assert!(compared >= 5);
}

/// Not a test: writes the journal of the spot exchange anew. Only before the first release, or to
/// add a journal under a new name for a new capability.
#[test]
#[ignore = "no test: run by hand, it writes tests/journals/spot.journal anew"]
fn write_the_spot_journal() {
    write("spot", 800);
}

/// The same for the guard of reserves, which came with rules 2.
#[test]
#[ignore = "no test: run by hand, it writes tests/journals/guard.journal anew"]
fn write_the_guard_journal() {
    write("guard", 801);
}

fn write(name: &str, seed: u64) {
    let rows = record(seed, Mix::Everything, 900, 24);
    let mut text = String::from("# A random log of every command kind. See README.md.\n");
    let mut exchange = Exchange::new();
    for (place, row) in rows.iter().enumerate() {
        apply(&mut exchange, row);
        let commands = hex(&Batch::encode(row.commands.iter()));
        writeln!(text, "row {} {} {commands}", row.sequence, row.time_ms).unwrap();
        if place % ROWS_PER_HASH == 0 || place + 1 == rows.len() {
            let hash = hex(&exchange.state_hash());
            writeln!(text, "hash {} {hash}", exchange.sequence()).unwrap();
        }
    }
    std::fs::write(folder().join(format!("{name}.journal")), text).unwrap();
}
