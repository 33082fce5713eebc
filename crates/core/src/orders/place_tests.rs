//! Orders from placing to the book or the end, with worked numbers.

use crate::types::*;
use crate::world::*;

/// Criterion: CORE-ORD-2. 2 BTC at 60,000.0 hold 120,000 USDT; a sale holds the coins.
#[test]
fn a_resting_order_holds_what_it_may_cost() {
    let mut world = World::funded();
    world.ok(limit(11, Side::Buy, 600_000, 20_000));
    world.ok(limit(12, Side::Sell, 610_000, 30_000));
    assert_eq!(
        world.account(trading(11), USDT),
        (10_000_000 * COIN, 120_000 * COIN)
    );
    assert_eq!(world.account(trading(12), BTC), (100 * COIN, 3 * COIN));
}

/// Criterion: CORE-ORD-3. A buy of 1 at 61,000 meets a sale of 3 at 60,000: it pays 60,000.
#[test]
fn a_taker_trades_at_the_makers_price() {
    let mut world = World::funded();
    let maker = world.ok(limit(12, Side::Sell, 600_000, 30_000));
    let events = world.send(limit(11, Side::Buy, 610_000, 10_000));
    let trades = trades_of(&events);
    assert_eq!(
        (trades.len(), trades[0].price, trades[0].side),
        (1, Price(600_000), Side::Buy)
    );
    assert_eq!(world.account(trading(11), USDT), (9_940_000 * COIN, 0));
    assert_eq!(world.account(trading(11), BTC), (101 * COIN, 0));
    assert_eq!(world.account(trading(12), BTC), (99 * COIN, 2 * COIN));
    assert_eq!(world.order(maker).state, OrderState::PartiallyFilled);
    let causes: Vec<_> = orders_of(&events).iter().map(|order| order.cause).collect();
    assert_eq!(
        causes,
        [OrderCause::Placed, OrderCause::Filled, OrderCause::Filled]
    );
}
