//! What trades move: fees, rebates, remainders.

use crate::types::*;
use crate::wire::command::*;
use crate::world::*;

fn house(kind: Kind) -> AccountKey {
    AccountKey {
        owner: HOUSE,
        kind,
        instance: Instance(0),
    }
}

/// Criterion: CORE-ORD-20. 1 BTC at 60,000: the maker sells and pays 0.08 % of 60,000 = 48 USDT,
/// the taker buys and pays 0.1 % of 1 BTC.
#[test]
fn fees_are_taken_in_what_is_received() {
    let mut world = World::new();
    world.user(31, 1);
    world.user(32, 1);
    world.ok(limit(31, Side::Sell, 600_000, 10_000));
    let order = world.ok(limit(32, Side::Buy, 600_000, 10_000));
    assert_eq!(world.account(trading(31), USDT).0, 10_059_952 * COIN);
    assert_eq!(world.account(trading(32), BTC).0, 101 * COIN - 100_000);
    assert_eq!(world.account(house(FEES), USDT).0, 48 * COIN);
    assert_eq!(world.account(house(FEES), BTC).0, 100_000);
    assert_eq!(world.order(order).fee, 100_000);
}

/// Criterion: CORE-ORD-20. A rebate of 0.005 % on 60,000 USDT is 3 USDT out of an account that has
/// none: the fee came in BTC.
#[test]
fn rebates_come_from_the_fee_account() {
    let mut world = World::new();
    world.user(31, 2);
    world.user(32, 2);
    let maker = world.ok(limit(31, Side::Sell, 600_000, 10_000));
    world.ok(limit(32, Side::Buy, 600_000, 10_000));
    assert_eq!(world.account(trading(31), USDT).0, 10_060_003 * COIN);
    assert_eq!(world.account(house(FEES), USDT).0, -3 * COIN);
    assert_eq!(world.order(maker).fee, -3 * COIN);
}

/// A pair whose values have a remainder: prices of six digits, sizes of eight.
fn fine() -> ListInstrument {
    let instrument = InstrumentId(2);
    let symbol = "BTC-USDT-FINE".into();
    ListInstrument {
        instrument,
        symbol,
        price_scale: 6,
        size_scale: 8,
        ..listing()
    }
}

fn on_fine(order: PlaceOrder) -> PlaceOrder {
    PlaceOrder {
        instrument: InstrumentId(2),
        ..order
    }
}

/// Criterion: CORE-ORD-5. 0.00000003 × 0.000001 USDT is far below a unit: the buyer pays 1 unit,
/// the seller gets 0, ROUNDING the unit.
#[test]
fn the_remainder_goes_to_rounding() {
    let mut world = World::funded();
    world.ok(fine());
    world.ok(on_fine(limit(12, Side::Sell, 1, 3)));
    world.ok(on_fine(limit(11, Side::Buy, 1, 3)));
    assert_eq!(world.account(trading(11), USDT).0, 10_000_000 * COIN - 1);
    assert_eq!(world.account(trading(12), USDT).0, 10_000_000 * COIN);
    assert_eq!(world.account(house(ROUNDING), USDT).0, 1);
}

/// Criterion: CORE-ORD-5. A bid that holds 3 units is filled in nine parts of a third of a unit:
/// rounding each up would cost 9. It pays 3 in all, whichever side takes.
#[test]
fn parts_never_cost_more_than_was_set_aside() {
    for is_buyer_taker in [false, true] {
        let mut world = World::new();
        world.ok(fine());
        world.user(31, 0);
        world.ok(open(32, 32, 0, OwnerFlags::NONE));
        world.give(32, USDT, 3);
        let part = on_fine(limit(31, Side::Sell, 333_333, 1));
        let whole = on_fine(limit(32, Side::Buy, 333_333, 9));
        if is_buyer_taker {
            (0..9).for_each(|_| assert!(world.ok(part.clone()) > 0));
            world.ok(whole);
        } else {
            world.ok(whole);
            (0..9).for_each(|_| assert!(world.ok(part.clone()) > 0));
        }
        assert_eq!(world.account(trading(32), USDT), (0, 0));
        assert_eq!(world.account(house(ROUNDING), USDT).0, 3);
    }
}

/// Criterion: CORE-ORD-2. A taker's rest holds the limit price again after a better fill.
#[test]
fn the_rest_of_a_taker_holds_its_own_limit() {
    let mut world = World::funded();
    world.ok(limit(12, Side::Sell, 500_000, 10_000));
    world.ok(limit(11, Side::Buy, 600_000, 30_000));
    let (balance, hold) = world.account(trading(11), USDT);
    assert_eq!((balance, hold), (9_950_000 * COIN, 120_000 * COIN));
}

/// Criterion: CORE-ORD-21. A tier with rebates needs a fee account that may be overdrawn.
#[test]
fn a_rebate_needs_an_account_of_either_sign() {
    let mut world = World::new();
    let account = house(ROUNDING);
    let define = DefineHouse {
        role: HouseRole::TradeFee,
        account,
    };
    assert_eq!(world.reply(define.clone()).code, Code(51000));
    world.ok(SetFeeTier {
        tier: Tier(2),
        maker: Rate(0),
        taker: Rate(0),
    });
    world.ok(define);
    let rebate = SetFeeTier {
        tier: Tier(2),
        maker: Rate(-1),
        taker: Rate(1),
    };
    assert_eq!(world.reply(rebate).code, Code(51000));
}
