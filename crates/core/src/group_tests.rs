//! Groups: all of it or nothing.

use crate::money::Amount;
use crate::types::*;
use crate::wire::command::*;
use crate::wire::event::Event;
use crate::world::*;

fn group(postings: Vec<Posting>, commands: Vec<Body>) -> Group {
    let inner = |body| GroupCommand(Command::new(GatewayId(0), 0, body));
    let commands = commands.into_iter().map(inner).collect();
    Group {
        cause: Sequence(1),
        code: Code(0),
        postings,
        commands,
    }
}

fn posting(legs: &[(AccountKey, AssetId, i128)]) -> Posting {
    let leg = |(account, asset, change): &(AccountKey, AssetId, i128)| Leg {
        account: *account,
        asset: *asset,
        change: Amount(*change),
    };
    Posting {
        reason: Reason(9),
        legs: legs.iter().map(leg).collect(),
    }
}

/// The state hash without the clock, which every logged command moves.
fn content(world: &World) -> Vec<[u8; 32]> {
    let hashes = world.exchange.component_hashes();
    hashes[1..hashes.len() - 1]
        .iter()
        .map(|component| component.hash)
        .collect()
}

/// Criterion: CORE-GRP-1, CORE-GRP-4. Each group has one part that does not hold, the last to be
/// looked at in its kind; nothing of the others stays.
#[test]
fn what_does_not_hold_changes_nothing() {
    let mut world = World::funded();
    let resting = world.ok(limit(11, Side::Buy, 500_000, 100));
    let good = posting(&[(trading(11), BTC, -5), (trading(12), BTC, 5)]);
    let first = || {
        vec![
            open(41, 41, 0, OwnerFlags::NONE).into(),
            cancel(11, resting).into(),
        ]
    };
    let with = |body: Body| [first(), vec![body]].concat();
    let unbalanced = posting(&[(trading(11), BTC, -5), (trading(12), BTC, 4)]);
    let short = posting(&[
        (trading(11), BTC, -100 * COIN),
        (trading(12), BTC, 100 * COIN),
    ]);
    let cases = [
        (group(vec![good.clone(), unbalanced], first()), 58350),
        (group(vec![good.clone(), short], first()), 58350),
        (
            group(
                vec![good.clone()],
                with(open(41, 41, 0, OwnerFlags::NONE).into()),
            ),
            51000,
        ),
        (
            group(vec![good.clone()], with(cancel(11, resting).into())),
            51400,
        ),
        (
            group(vec![good.clone()], with(limit(99, Side::Buy, 1, 1).into())),
            50008,
        ),
        (
            group(
                vec![good],
                with(limit(11, Side::Sell, 600_000, 1_000_000).into()),
            ),
            51008,
        ),
    ];
    let before = content(&world);
    for (group, code) in cases {
        let events = world.send(group);
        assert_eq!(reply_of(&events).code, Code(code));
        assert_eq!(events.len(), 2, "{events:?}");
        assert_eq!(content(&world), before);
    }
}

/// Criterion: CORE-GRP-3. The order of owner 41, who is opened, funded and set free of a cap by the
/// same group, whatever stands first.
#[test]
fn parts_are_applied_in_their_order() {
    let mut world = World::funded();
    let resting = world.ok(limit(11, Side::Sell, 600_000, 1_000_000));
    let commands = vec![
        limit(41, Side::Sell, 600_000, 1_000_000).into(),
        cancel(11, resting).into(),
        open(41, 41, 0, OwnerFlags::NONE).into(),
    ];
    let all = posting(&[
        (trading(11), BTC, -100 * COIN),
        (trading(41), BTC, 100 * COIN),
    ]);
    let events = world.send(group(vec![all], commands));
    assert_eq!(reply_of(&events).code, Code(0));
    let kinds: Vec<&str> = events
        .iter()
        .filter_map(|event| match event {
            Event::OwnerChanged(_) => Some("owner"),
            Event::Order(order) if order.cause == OrderCause::Canceled => Some("cancel"),
            Event::Posted(_) => Some("posting"),
            Event::Order(_) => Some("order"),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, ["owner", "cancel", "posting", "order"]);
    assert_eq!(world.account(trading(41), BTC), (100 * COIN, 100 * COIN));
}

/// Criterion: CORE-GRP-2. Two orders of 60 BTC each out of 100 do not hold, even though the first
/// would trade; 60 and 40 do.
#[test]
fn each_order_sees_what_the_earlier_ones_may_cost() {
    let mut world = World::funded();
    world.ok(limit(12, Side::Buy, 500_000, 10_000));
    let sell = |size| limit(11, Side::Sell, 500_000, size).into();
    let events = world.send(group(Vec::new(), vec![sell(600_000), sell(600_000)]));
    assert_eq!(reply_of(&events).code, Code(51008));
    let events = world.send(group(Vec::new(), vec![sell(600_000), sell(400_000)]));
    assert_eq!(reply_of(&events).code, Code(0));
    assert_eq!(world.account(trading(11), BTC), (99 * COIN, 99 * COIN));
}

/// Criterion: CORE-GRP-2. Client order ids and caps count within the group; a market order may
/// spend only what it was checked for.
#[test]
fn ids_caps_and_funds_count_within_a_group() {
    let mut world = World::funded();
    let buy = |id| Body::from(named(id, limit(11, Side::Buy, 500_000, 1)));
    let events = world.send(group(Vec::new(), vec![buy("a"), buy("a")]));
    assert_eq!(reply_of(&events).code, Code(51016));
    world.ok(SetParameter {
        parameter: Parameter::PendingPerInstrument,
        value: 1,
    });
    let events = world.send(group(Vec::new(), vec![buy("a"), buy("b")]));
    assert_eq!(reply_of(&events).code, Code(51102));
    let resting = world.ok(limit(11, Side::Buy, 500_000, 1));
    let events = world.send(group(
        Vec::new(),
        vec![buy("a"), cancel(11, resting).into()],
    ));
    assert_eq!(reply_of(&events).code, Code(0));
    world.ok(limit(12, Side::Sell, 600_000, 500_000));
    let all = market(13, Side::Buy, SizeUnit::Base, 500_000).into();
    let more = limit(13, Side::Buy, 500_000, 1).into();
    let events = world.send(group(Vec::new(), vec![all, more]));
    assert_eq!(reply_of(&events).code, Code(51008));
}

/// Criterion: CORE-GRP-4
#[test]
fn a_folds_refusal_is_passed_on() {
    let mut world = World::funded();
    let refused = Group {
        code: Code(58_008),
        ..group(Vec::new(), Vec::new())
    };
    let events = world.send(refused);
    assert_eq!(reply_of(&events).code, Code(58_008));
    assert!(matches!(&events[0], Event::GroupApplied(state) if state.code == Code(58_008)));
}
