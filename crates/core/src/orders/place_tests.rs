//! Orders from placing to the book or the end, with worked numbers.

use crate::types::*;
use crate::wire::command::*;
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

/// Criterion: CORE-ORD-3. Best price first, at one price the older first.
#[test]
fn makers_trade_by_price_then_time() {
    let mut world = World::funded();
    let late = world.ok(limit(12, Side::Sell, 600_010, 10));
    let first = world.ok(limit(13, Side::Sell, 600_000, 10));
    let second = world.ok(limit(14, Side::Sell, 600_000, 10));
    let events = world.send(limit(11, Side::Buy, 600_010, 25));
    let makers: Vec<_> = orders_of(&events)
        .into_iter()
        .filter(|order| order.liquidity == Liquidity::Maker)
        .map(|order| (order.order.0, order.fill_size.0))
        .collect();
    assert_eq!(makers, [(first, 10), (second, 10), (late, 5)]);
}

/// Criterion: CORE-ORD-12
#[test]
fn a_post_only_order_never_takes() {
    let mut world = World::funded();
    world.ok(limit(12, Side::Sell, 600_000, 10));
    let events = world.send(of_type(
        OrderType::PostOnly,
        limit(11, Side::Buy, 600_000, 10),
    ));
    let [order] = &orders_of(&events)[..] else {
        panic!("one event: {events:?}")
    };
    assert_eq!(
        (order.cause, order.state),
        (OrderCause::Canceled, OrderState::Canceled)
    );
    assert_eq!(order.cancel_source, CancelSource::PostOnly);
    assert_eq!(reply_of(&events).code, Code::SUCCESS);
    let order = world.ok(of_type(
        OrderType::PostOnly,
        limit(11, Side::Buy, 599_999, 10),
    ));
    assert!(world.order(order).is_resting());
}

/// Criterion: CORE-ORD-13
#[test]
fn ioc_cancels_its_rest_and_fok_fills_whole_or_not_at_all() {
    let mut world = World::funded();
    world.ok(limit(12, Side::Sell, 600_000, 10));
    let order = world.ok(of_type(OrderType::Ioc, limit(11, Side::Buy, 600_000, 15)));
    let order = world.order(order);
    assert_eq!((order.filled, order.state), (10, OrderState::Canceled));
    assert_eq!(order.cancel_source, CancelSource::Ioc);
    world.ok(limit(12, Side::Sell, 600_000, 10));
    world.ok(limit(13, Side::Sell, 600_001, 10));
    let whole = world.ok(of_type(OrderType::Fok, limit(11, Side::Buy, 600_000, 11)));
    let whole = world.order(whole);
    assert_eq!((whole.filled, whole.cancel_source), (0, CancelSource::Fok));
    let whole = world.ok(of_type(OrderType::Fok, limit(11, Side::Buy, 600_001, 20)));
    assert_eq!(world.order(whole).state, OrderState::Filled);
}

/// Criterion: CORE-ORD-13. The taker's own order in between: with CANCEL_MAKER it does not count,
/// with CANCEL_TAKER nothing behind it does.
#[test]
fn fok_knows_about_self_trades() {
    let mut world = World::funded();
    world.ok(limit(11, Side::Sell, 600_000, 10));
    world.ok(limit(12, Side::Sell, 600_001, 10));
    let fok = |mode, size| PlaceOrder {
        self_trade: mode,
        ..of_type(OrderType::Fok, limit(11, Side::Buy, 600_001, size))
    };
    let order = world.ok(fok(SelfTrade::CancelTaker, 10));
    assert_eq!(world.order(order).filled, 0);
    let order = world.ok(fok(SelfTrade::CancelMaker, 11));
    assert_eq!(world.order(order).filled, 0);
    let order = world.ok(fok(SelfTrade::CancelMaker, 10));
    assert_eq!(world.order(order).state, OrderState::Filled);
    assert_eq!(world.refusal(fok(SelfTrade::CancelBoth, 10)), (54036, 0));
}

/// Criterion: CORE-ORD-14
#[test]
fn a_taker_walks_only_so_far() {
    let mut world = World::funded();
    world.ok(SetParameter {
        parameter: Parameter::WalkMax,
        value: 2,
    });
    for _ in 0..3 {
        world.ok(limit(12, Side::Sell, 600_000, 10));
    }
    let order = world.ok(limit(11, Side::Buy, 600_000, 30));
    let order = world.order(order);
    assert_eq!(
        (order.filled, order.cancel_source),
        (20, CancelSource::WalkLimit)
    );
    let whole = world.ok(of_type(OrderType::Fok, limit(11, Side::Buy, 600_000, 10)));
    assert_eq!(world.order(whole).state, OrderState::Filled);
}

/// Criterion: CORE-ORD-15
#[test]
fn self_trades_are_prevented_by_the_takers_mode() {
    let cases = [
        (
            SelfTrade::CancelMaker,
            OrderState::Canceled,
            OrderState::Live,
        ),
        (
            SelfTrade::CancelTaker,
            OrderState::Live,
            OrderState::Canceled,
        ),
        (
            SelfTrade::CancelBoth,
            OrderState::Canceled,
            OrderState::Canceled,
        ),
    ];
    for (mode, maker_state, taker_state) in cases {
        let mut world = World::funded();
        world.ok(open(21, 11, 0, OwnerFlags::NONE));
        world.give(21, BTC, COIN);
        let maker = world.ok(limit(21, Side::Sell, 600_000, 10));
        let taker = PlaceOrder {
            self_trade: mode,
            ..limit(11, Side::Buy, 600_000, 10)
        };
        let taker = world.ok(taker);
        assert_eq!(world.order(maker).state, maker_state, "{mode:?}");
        assert_eq!(world.order(taker).state, taker_state, "{mode:?}");
        for order in [maker, taker].map(|id| world.order(id)) {
            let by_prevention = order.cancel_source == CancelSource::SelfTrade;
            assert_eq!(
                by_prevention,
                order.state == OrderState::Canceled,
                "{mode:?}"
            );
        }
    }
}

/// Criterion: CORE-ORD-11. 600,000 USDT buy 10 at 60,000; without the flag the order shrinks to
/// what 10,000,000 USDT buy of 200 at 60,000: 166.6666.
#[test]
fn a_market_buy_takes_what_the_balance_covers() {
    let mut world = World::funded();
    world.give(12, BTC, 900 * COIN);
    world.ok(limit(12, Side::Sell, 600_000, 9_000_000));
    let ban = |order| PlaceOrder {
        flags: OrderFlags::BAN_AMEND,
        ..order
    };
    let size = 2_000_000;
    let short = ban(market(11, Side::Buy, SizeUnit::Base, size));
    assert_eq!(world.reply(short).code, Code(51008));
    let order = world.ok(market(11, Side::Buy, SizeUnit::Base, size));
    let order = world.order(order);
    assert_eq!(
        (order.filled, order.state),
        (1_666_666, OrderState::Canceled)
    );
    assert_eq!(order.cancel_source, CancelSource::Ioc);
    let amount = ban(market(
        13,
        Side::Buy,
        SizeUnit::Quote,
        600_000 * COIN as u64,
    ));
    let order = world.ok(amount);
    assert_eq!(world.order(order).state, OrderState::Filled);
    assert_eq!(world.account(trading(13), USDT).0, 9_400_000 * COIN);
    let over = ban(market(
        13,
        Side::Buy,
        SizeUnit::Quote,
        9_400_001 * COIN as u64,
    ));
    assert_eq!(world.reply(over).code, Code(51008));
}

/// Criterion: CORE-ORD-28. The least size is 0.0001 BTC, for 6 USDT at 60,000.
#[test]
fn funds_for_less_than_the_least_size_are_none_from_rules_4_on() {
    let mut world = World::funded();
    world.ok(open(31, 31, 0, OwnerFlags::NONE));
    world.give(31, USDT, 599_999_999);
    world.give(31, BTC, 9_999);
    let buy = market(31, Side::Buy, SizeUnit::Quote, 6_910 * COIN as u64);
    let orders = [
        buy.clone(),
        market(31, Side::Buy, SizeUnit::Base, 5),
        of_type(OrderType::OptimalLimitIoc, limit(31, Side::Buy, 0, 5)),
        market(31, Side::Sell, SizeUnit::Base, 5),
    ];
    world.ok(limit(12, Side::Sell, 600_000, 10));
    world.ok(limit(12, Side::Buy, 590_000, 10));
    for order in &orders {
        let order = world.ok(order.clone());
        let order = world.order(order);
        assert_eq!((order.filled, order.state), (0, OrderState::Canceled));
    }
    world.ok(ActivateRules { rules: 4 });
    for order in &orders {
        let allowed = if order.side == Side::Buy {
            599_999_999
        } else {
            9_999
        };
        assert_eq!(world.refusal(order.clone()), (51008, allowed), "{order:?}");
    }
    world.give(31, USDT, 1);
    world.give(31, BTC, 1);
    let bought = world.ok(buy.clone());
    assert_eq!(world.order(bought).filled, 1);
    let sold = world.ok(market(31, Side::Sell, SizeUnit::Base, 5));
    assert_eq!(world.order(sold).filled, 2);
    // Where nobody offers within the band, money is not what is missing.
    world.ok(CancelAll {
        owner: OwnerId(12),
        instrument: InstrumentId(0),
    });
    let ended = world.ok(buy);
    assert_eq!(world.order(ended).state, OrderState::Canceled);
}

/// Criterion: CORE-ORD-23. 10.000001 USDT at 60,000 buy 0.0001 for 6 USDT; the rest is no lot.
#[test]
fn a_quote_sized_order_ends_filled() {
    let mut world = World::funded();
    world.ok(limit(12, Side::Sell, 600_000, 10));
    let order = world.ok(market(11, Side::Buy, SizeUnit::Quote, 1_000_000_100));
    let order = world.order(order);
    assert_eq!((order.filled, order.state), (1, OrderState::Filled));
    let sale = world.ok(limit(12, Side::Buy, 590_000, 100));
    let order = world.ok(market(11, Side::Sell, SizeUnit::Quote, 12 * COIN as u64));
    let order = world.order(order);
    assert_eq!((order.filled, order.state), (2, OrderState::Filled));
    assert_eq!(world.order(sale).filled_quote, 1_180_000_000);
}

/// Criterion: CORE-ORD-23. 15 USDT buy a lot for 6; the rest buys none of the next one for 9.02.
#[test]
fn the_last_fill_ends_an_order_whose_rest_buys_nothing_at_the_next_price() {
    let mut world = World::funded();
    world.ok(limit(12, Side::Sell, 600_000, 1));
    world.ok(limit(12, Side::Sell, 902_000, 1));
    let events = world.send(market(11, Side::Buy, SizeUnit::Quote, 15 * COIN as u64));
    let mut mine = orders_of(&events);
    mine.retain(|order| order.owner == OwnerId(11));
    let told: Vec<_> = mine.iter().map(|it| (it.cause, it.fill_size)).collect();
    let fill = (OrderCause::Filled, Size(1));
    assert_eq!(told, [(OrderCause::Placed, Size(0)), fill]);
    assert_eq!(mine[1].state, OrderState::Filled);
}

/// Criterion: CORE-ORD-9. A lot costs 6 USDT at 60,000 and brings 5.9 at 59,000.
#[test]
fn a_quote_size_has_the_least_that_the_best_price_gives_it() {
    let mut world = World::funded();
    world.ok(limit(12, Side::Sell, 600_000, 10));
    world.ok(limit(12, Side::Buy, 590_000, 10));
    let order = |side, amount| market(11, side, SizeUnit::Quote, amount);
    let refused = world.refusal(order(Side::Buy, 599_999_999));
    assert_eq!(refused, (51020, 600_000_000));
    let refused = world.refusal(order(Side::Sell, 589_999_999));
    assert_eq!(refused, (51020, 590_000_000));
    world.ok(order(Side::Buy, 600_000_000));
    world.ok(order(Side::Sell, 590_000_000));
}

/// Criterion: CORE-ORD-27. The cheap order is the buyer's own, and the next lot costs 9 USDT.
#[test]
fn an_order_without_a_fill_ends_cancelled() {
    let mut world = World::funded();
    world.ok(limit(11, Side::Sell, 600_000, 1));
    world.ok(limit(12, Side::Sell, 900_000, 1));
    let events = world.send(market(11, Side::Buy, SizeUnit::Quote, 7 * COIN as u64));
    let orders = orders_of(&events);
    assert!(orders.iter().all(|order| order.cause != OrderCause::Filled));
    let last = orders.last().unwrap();
    assert_eq!(
        (last.state, last.filled, last.cancel_source),
        (OrderState::Canceled, Size(0), CancelSource::Ioc)
    );
}

/// Criterion: CORE-ORD-7, CORE-ORD-11. 1 % around 60,000: buys to 60,600, sells from 59,400.
#[test]
fn the_band_bounds_limit_and_market_orders() {
    let mut world = World::funded();
    let terms = SetInstrument {
        band: 1_000_000,
        ..terms()
    };
    world.ok(terms);
    world.ok(limit(12, Side::Sell, 900_000, 1));
    world.ok(limit(12, Side::Sell, 600_000, 1));
    world.ok(limit(11, Side::Buy, 600_000, 1));
    assert_eq!(
        world.refusal(limit(11, Side::Buy, 606_001, 1)),
        (51006, 606_000)
    );
    assert_eq!(
        world.refusal(limit(11, Side::Sell, 593_999, 1)),
        (51006, 594_000)
    );
    let clamped = |order| PlaceOrder {
        flags: OrderFlags::CLAMP_PRICE,
        ..order
    };
    let order = world.ok(clamped(limit(11, Side::Buy, 700_000, 1)));
    assert_eq!(world.order(order).price, 606_000);
    let order = world.ok(market(13, Side::Buy, SizeUnit::Base, 1));
    assert_eq!(world.order(order).cancel_source, CancelSource::PriceBand);
    let optimal = of_type(OrderType::OptimalLimitIoc, limit(13, Side::Buy, 0, 1));
    let order = world.ok(optimal);
    let order = world.order(order);
    assert_eq!(
        (order.price, order.cancel_source),
        (606_000, CancelSource::Ioc)
    );
}

fn terms() -> SetInstrument {
    let listing = listing();
    SetInstrument {
        instrument: listing.instrument,
        ticks: listing.ticks,
        lot: listing.lot,
        min_size: listing.min_size,
        max_limit_size: listing.max_limit_size,
        max_market_size: listing.max_market_size,
        max_market_amount: listing.max_market_amount,
        max_price: listing.max_price,
        band: listing.band,
    }
}

/// Criterion: CORE-ORD-6, CORE-ORD-9. Each broken limit with its code and value.
#[test]
fn sizes_and_prices_have_limits() {
    let mut world = World::funded();
    let ticks = vec![TickBand {
        from_price: Price(0),
        tick: 5,
    }];
    world.ok(SetInstrument {
        ticks,
        lot: Size(10),
        min_size: Size(20),
        ..terms()
    });
    let buy = |price, size| limit(11, Side::Buy, price, size);
    assert_eq!(world.refusal(buy(600_000, 10)), (51020, 20));
    assert_eq!(world.refusal(buy(600_000, 25)), (51121, 10));
    assert_eq!(
        world.refusal(buy(600_000, 100_000_010)),
        (51005, 100_000_000)
    );
    assert_eq!(world.refusal(buy(0, 20)), (51122, 5));
    assert_eq!(world.refusal(buy(600_001, 20)), (51000, 5));
    assert_eq!(world.refusal(buy(100_000_005, 20)), (51116, 100_000_000));
    let over = market(11, Side::Buy, SizeUnit::Base, 50_000_010);
    assert_eq!(world.refusal(over), (51201, 50_000_000));
    let over = market(11, Side::Buy, SizeUnit::Quote, 1_000_000_000_000_001);
    assert_eq!(world.refusal(over), (51202, 1_000_000_000_000_000));
    // 10,000,000 USDT hold 166.6666 BTC at 60,000; the answer is the largest size that fits.
    assert_eq!(world.refusal(buy(600_000, 1_666_680)), (51008, 1_666_666));
    assert_eq!(world.exchange.open_orders(), 0);
}

/// Criterion: CORE-ORD-8
#[test]
fn a_client_order_id_is_unique_while_pending() {
    let mut world = World::funded();
    let first = world.ok(named("mine", limit(11, Side::Buy, 500_000, 1)));
    assert_eq!(
        world.refusal(named("mine", limit(11, Side::Buy, 500_000, 1))),
        (51016, 0)
    );
    world.ok(named("mine", limit(12, Side::Buy, 500_000, 1)));
    world.ok(cancel(11, first));
    let second = world.ok(named("mine", limit(11, Side::Buy, 500_000, 1)));
    let id = ClientOrderId::new(b"mine").unwrap();
    let by_name = CancelOrder {
        client_order_id: id,
        ..cancel(11, 0)
    };
    assert_eq!(world.ok(by_name), second);
}

/// Criterion: CORE-ORD-10
#[test]
fn pending_orders_are_capped() {
    let mut world = World::funded();
    world.ok(SetParameter {
        parameter: Parameter::PendingPerInstrument,
        value: 2,
    });
    let order = limit(11, Side::Buy, 500_000, 1);
    let first = world.ok(order.clone());
    world.ok(order.clone());
    assert_eq!(world.refusal(order.clone()), (51102, 2));
    world.ok(of_type(OrderType::Ioc, order.clone()));
    world.ok(cancel(11, first));
    world.ok(order.clone());
    world.ok(SetParameter {
        parameter: Parameter::PendingPerInstrument,
        value: 9,
    });
    world.ok(SetParameter {
        parameter: Parameter::PendingPerOwner,
        value: 2,
    });
    assert_eq!(world.refusal(order.clone()), (51103, 2));
    let flags = OwnerFlags::HOUSE;
    let (segment, tier, kyc) = (Segment(0), Tier(0), KycLevel(0));
    world.ok(SetOwner {
        owner: OwnerId(11),
        segment,
        tier,
        flags,
        kyc,
    });
    world.ok(order);
}

/// Criterion: CORE-ORD-22
#[test]
fn an_expired_order_is_refused() {
    let mut world = World::funded();
    let at = |expires| PlaceOrder {
        expires,
        ..limit(11, Side::Buy, 500_000, 1)
    };
    world.ok(at(Timestamp(1_000)));
    assert_eq!(world.refusal(at(Timestamp(999))), (50037, 0));
}
