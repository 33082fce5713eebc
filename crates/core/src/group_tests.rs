//! Groups: all of it or nothing.

use crate::money::Amount;
use crate::types::*;
use crate::wire::Payload;
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

/// Criterion: CORE-GRP-5. Nobody's money moves past a suspension or a freeze; the house's does, and
/// what a master's freeze could otherwise keep from those whom its sub-account owes.
#[test]
fn a_group_takes_from_nobody_who_is_stopped() {
    let mut world = World::funded();
    let barred = SetOwner {
        owner: OwnerId(12),
        segment: Segment(0),
        tier: Tier(0),
        flags: OwnerFlags::NO_TRANSFER_OUT,
        kyc: KycLevel(0),
    };
    world.ok(barred.clone());
    let code = |world: &mut World, from: AccountKey, to: AccountKey| {
        let moved = posting(&[(from, BTC, -5), (to, BTC, 5)]);
        reply_of(&world.send(group(vec![moved], Vec::new()))).code.0
    };
    let house = AccountKey {
        kind: FEES,
        ..trading(HOUSE.0)
    };
    assert_eq!(code(&mut world, trading(12), trading(11)), 58004);
    assert_eq!(code(&mut world, trading(12), funding(12)), 0);
    assert_eq!(code(&mut world, trading(12), house), 0);
    world.ok(SetOwner {
        flags: OwnerFlags::MASTER_FROZEN,
        ..barred.clone()
    });
    assert_eq!(code(&mut world, trading(12), trading(11)), 0);
    world.ok(barred);
    let suspension = |actions, level, key| SetSuspension {
        suspension: 1,
        actions,
        level,
        key,
    };
    for (actions, inside, outside) in [
        (Suspended::PRODUCT, 58110, 58110),
        (Suspended::TRANSFER, 58110, 0),
        (Suspended::SUB_TRANSFER, 0, 58110),
    ] {
        world.ok(suspension(actions, SuspensionLevel::Asset, 1));
        assert_eq!(code(&mut world, trading(11), funding(11)), inside);
        assert_eq!(code(&mut world, trading(11), trading(13)), outside);
        assert_eq!(code(&mut world, house, trading(13)), 0);
    }
}

fn defined(event: &Event) -> Option<&'static str> {
    match event {
        Event::Order(_) => Some("order"),
        Event::InstrumentChanged(_) => Some("instrument"),
        Event::FeeTierSet(_) => Some("tier"),
        Event::ParameterSet(_) => Some("parameter"),
        Event::SuspensionSet(_) => Some("suspension"),
        _ => None,
    }
}

/// Criterion: CORE-GRP-7. One of each kind in a group, and the group's order on the old terms.
#[test]
fn a_group_changes_definitions_last() {
    let mut world = World::funded();
    let listed = listing();
    let terms = || SetInstrument {
        instrument: listed.instrument,
        ticks: listed.ticks.clone(),
        lot: Size(listed.lot.0 * 1000),
        min_size: Size(listed.min_size.0 * 1000),
        max_limit_size: listed.max_limit_size,
        max_market_size: listed.max_market_size,
        max_market_amount: listed.max_market_amount,
        max_price: listed.max_price,
        band: listed.band,
    };
    let state = |state| SetInstrumentState {
        instrument: listed.instrument,
        state,
    };
    let events = world.send(group(
        Vec::new(),
        vec![
            terms().into(),
            state(InstrumentState::CancelOnly).into(),
            SetFeeTier {
                tier: Tier(7),
                maker: Rate(1),
                taker: Rate(2),
            }
            .into(),
            SetParameter {
                parameter: Parameter::WalkMax,
                value: 7,
            }
            .into(),
            SetSuspension {
                suspension: 3,
                actions: Suspended::WITHDRAW,
                level: SuspensionLevel::Global,
                key: 0,
            }
            .into(),
            ListInstrument {
                instrument: InstrumentId(77),
                symbol: "ANEW-ONE".into(),
                ..listing()
            }
            .into(),
            limit(11, Side::Buy, 500_000, 1).into(),
        ],
    ));
    assert_eq!(reply_of(&events).code, Code(0));
    let kinds: Vec<&str> = events.iter().filter_map(defined).collect();
    assert_eq!(
        kinds,
        [
            "order",
            "instrument",
            "instrument",
            "tier",
            "parameter",
            "suspension",
            "instrument"
        ]
    );
    assert_eq!(world.refusal(limit(11, Side::Buy, 500_000, 1000)).0, 51022);
}

/// Criterion: CORE-GRP-7. What is not possible, or stands there twice, leaves all as it was.
#[test]
fn a_definition_that_is_not_possible_changes_nothing() {
    let mut world = World::funded();
    let halt = || {
        Body::from(SetInstrumentState {
            instrument: listing().instrument,
            state: InstrumentState::Suspend,
        })
    };
    let walk = |value| {
        Body::from(SetParameter {
            parameter: Parameter::WalkMax,
            value,
        })
    };
    let unknown = SetInstrumentState {
        instrument: InstrumentId(99),
        state: InstrumentState::Live,
    };
    let moved = || posting(&[(trading(11), BTC, -5), (trading(12), BTC, 5)]);
    let before = content(&world);
    for (commands, code) in [
        (vec![halt(), walk(0)], 51000),
        (vec![halt(), halt()], 51000),
        (vec![walk(7), unknown.into()], 51001),
        (vec![halt(), listing().into()], 51000),
    ] {
        let events = world.send(group(vec![moved()], commands));
        assert_eq!(reply_of(&events).code, Code(code));
        assert_eq!(content(&world), before);
    }
}

/// Criterion: CORE-GRP-8. A frozen account is put right, but never below zero.
#[test]
fn what_operators_post_passes_a_freeze() {
    let mut world = World::funded();
    world.ok(SetOwner {
        owner: OwnerId(12),
        segment: Segment(0),
        tier: Tier(0),
        flags: OwnerFlags::FROZEN,
        kyc: KycLevel(0),
    });
    let (had, _) = world.account(trading(12), BTC);
    let taken = |reason: u16, amount: i128| {
        let legs = [(trading(12), BTC, -amount), (trading(11), BTC, amount)];
        Posting {
            reason: Reason(reason),
            ..posting(&legs)
        }
    };
    for (reason, amount, code) in [(9, 5, 58004), (9001, had + 1, 58350), (9001, 5, 0)] {
        let events = world.send(group(vec![taken(reason, amount)], Vec::new()));
        assert_eq!(reply_of(&events).code, Code(code), "{reason}");
    }
    assert_eq!(world.account(trading(12), BTC).0, had - 5);
}

/// Criterion: CORE-GRP-6. The group's first sell would be what the second part buys.
#[test]
fn a_ban_on_shrinking_needs_a_book_that_the_group_leaves_alone() {
    let mut world = World::funded();
    world.ok(limit(12, Side::Sell, 600_000, 500_000));
    let banned = |unit, size| PlaceOrder {
        flags: OrderFlags::BAN_AMEND,
        ..market(13, Side::Buy, unit, size)
    };
    let first = || Body::from(limit(11, Side::Sell, 590_000, 1));
    let code =
        |world: &mut World, commands| reply_of(&world.send(group(Vec::new(), commands))).code.0;
    let by_base = banned(SizeUnit::Base, 2);
    assert_eq!(
        code(&mut world, vec![first(), by_base.clone().into()]),
        51000
    );
    assert_eq!(code(&mut world, vec![by_base.into()]), 0);
    let by_quote = banned(SizeUnit::Quote, 10 * COIN as u64).into();
    assert_eq!(code(&mut world, vec![first(), by_quote]), 0);
}

/// Criterion: CORE-EXC-9. Also by a core that was restored between the two.
#[test]
fn a_repeated_product_command_is_told_what_its_group_came_to() {
    let mut world = World::funded();
    let product = Product {
        fold: FoldId(9),
        owner: OwnerId(11),
        payload: Payload(vec![1]),
        cause: Sequence(0),
        index: 0,
    };
    for number in [1, 2] {
        let first = reply_of(&world.submit(7, number, product.clone()));
        assert_eq!(first.code, Code(0));
        if number == 2 {
            let snapshot = world.exchange.snapshot();
            world.exchange = crate::Exchange::restore(&snapshot).unwrap();
        }
        world.send(Group {
            cause: first.sequence,
            code: Code(58_008),
            ..group(Vec::new(), Vec::new())
        });
        let again = reply_of(&world.submit(7, number, product.clone()));
        assert_eq!(
            (again.code, again.duplicate_of),
            (Code(58_008), first.sequence)
        );
    }
}
