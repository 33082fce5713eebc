//! The fold around the commands: sequences, repeats, halts.

use crate::exchange::Exchange;
use crate::halt::ApplyError;
use crate::types::*;
use crate::wire::command::*;
use crate::wire::event::Event;
use crate::wire::query::GetStatus;
use crate::wire::{Batch, decode, encode};
use crate::world::*;

fn bytes(commands: &[Command]) -> Vec<u8> {
    Batch::encode(commands.iter())
}

fn tick() -> Vec<u8> {
    bytes(&[Command::new(GatewayId(0), 0, Tick {})])
}

/// Criterion: CORE-EXC-1
#[test]
fn wrong_batches_change_nothing() {
    let mut world = World::funded();
    let next = world.exchange.sequence() + 1;
    let before = world.exchange.state_hash();
    let mut cut = tick();
    cut.pop();
    let errors = [
        world
            .exchange
            .apply(next + 1, 1_000, &tick(), true, &[])
            .map(<[u8]>::to_vec),
        world
            .exchange
            .apply(next - 1, 1_000, &tick(), true, &[])
            .map(<[u8]>::to_vec),
        world
            .exchange
            .apply(next, 999, &tick(), true, &[])
            .map(<[u8]>::to_vec),
        world
            .exchange
            .apply(next, 2_000, &cut, true, &[])
            .map(<[u8]>::to_vec),
    ];
    assert_eq!(
        errors[0],
        Err(ApplyError::Gap {
            expected: next,
            given: next + 1
        })
    );
    assert_eq!(
        errors[1],
        Err(ApplyError::Gap {
            expected: next,
            given: next - 1
        })
    );
    assert_eq!(
        errors[2],
        Err(ApplyError::TimeBack {
            last: 1_000,
            given: 999
        })
    );
    assert!(matches!(errors[3], Err(ApplyError::Malformed(_))));
    assert_eq!(world.exchange.state_hash(), before);
    assert!(
        world
            .exchange
            .apply(next, 1_000, &tick(), true, &[])
            .is_ok()
    );
}

/// Criterion: CORE-EXC-2
#[test]
fn a_repeat_is_answered_as_the_first_time() {
    let mut world = World::funded();
    let order = limit(11, Side::Buy, 500_000, 1);
    let first = reply_of(&world.submit(7, 40, order.clone()));
    let again = world.submit(7, 40, order.clone());
    let [Event::Reply(again)] = &again[..] else {
        panic!("only a reply: {again:?}")
    };
    assert_eq!((again.order, again.code), (first.order, Code(0)));
    assert_eq!(again.duplicate_of, first.sequence);
    assert_eq!(world.exchange.open_orders(), 1);
    let refused = limit(11, Side::Buy, 500_000, 0);
    let first = reply_of(&world.submit(7, 39, refused.clone()));
    let again = reply_of(&world.submit(7, 39, refused));
    assert_eq!((first.code, first.allowed), (Code(51020), 1));
    assert_eq!((again.code, again.allowed), (first.code, first.allowed));
    world.submit(7, 100_000, order.clone());
    assert_eq!(reply_of(&world.submit(7, 40, order)).code, Code(50071));
    assert_eq!(world.exchange.open_orders(), 2);
}

/// Criterion: CORE-EXC-6
#[test]
fn unknown_rules_halt_for_ever() {
    let mut world = World::funded();
    world.ok(ActivateRules { rules: 1 });
    let next = world.exchange.sequence() + 1;
    let rules = bytes(&[Command::new(GatewayId(0), 0, ActivateRules { rules: 6 })]);
    let error = world
        .exchange
        .apply(next, 1_000, &rules, true, &[])
        .unwrap_err();
    let ApplyError::Halted(halt) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(halt.sequence, next);
    assert!(halt.reason.contains("rules 6"), "{}", halt.reason);
    let again = world
        .exchange
        .apply(next + 1, 1_000, &tick(), true, &[])
        .unwrap_err();
    assert_eq!(again, error);
    assert!(world.exchange.query(&encode(&GetStatus {})).is_ok());
    let restored = Exchange::restore(&world.exchange.snapshot()).unwrap();
    assert_eq!(restored.halted(), Some(halt));
}

/// Criterion: CORE-EXC-6. Money out of nowhere is found before the batch is done.
#[test]
fn a_broken_invariant_halts() {
    let mut world = World::funded();
    let slot = world.exchange.ledger.find(trading(11), BTC).unwrap();
    world.exchange.ledger.add(slot, -101 * COIN);
    let next = world.exchange.sequence() + 1;
    let error = world
        .exchange
        .apply(next, 1_000, &tick(), true, &[])
        .unwrap_err();
    assert!(matches!(error, ApplyError::Halted(halt) if halt.reason.contains("sign rule")));
}

/// Criterion: CORE-EXC-7
#[test]
fn a_quarantined_sequence_is_passed_over() {
    let mut world = World::funded();
    let next = world.exchange.sequence() + 1;
    let order = |number| Command::new(GatewayId(3), number, limit(11, Side::Buy, 500_000, 1));
    let batch = bytes(&[order(1), order(2), order(3)]);
    let events = world
        .exchange
        .apply(next, 1_000, &batch, true, &[next + 1])
        .unwrap();
    let events: Vec<Event> = decode(events).unwrap();
    let codes: Vec<u32> = events
        .iter()
        .filter_map(|event| match event {
            Event::Reply(reply) => Some(reply.code.0),
            _ => None,
        })
        .collect();
    assert_eq!(codes, [0, 50026, 0]);
    assert_eq!(world.exchange.open_orders(), 2);
    let events = world.send(Quarantine {
        sequence: Sequence(next + 1),
    });
    assert!(matches!(&events[0], Event::Quarantined(event) if event.sequence.0 == next + 1));
}

/// Criterion: CORE-EXC-8, CORE-SNP-3
#[test]
fn the_state_does_not_depend_on_who_listens() {
    let (mut one, mut two) = (World::funded(), World::funded());
    one.ok(limit(11, Side::Sell, 600_000, 5));
    one.ok(limit(12, Side::Buy, 600_000, 3));
    let orders = [
        limit(11, Side::Sell, 600_000, 5),
        limit(12, Side::Buy, 600_000, 3),
    ];
    let batch = bytes(&orders.map(|order| Command::new(GatewayId(0), 0, order)));
    let next = two.exchange.sequence() + 1;
    assert_eq!(
        two.exchange.apply(next, 1_000, &batch, false, &[]).unwrap(),
        [0x90]
    );
    assert_eq!(one.exchange.state_hash(), two.exchange.state_hash());
}

/// Criterion: CORE-ORD-1. A value that its field cannot hold refuses the one command.
#[test]
fn a_value_outside_its_domain_is_51000() {
    let mut world = World::funded();
    let order = PlaceOrder {
        tag: Tag::new(b"abc").unwrap(),
        ..limit(11, Side::Buy, 5, 1)
    };
    let mut batch = bytes(&[Command::new(GatewayId(0), 0, order)]);
    let place = batch
        .windows(3)
        .position(|window| window == b"abc")
        .unwrap();
    batch[place] = b'-';
    let next = world.exchange.sequence() + 1;
    let events: Vec<Event> = decode(
        world
            .exchange
            .apply(next, 1_000, &batch, true, &[])
            .unwrap(),
    )
    .unwrap();
    assert_eq!(reply_of(&events).code, Code(51000));
    assert_eq!(world.exchange.open_orders(), 0);
}
