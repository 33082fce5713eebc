//! Goal: Rust and Python agree on every byte of the wire. Method: decode each line of the golden
//! file that Python wrote (`tests/unit/exchange/test_wire_golden.py`) and encode it back.

use std::collections::BTreeSet;
use std::path::Path;

use fullreserve_core::wire::answer::*;
use fullreserve_core::wire::{Batch, Body, Command, Event, Query, Wire, decode, encode};

struct Golden {
    section: String,
    name: String,
    bytes: Vec<u8>,
}

fn golden() -> Vec<Golden> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/wire.txt");
    let text = std::fs::read_to_string(path).expect("the golden file");
    text.lines().map(parse).collect()
}

fn parse(line: &str) -> Golden {
    let words: Vec<&str> = line.split(' ').collect();
    let [section, name, hex] = words[..] else {
        panic!("not three words: {line}")
    };
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    Golden {
        section: section.into(),
        name: name.into(),
        bytes: hex.as_bytes().chunks(2).map(byte).collect(),
    }
}

/// The tag, which follows an array header of one or three bytes.
fn tag(bytes: &[u8]) -> u8 {
    if bytes[0] == 0xdc { bytes[3] } else { bytes[1] }
}

fn round_trip<T: Wire>(line: &Golden) {
    let value: T = decode(&line.bytes).unwrap_or_else(|why| panic!("{}: {why}", line.name));
    assert_eq!(encode(&value), line.bytes, "{}", line.name);
}

fn section(name: &str) -> Vec<Golden> {
    golden()
        .into_iter()
        .filter(|line| line.section == name)
        .collect()
}

fn tags(lines: &[Golden]) -> BTreeSet<u8> {
    lines.iter().map(|line| tag(&line.bytes)).collect()
}

/// Criterion: WIRE-1
#[test]
fn commands_come_back_byte_for_byte() {
    let lines = section("command");
    assert_eq!(tags(&lines), Body::TAGS.iter().copied().collect());
    for line in &lines {
        let command: Command = decode(&line.bytes).unwrap();
        assert_eq!(command.body.tag(), tag(&line.bytes));
        assert!(
            !matches!(command.body, Body::Invalid { .. }),
            "{} is in domain",
            line.name
        );
        assert_eq!(encode(&command), line.bytes, "{}", line.name);
    }
}

/// Criterion: WIRE-1
#[test]
fn events_come_back_byte_for_byte() {
    let lines = section("event");
    assert_eq!(tags(&lines), Event::TAGS.iter().copied().collect());
    lines.iter().for_each(round_trip::<Event>);
}

/// Criterion: WIRE-1
#[test]
fn queries_come_back_byte_for_byte() {
    let lines = section("query");
    assert_eq!(tags(&lines), Query::TAGS.iter().copied().collect());
    lines.iter().for_each(round_trip::<Query>);
}

/// Criterion: WIRE-1
#[test]
fn answers_come_back_byte_for_byte() {
    let mut seen = BTreeSet::new();
    for line in section("answer") {
        match line.name.as_str() {
            "DepthLevel" => round_trip::<DepthLevel>(&line),
            "Depth" => round_trip::<Depth>(&line),
            "AccountState" => round_trip::<AccountState>(&line),
            "Status" => round_trip::<Status>(&line),
            "ComponentHash" => round_trip::<ComponentHash>(&line),
            "Supply" => round_trip::<Supply>(&line),
            "Shortfall" => round_trip::<Shortfall>(&line),
            "Claims" => round_trip::<Claims>(&line),
            "ReserveState" => round_trip::<ReserveState>(&line),
            "Reference" => round_trip::<PriceReference>(&line),
            name => panic!("{name} has no shape here"),
        }
        seen.insert(line.name);
    }
    assert_eq!(seen.len(), 10);
}

/// All golden commands as one batch. Criterion: WIRE-3
#[test]
fn a_batch_of_all_commands_comes_back_byte_for_byte() {
    let lines = section("command");
    let mut bytes = vec![0xdc];
    bytes.extend(u16::try_from(lines.len()).unwrap().to_be_bytes());
    lines.iter().for_each(|line| bytes.extend(&line.bytes));
    let mut batch = Batch::new();
    batch.decode(&bytes).unwrap();
    assert_eq!(Batch::encode(batch.commands().iter()), bytes);
}
