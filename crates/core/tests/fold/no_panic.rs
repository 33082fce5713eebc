//! No bytes and no values stop the exchange.
//!
//! Method: the golden samples of every command (`tests/golden/wire.txt`) as templates whose leaves
//! are replaced by values at the edges of their type, and by ids that exist, so that some get far.

use std::path::Path;

use fullreserve_core::money::Amount;
use fullreserve_core::types::*;
use fullreserve_core::wire::answer::AccountState;
use fullreserve_core::wire::command::{Body, PlaceOrder, Tick, Transfer};
use fullreserve_core::wire::{Batch, Command, Event, Reader, Sink, Writer, decode, encode};
use fullreserve_core::{ApplyError, Exchange};

use super::conservation::accounts;
use super::dice::Dice;
use super::genesis::*;
use super::run::{Run, length};
use super::stream::Mix;

/// ActivateRules halts by design when a binary does not know the rules.
const ACTIVATE_RULES: u8 = 31;

/// A MessagePack value of the schema.
#[derive(Clone)]
enum Value {
    Unsigned(u64),
    Signed(i64),
    Text(String),
    Bytes(Vec<u8>),
    Array(Vec<Value>),
}

fn parse(reader: &mut Reader<'_>, bytes: &[u8]) -> Value {
    let head = bytes[bytes.len() - reader.remaining()];
    match head {
        0x00..=0x7f | 0xcc..=0xcf => Value::Unsigned(reader.uint().unwrap()),
        0xd0..=0xd3 | 0xe0.. => Value::Signed(reader.int().unwrap()),
        0xa0..=0xbf | 0xd9..=0xdb => Value::Text(reader.text().unwrap().into()),
        0xc4..=0xc6 => Value::Bytes(reader.bytes().unwrap().into()),
        _ => {
            let count = reader.array().unwrap();
            Value::Array((0..count).map(|_| parse(reader, bytes)).collect())
        }
    }
}

fn write(value: &Value, writer: &mut Writer) {
    match value {
        Value::Unsigned(number) => writer.uint(*number),
        Value::Signed(number) => writer.int(*number),
        Value::Text(text) => writer.text(text),
        Value::Bytes(bytes) => writer.bytes(bytes),
        Value::Array(items) => {
            writer.array(items.len());
            items.iter().for_each(|item| write(item, writer));
        }
    }
}

fn templates() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/wire.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let commands = text
        .lines()
        .filter_map(|line| line.strip_prefix("command "));
    commands
        .map(|line| template(line.split_once(' ').unwrap().1))
        .collect()
}

fn template(hex: &str) -> Value {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let bytes: Vec<u8> = hex.as_bytes().chunks(2).map(byte).collect();
    parse(&mut Reader::new(&bytes), &bytes)
}

const ORDERS: u64 = 1_000_000_000_000_000_000;

fn number(dice: &mut Dice) -> Value {
    Value::Unsigned(match dice.below(8) {
        0 => dice.pick(&[
            u64::MAX,
            u64::MAX - 1,
            1 << 63,
            (1 << 63) - 1,
            1 << 32,
            u64::from(u32::MAX),
        ]),
        1 => dice.roll() >> dice.below(64),
        2 => ORDERS + dice.below(60),
        3 => dice.pick(&[1, 11, 12, 13, 110, 120, 130, 50, 41]),
        4 => return Value::Signed(dice.pick(&[-1, i64::MIN, -100_000])),
        _ => dice.below(6),
    })
}

fn bytes(dice: &mut Dice, old: &[u8]) -> Vec<u8> {
    if old.len() != 16 {
        return (0..dice.below(40)).map(|place| place as u8).collect();
    }
    let edges = [
        0,
        1,
        -1,
        i128::MAX,
        i128::MIN,
        1 << 100,
        1 << 120,
        (1 << 120) + 1,
        10_i128.pow(24),
    ];
    let amount = match dice.below(2) {
        0 => dice.pick(&edges),
        _ => i128::from(dice.below(100_000_000)),
    };
    amount.to_be_bytes().to_vec()
}

fn mutate(value: &Value, dice: &mut Dice) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|item| mutate(item, dice)).collect();
            if dice.one_in(40) {
                items.pop();
            }
            Value::Array(items)
        }
        kept if dice.one_in(4) => kept.clone(),
        Value::Unsigned(_) | Value::Signed(_) => number(dice),
        Value::Text(_) => Value::Text(
            dice.pick(&["", "a", "c1", "c2", "BTC", "x y", "\u{e9}"])
                .into(),
        ),
        Value::Bytes(old) => Value::Bytes(bytes(dice, old)),
    }
}

/// A hostile command whose head is sound, so that it is the body that is tried.
fn hostile(templates: &[Value], submission: u64, dice: &mut Dice) -> Vec<u8> {
    let Value::Array(fields) = &templates[dice.below(templates.len() as u64) as usize] else {
        unreachable!("every command is an array");
    };
    let head = [
        fields[0].clone(),
        Value::Unsigned(7),
        Value::Unsigned(submission),
    ];
    let body = fields[3..].iter().map(|field| mutate(field, dice));
    let mut writer = Writer::new();
    write(
        &Value::Array(head.into_iter().chain(body).collect()),
        &mut writer,
    );
    writer.into_bytes()
}

/// An exchange in which things have happened.
fn lively(seed: u64) -> Exchange {
    let mut run = Run::new(seed, Mix::Everything);
    let first = run.start();
    run.apply(&first);
    while run.exchange.sequence() < 500 {
        let row = run.next_row(50);
        run.apply(&row);
    }
    run.exchange
}

/// Applies a batch that may be malformed; whether it was applied. A halt fails the test.
fn try_batch(exchange: &mut Exchange, time_ms: u64, bytes: &[u8]) -> bool {
    let (before, sequence) = (exchange.sequence(), exchange.sequence() + 1);
    match exchange.apply(sequence, time_ms, bytes, true, &[]) {
        Ok(_) => true,
        Err(ApplyError::Malformed(_)) => {
            assert_eq!(exchange.sequence(), before);
            false
        }
        Err(why) => {
            let mut batch = Batch::new();
            batch.decode(bytes).unwrap();
            panic!("{why}: {:?}", batch.commands());
        }
    }
}

/// Criterion: PROP-10
#[test]
fn malformed_bytes_change_nothing() {
    let mut exchange = lively(405);
    let before = exchange.snapshot();
    let time_ms = exchange.time_ms() + 10_000;
    for bytes in [
        &[0x91][..],
        &[0x92, 0x93, 11, 1, 8],
        &[0x91, 0x93, 99, 1, 8],
        &[0x90, 0],
    ] {
        assert!(!try_batch(&mut exchange, time_ms, bytes));
        assert!(exchange.snapshot() == before, "{bytes:x?}");
    }
}

/// Criterion: PROP-9
#[test]
fn no_value_in_any_field_stops_the_exchange() {
    let templates = templates();
    for seed in 400..404 {
        let mut dice = Dice::new(seed);
        let mut exchange = lively(seed);
        let (mut applied, mut time_ms) = (0, exchange.time_ms());
        for submission in 0..length(6_000) {
            let command = hostile(&templates, submission + 1, &mut dice);
            let is_halt_by_design = decode::<Command>(&command)
                .is_ok_and(|command| command.body.tag() == ACTIVATE_RULES);
            if is_halt_by_design {
                continue;
            }
            let mut batch = vec![0x91];
            batch.extend(&command);
            applied += u64::from(try_batch(&mut exchange, time_ms, &batch));
            time_ms += dice.below(2);
        }
        assert!(
            applied > length(6_000) / 2,
            "most hostile commands are well-formed"
        );
    }
}

/// Criterion: PROP-10
#[test]
fn no_bytes_stop_the_exchange() {
    let templates = templates();
    let mut dice = Dice::new(410);
    let mut exchange = lively(410);
    for submission in 0..length(5_000) {
        let mut batch = vec![0x91];
        batch.extend(hostile(&templates, submission, &mut dice));
        for _ in 0..1 + dice.below(4) {
            let place = dice.below(batch.len() as u64) as usize;
            batch[place] = dice.roll() as u8;
        }
        let mut decoded = Batch::new();
        let rules = |command: &Command| command.body.tag() == ACTIVATE_RULES;
        if decoded
            .decode(&batch)
            .is_ok_and(|()| !decoded.commands().iter().any(rules))
        {
            let time_ms = exchange.time_ms();
            try_batch(&mut exchange, time_ms, &batch);
        }
        let _ = exchange.query(&batch[1..]);
    }
}

/// Queries with any field are answered, or refused as malformed. Criterion: PROP-10
#[test]
fn no_query_stops_the_exchange() {
    let exchange = lively(420);
    let mut dice = Dice::new(420);
    let before = exchange.state_hash();
    for _ in 0..length(20_000) {
        let count = 1 + dice.below(6);
        let mut fields: Vec<Value> = (0..count).map(|_| number(&mut dice)).collect();
        fields[0] = Value::Unsigned(1 + dice.below(24));
        if dice.one_in(5) {
            fields.push(Value::Text("c1".into()));
        }
        let mut writer = Writer::new();
        write(&Value::Array(fields), &mut writer);
        let _ = exchange.query(writer.as_bytes());
    }
    assert_eq!(exchange.state_hash(), before);
}

/// The treasury gives a user all that an account can be given; the user can still trade.
/// Criterion: PROP-9
#[test]
fn a_full_account_still_trades() {
    let mut run = Run::new(440, Mix::Everything);
    let first = run.start();
    run.apply(&first);
    let (full, other) = (OwnerId(11), OwnerId(12));
    let most = Amount((1 << 120) - 10_i128.pow(12));
    let (source, target) = (account(HOUSE, TREASURY), account(full, TRADE));
    let give = Transfer {
        actor: HOUSE,
        source,
        target,
        asset: USDT,
        amount: most,
        reason: Reason(1),
    };
    let order = |owner, side| PlaceOrder {
        owner,
        instrument: PAIRS[0].0,
        side,
        order_type: OrderType::Limit,
        price: Price(PAIRS[0].5),
        size: Size(10_000),
        unit: SizeUnit::Base,
        self_trade: SelfTrade::CancelMaker,
        flags: OrderFlags::NONE,
        client_order_id: ClientOrderId::EMPTY,
        tag: Tag::EMPTY,
        expires: Timestamp(0),
    };
    let bodies: [Body; 3] = [
        give.into(),
        order(full, Side::Sell).into(),
        order(other, Side::Buy).into(),
    ];
    for body in bodies {
        let events = run.apply(&run.row(vec![Command::new(GatewayId(0), 0, body)]));
        let Some(Event::Reply(reply)) = events.last() else {
            panic!("a reply")
        };
        assert_eq!(reply.code, Code::SUCCESS);
    }
    let balance = |state: &AccountState| (state.owner, state.asset) == (full, USDT);
    let full = accounts(&run.exchange).into_iter().find(balance).unwrap();
    assert!(
        full.balance.0 > 1 << 120,
        "the account was paid beyond its bound"
    );
}

/// Criterion: PROP-11
#[test]
fn a_gap_and_time_going_back_are_refused_and_change_nothing() {
    let mut exchange = lively(430);
    let (before, time_ms, next) = (
        exchange.state_hash(),
        exchange.time_ms(),
        exchange.sequence() + 1,
    );
    let tick = encode(&Command::new(GatewayId(9), 1, Tick {}));
    let batch = [&[0x91], tick.as_slice()].concat();
    for sequence in [0, next - 1, next + 1, u64::MAX] {
        let refused = exchange
            .apply(sequence, time_ms, &batch, true, &[])
            .unwrap_err();
        assert!(matches!(refused, ApplyError::Gap { .. }));
    }
    let refused = exchange
        .apply(next, time_ms - 1, &batch, true, &[])
        .unwrap_err();
    assert!(matches!(refused, ApplyError::TimeBack { .. }));
    assert_eq!(exchange.state_hash(), before);
    assert!(exchange.apply(next, time_ms, &batch, true, &[]).is_ok());
}
