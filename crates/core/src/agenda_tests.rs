//! Timers and slices of work through the whole fold.

use crate::exchange::Exchange;
use crate::fees::Houses;
use crate::halt::ApplyError;
use crate::money::Amount;
use crate::types::*;
use crate::wire::command::*;
use crate::wire::event::Event;
use crate::wire::{Batch, decode};
use crate::world::*;

fn switch(owner: u64, timeout: u64, tag: &str) -> CancelAllAfter {
    CancelAllAfter {
        owner: OwnerId(owner),
        timeout,
        tag: Tag::new(tag.as_bytes()).unwrap(),
    }
}

fn tagged(tag: &str, order: PlaceOrder) -> PlaceOrder {
    PlaceOrder {
        tag: Tag::new(tag.as_bytes()).unwrap(),
        ..order
    }
}

/// Criterion: CORE-AGD-2. Set at 1,000 for 5,000 ms, renewed at 3,000: it fires at 8,000.
#[test]
fn a_switch_fires_unless_it_is_renewed() {
    let mut world = World::funded();
    let kept = world.ok(limit(11, Side::Buy, 500_000, 1));
    let gone = world.ok(tagged("desk", limit(11, Side::Buy, 500_000, 1)));
    world.ok(switch(11, 5_000, "desk"));
    world.time_ms = 3_000;
    world.ok(switch(11, 5_000, "desk"));
    assert_eq!(world.exchange.next_due_ms(), 8_000);
    world.time_ms = 7_999;
    world.ok(Tick {});
    assert!(world.order(gone).is_resting());
    world.time_ms = 8_000;
    let events = world.send(Tick {});
    let canceled = orders_of(&events);
    assert_eq!((canceled.len(), canceled[0].order.0), (1, gone));
    assert_eq!(canceled[0].cancel_source, CancelSource::CancelAllAfter);
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::DeadMan(state) if state.fired))
    );
    assert!(world.order(kept).is_resting());
    assert_eq!(world.exchange.next_due_ms(), 0);
}

/// Criterion: CORE-AGD-2
#[test]
fn a_switch_is_turned_off_and_there_are_twenty() {
    let mut world = World::funded();
    for number in 0..20 {
        world.ok(switch(11, 5_000, &format!("t{number}")));
    }
    assert_eq!(world.refusal(switch(11, 5_000, "more")), (51071, 20));
    world.ok(switch(11, 0, "t3"));
    world.ok(switch(11, 5_000, "more"));
    world.ok(switch(12, 5_000, ""));
    world.ok(switch(12, 0, ""));
    world.time_ms = 6_000;
    let events = world.send(Tick {});
    let fired = events
        .iter()
        .filter(|event| matches!(event, Event::DeadMan(_)))
        .count();
    assert_eq!(fired, 20);
}

/// Criterion: CORE-AGD-2. Who set it takes his orders for gone, whatever is stopped; before rules 5
/// it was spent and cancelled nothing.
#[test]
fn a_switch_cancels_in_a_stop() {
    let mut world = World::funded();
    let order = world.ok(limit(11, Side::Buy, 500_000, 1));
    world.ok(SetSuspension {
        suspension: 1,
        actions: Suspended::TRADE_ALL,
        level: SuspensionLevel::Global,
        key: 0,
    });
    world.ok(switch(11, 5_000, ""));
    world.time_ms = 6_000;
    world.ok(Tick {});
    assert!(world.order(order).is_resting());
    world.ok(ActivateRules { rules: 5 });
    assert_eq!(world.refusal(cancel(11, order)), (51022, 0));
    world.ok(switch(11, 5_000, ""));
    world.time_ms = 11_000;
    let events = world.send(Tick {});
    assert_eq!(orders_of(&events)[0].order.0, order);
    assert!(!world.order(order).is_resting());
}

/// Criterion: CORE-AGD-1. The timer fires before the command that comes at the same time.
#[test]
fn timers_come_before_commands() {
    let mut world = World::funded();
    let order = world.ok(limit(11, Side::Buy, 500_000, 1));
    world.ok(switch(11, 5_000, ""));
    world.time_ms = 9_000;
    assert_eq!(world.refusal(cancel(11, order)), (51400, 0));
}

fn distribute(amount: i128, rounding: ShareRounding, source: WeightSource) -> Distribute {
    let weight = |owner, weight| Weight {
        owner: OwnerId(owner),
        weight,
    };
    Distribute {
        pool: trading(14),
        asset: BTC,
        amount: Amount(amount),
        target_kind: FUND,
        target_instance: Instance(0),
        rounding,
        source,
        weight_kind: Kind(2),
        weight_asset: USDT,
        weights: match source {
            WeightSource::Explicit => vec![weight(13, 1), weight(11, 1), weight(12, 1)],
            WeightSource::Balances => Vec::new(),
        },
        reason: Reason(77),
    }
}

/// Criterion: CORE-AGD-3, CORE-AGD-7. 100 units to three owners, two a slice: 33 each, 1 remains.
#[test]
fn a_distribution_is_paid_in_slices() {
    let mut world = World::funded();
    world.ok(SetParameter {
        parameter: Parameter::WorkUnits,
        value: 2,
    });
    world.ok(distribute(
        100,
        ShareRounding::Floor,
        WeightSource::Explicit,
    ));
    assert_eq!(world.account(trading(14), BTC), (100 * COIN, 100));
    assert_eq!(world.exchange.next_due_ms(), 1_000);
    let paid = |world: &World| [11, 12, 13].map(|owner| world.account(funding(owner), BTC).0);
    world.ok(Tick {});
    assert_eq!(paid(&world), [0, 0, 0]);
    world.time_ms += 1;
    world.ok(Tick {});
    assert_eq!(paid(&world), [33, 33, 0]);
    world.time_ms += 1;
    let events = world.send(Tick {});
    assert_eq!(paid(&world), [33, 33, 33]);
    let done = |event: &Event| matches!(event, Event::Distributed(state) if state.remaining == 0);
    assert!(events.iter().any(done));
    let dust = AccountKey {
        owner: HOUSE,
        kind: ROUNDING,
        instance: Instance(0),
    };
    assert_eq!(world.account(dust, BTC).0, 1);
    assert_eq!(world.account(trading(14), BTC), (100 * COIN - 100, 0));
    assert_eq!(world.exchange.next_due_ms(), 0);
}

/// Criterion: CORE-AGD-7. Weights are those of the command, whatever moves before the payment.
#[test]
fn weights_are_frozen_at_the_command() {
    let mut world = World::funded();
    let rounding = ShareRounding::LargestRemainder;
    world.ok(distribute(8, rounding, WeightSource::Balances));
    world.ok(limit(11, Side::Buy, 1, 1));
    let (source, target) = (trading(11), trading(12));
    let amount = Amount(10_000_000 * COIN - 10_000);
    let actor = HOUSE;
    world.ok(Transfer {
        actor,
        source,
        target,
        asset: USDT,
        amount,
        reason: Reason(1),
    });
    world.time_ms += 1;
    world.ok(Tick {});
    for owner in 11..=14 {
        assert_eq!(world.account(funding(owner), BTC).0, 2, "{owner}");
    }
}

/// Criterion: CORE-AGD-7
#[test]
fn a_distribution_must_be_covered_and_named_right() {
    let mut world = World::funded();
    let floor = |amount| distribute(amount, ShareRounding::Floor, WeightSource::Explicit);
    assert_eq!(world.refusal(floor(100 * COIN + 1)).0, 58350);
    assert_eq!(world.refusal(floor(0)).0, 58114);
    let mut twice = floor(1);
    twice.weights.push(Weight {
        owner: OwnerId(11),
        weight: 1,
    });
    assert_eq!(world.refusal(twice).0, 51000);
    let mut nobody = floor(1);
    nobody.weights = vec![Weight {
        owner: OwnerId(99),
        weight: 1,
    }];
    assert_eq!(world.refusal(nobody).0, 51000);
    let mut weightless = floor(1);
    weightless.weights = vec![Weight {
        owner: OwnerId(11),
        weight: 0,
    }];
    assert_eq!(world.refusal(weightless).0, 51000);
    world.ok(floor(100 * COIN));
    assert_eq!(world.refusal(floor(1)).0, 58350);
}

fn tick() -> Vec<u8> {
    let command = Command::new(GatewayId(0), 0, Tick {});
    Batch::encode([&command].into_iter())
}

fn halted_at(error: Option<ApplyError>) -> u64 {
    match error {
        Some(ApplyError::Halted(halt)) => halt.sequence,
        other => panic!("no halt: {other:?}"),
    }
}

/// Criterion: CORE-AGD-8. The account for the remainder is gone, which nothing can bring about.
#[test]
fn a_distribution_that_halts_can_be_set_aside() {
    let mut world = World::funded();
    let part = distribute(100, ShareRounding::Floor, WeightSource::Explicit);
    let sequence = world.ok(part);
    let snapshot = world.exchange.snapshot();
    let fresh = || {
        let mut exchange = Exchange::restore(&snapshot).unwrap();
        exchange.houses = Houses::default();
        exchange
    };
    let next = world.exchange.sequence() + 1;
    let halted = fresh().apply(next, 9_000, &tick(), true, &[]).err();
    assert_eq!(halted_at(halted), sequence);
    let mut mended = fresh();
    assert!(
        mended
            .apply(next, 9_000, &tick(), true, &[sequence])
            .is_ok()
    );
    mended.check_invariants().unwrap();
    assert_eq!(mended.next_due_ms(), 0);
    let world = World {
        exchange: mended,
        time_ms: 9_000,
    };
    assert_eq!(world.account(trading(14), BTC), (100 * COIN, 0));
    assert_eq!(world.account(funding(11), BTC), (0, 0));
}

/// Criterion: CORE-AGD-8. The hold of the order that the switch cancels is gone.
#[test]
fn a_switch_that_halts_can_be_set_aside() {
    let mut world = World::funded();
    let order = world.ok(limit(11, Side::Buy, 500_000, 1));
    let sequence = reply_of(&world.send(switch(11, 5_000, ""))).sequence.0;
    world.ok(switch(12, 5_000, ""));
    let snapshot = world.exchange.snapshot();
    let mut broken = Exchange::restore(&snapshot).unwrap();
    let slot = broken.ledger.find(trading(11), USDT).unwrap();
    broken.ledger.restore_account(slot, 0, 0, true, 0);
    let next = broken.sequence() + 1;
    let halted = broken.apply(next, 9_000, &tick(), true, &[]).err();
    assert_eq!(halted_at(halted), sequence);
    let mut mended = Exchange::restore(&snapshot).unwrap();
    let events = mended
        .apply(next, 9_000, &tick(), true, &[sequence])
        .unwrap();
    let events: Vec<Event> = decode(events).unwrap();
    assert!(orders_of(&events).is_empty());
    let fired = events.iter().filter_map(|event| match event {
        Event::DeadMan(state) => Some((state.owner.0, state.fired)),
        _ => None,
    });
    assert_eq!(fired.collect::<Vec<_>>(), [(11, false), (12, true)]);
    assert!(mended.orders.find(order).is_some());
    assert_eq!(mended.next_due_ms(), 0);
}
