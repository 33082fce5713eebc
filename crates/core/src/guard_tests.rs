//! Lending within what is liquid, and what is said when claims come to be more.

use crate::money::Amount;
use crate::types::*;
use crate::wire::Reference;
use crate::wire::command::*;
use crate::wire::event::{self, Event};
use crate::world::*;

const FIXED: Kind = Kind(6);
const HOT: Kind = Kind(30);
const LOAN: Kind = Kind(35);
const TREASURY: Kind = Kind(42);
const SLASH: Kind = Kind(63);
const FRESH_MS: u64 = 60_000;

fn house(kind: Kind) -> AccountKey {
    AccountKey {
        owner: HOUSE,
        kind,
        instance: Instance(0),
    }
}

fn fixed(owner: u64) -> AccountKey {
    AccountKey {
        kind: FIXED,
        ..trading(owner)
    }
}

/// Rules 2; users 11 (a lender), 12 (a borrower) and 13 without money, and the kinds of lending.
fn world() -> World {
    let mut world = World::new();
    for (kind, code, sign, claim) in [
        (FIXED, "L.u.fixed", SignRule::Credit, ClaimClass::Term),
        (HOT, "A.chain.hot", SignRule::Debit, ClaimClass::NotAClaim),
        (LOAN, "A.loan", SignRule::Debit, ClaimClass::NotAClaim),
        (
            TREASURY,
            "E.treasury",
            SignRule::Credit,
            ClaimClass::NotAClaim,
        ),
        (SLASH, "X.slash", SignRule::Debit, ClaimClass::NotAClaim),
    ] {
        world.ok(DefineKind {
            kind,
            code: code.into(),
            sign,
            claim,
        });
    }
    world.ok(ActivateRules { rules: 2 });
    for owner in 11..=13 {
        world.ok(open(owner, owner, 0, OwnerFlags::NONE));
    }
    world
}

fn deposited(world: &mut World, account: AccountKey, coins: i128) {
    world.ok(Deposit {
        account,
        asset: BTC,
        amount: Amount(coins * COIN),
        reference: Reference::default(),
    });
}

/// So much is shown, of what the ledger has now.
fn shown(world: &mut World, coins: i128) {
    let expires = Timestamp(world.time_ms + FRESH_MS);
    let booked = world.exchange.reserve_states()[0].coins;
    world.ok(SetLiquid {
        asset: BTC,
        liquid: Amount(coins * COIN),
        booked,
        expires,
    });
}

fn group(legs: &[(AccountKey, i128)]) -> Group {
    let leg = |(account, coins): &(AccountKey, i128)| Leg {
        account: *account,
        asset: BTC,
        change: Amount(*coins * COIN),
    };
    Group {
        cause: Sequence(1),
        code: Code(0),
        postings: vec![Posting {
            reason: Reason(9),
            legs: legs.iter().map(leg).collect(),
        }],
        commands: Vec::new(),
    }
}

fn lend(coins: i128) -> Group {
    group(&[(house(LOAN), -coins), (trading(12), coins)])
}

/// What a command reported as missing.
fn missing(events: &[Event]) -> Vec<i128> {
    let of = |event: &Event| match event {
        Event::ReserveShort(event::ReserveShort { missing, .. }) => Some(missing.0),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

/// Criterion: CORE-GRD-1. A wallet of 100: 90 of holders, 10 of a lender who may have it back at
/// once. Whoever borrows 10 and sells makes 110 claims on 100 coins: refused. With 4 of the house
/// and 6 of the lender's at notice it is 104 claims on 104 coins; one more unit is refused.
#[test]
fn lending_ends_where_claims_on_demand_reach_what_is_liquid() {
    let mut world = world();
    deposited(&mut world, trading(13), 90);
    deposited(&mut world, trading(11), 10);
    shown(&mut world, 100);
    assert_eq!(world.refusal(lend(10)), (59410, 0));
    deposited(&mut world, house(TREASURY), 4);
    assert_eq!(world.refusal(lend(10)), (59410, 4 * COIN as u64));
    world.ok(group(&[(trading(11), -6), (fixed(11), 6)]));
    world.ok(lend(10));
    assert_eq!(world.refusal(lend(1)), (59410, 0));
    world.ok(group(&[(trading(12), -10), (house(LOAN), 10)]));
    world.ok(lend(3));
}

/// Criterion: CORE-GRD-2. Not even what raises no claim: it would be claimed later.
#[test]
fn nothing_is_lent_without_a_fresh_figure() {
    let mut world = world();
    deposited(&mut world, house(TREASURY), 100);
    let into_term = group(&[(house(LOAN), -1), (fixed(12), 1)]);
    assert_eq!(world.refusal(lend(1)), (59410, 0));
    shown(&mut world, 100);
    world.ok(lend(1));
    world.ok(into_term.clone());
    world.time_ms += FRESH_MS;
    assert_eq!(world.refusal(lend(1)), (59410, 0));
    assert_eq!(world.refusal(into_term), (59410, 0));
    // What is no loan goes on.
    world.ok(group(&[(house(TREASURY), -1), (trading(12), 1)]));
    world.ok(group(&[(trading(12), -1), (house(LOAN), 1)]));
    shown(&mut world, 100);
    world.ok(lend(1));
}

/// Criterion: CORE-GRD-3
#[test]
fn every_way_to_lend_asks() {
    let mut world = world();
    deposited(&mut world, trading(13), 100);
    let transfer = |coins| Transfer {
        actor: HOUSE,
        source: house(LOAN),
        target: trading(12),
        asset: BTC,
        amount: Amount(coins * COIN),
        reason: Reason(1),
    };
    let withdrawal = Withdraw {
        account: house(LOAN),
        asset: BTC,
        amount: Amount(COIN),
        reference: Reference::default(),
    };
    let to_chain = group(&[(house(LOAN), -1), (house(HOT), 1)]);
    deposited(&mut world, house(TREASURY), 1);
    world.ok(group(&[(house(HOT), -1), (house(TREASURY), 1)]));
    for coins in [101, 100] {
        // Once with room for one coin and its claim, once with none.
        shown(&mut world, coins);
        if coins == 101 {
            world.ok(transfer(1));
            world.ok(group(&[(trading(12), -1), (house(LOAN), 1)]));
            continue;
        }
        assert_eq!(world.refusal(transfer(1)), (59410, 0));
        assert_eq!(world.refusal(withdrawal.clone()), (59410, 0));
        assert_eq!(world.refusal(to_chain.clone()), (59410, 0));
        assert_eq!(world.refusal(lend(1)), (59410, 0));
    }
}

/// Criterion: CORE-GRD-4. 100 coins and 100 claims; 10 of each come and 30 go: nothing is short,
/// and nothing can be lent.
#[test]
fn deposits_and_withdrawals_carry_their_coins() {
    let mut world = world();
    deposited(&mut world, trading(13), 100);
    shown(&mut world, 100);
    deposited(&mut world, trading(11), 10);
    let events = world.send(Withdraw {
        account: trading(13),
        asset: BTC,
        amount: Amount(20 * COIN),
        reference: Reference::default(),
    });
    assert!(missing(&events).is_empty());
    let on_chain = group(&[(house(HOT), -5), (trading(11), 5)]);
    assert!(missing(&world.send(on_chain)).is_empty());
    let paid = group(&[(trading(11), -5), (house(HOT), 5)]);
    assert!(missing(&world.send(paid)).is_empty());
    assert_eq!(world.refusal(lend(1)), (59410, 0));
    let state = &world.exchange.reserve_states()[0];
    let figures = [state.coins.0, state.demand.0, state.liquid.0];
    assert_eq!(figures, [90 * COIN; 3]);
}

/// Criterion: CORE-GRD-5. The house has 2 and gives 3; then 5 coins vanish; then 6 come.
#[test]
fn a_loss_is_reported_once_and_so_is_its_end() {
    let mut world = world();
    deposited(&mut world, trading(13), 100);
    deposited(&mut world, house(TREASURY), 10);
    world.ok(group(&[(house(HOT), -7), (house(TREASURY), 7)]));
    shown(&mut world, 102);
    let gift = |coins: i128| group(&[(house(TREASURY), -coins), (trading(11), coins)]);
    assert!(missing(&world.send(gift(2))).is_empty());
    assert_eq!(missing(&world.send(gift(1))), [COIN]);
    assert!(missing(&world.send(gift(1))).is_empty(), "it was said");
    assert_eq!(world.refusal(lend(1)), (59410, 0));
    shown(&mut world, 104);
    let lost = group(&[(house(SLASH), -5), (house(HOT), 5)]);
    assert_eq!(missing(&world.send(lost)), [5 * COIN]);
    let found = group(&[(house(HOT), -6), (house(TREASURY), 6)]);
    assert_eq!(missing(&world.send(found)), [0]);
}

/// A figure alone can say it too. Criterion: CORE-GRD-5
#[test]
fn a_figure_below_the_claims_is_reported() {
    let mut world = world();
    deposited(&mut world, trading(13), 100);
    let figure = |liquid| SetLiquid {
        asset: BTC,
        liquid: Amount(liquid),
        booked: Amount(100 * COIN),
        expires: Timestamp(FRESH_MS),
    };
    assert_eq!(missing(&world.send(figure(100 * COIN - 1))), [1]);
    assert_eq!(missing(&world.send(figure(100 * COIN))), [0]);
}

/// Criterion: CORE-GRD-6
#[test]
fn figures_that_mean_nothing_are_refused() {
    let mut world = world();
    let figure = |asset, liquid, booked| SetLiquid {
        asset,
        liquid: Amount(liquid),
        booked: Amount(booked),
        expires: Timestamp(FRESH_MS),
    };
    assert_eq!(world.refusal(figure(AssetId(9), 1, 1)).0, 51012);
    assert_eq!(world.refusal(figure(BTC, -1, 1)).0, 51000);
    assert_eq!(world.refusal(figure(BTC, (1 << 120) + 1, 1)).0, 51000);
    assert_eq!(world.refusal(figure(BTC, 1, i128::MIN)).0, 51000);
    world.ok(figure(BTC, 1, -1));
}

/// Criterion: CORE-GRD-7. Under the first rules everything is as it was, figures included.
#[test]
fn the_guard_begins_with_rules_2() {
    let mut world = world();
    deposited(&mut world, trading(13), 100);
    shown(&mut world, 100);
    world.ok(ActivateRules { rules: 1 });
    world.ok(lend(5));
    assert!(world.exchange.reserve_states().is_empty());
    assert_eq!(world.exchange.component_hashes().len(), 11);
    world.ok(ActivateRules { rules: 2 });
    assert_eq!(world.refusal(lend(1)), (59410, 0), "its figure is gone");
    assert_eq!(world.exchange.component_hashes().len(), 12);
    shown(&mut world, 106);
    world.ok(lend(1));
}
