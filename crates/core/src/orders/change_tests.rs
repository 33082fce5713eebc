//! Amending, cancelling, remembering.

use crate::types::*;
use crate::wire::command::*;
use crate::wire::query::*;
use crate::wire::{decode, encode, event};
use crate::world::*;

/// Ids of a side of the book in the order they would trade.
fn queue(world: &World, side: Side) -> Vec<u64> {
    use crate::book::OrderBook;
    let book = &world.exchange.instruments.get(PAIR).unwrap().book;
    let orders = book.iter_side(crate::orders::book_side(side));
    orders
        .map(|(_, rest)| world.exchange.orders.at(rest.order as u32).id)
        .collect()
}

/// Criterion: CORE-ORD-16
#[test]
fn only_a_smaller_size_keeps_its_place() {
    let mut world = World::funded();
    let [a, b, c] = [11, 12, 13].map(|owner| world.ok(limit(owner, Side::Buy, 500_000, 100)));
    world.ok(amend(11, a, 40, 0));
    assert_eq!(queue(&world, Side::Buy), [a, b, c]);
    assert_eq!(world.account(trading(11), USDT).1, 200 * COIN);
    world.ok(amend(11, a, 41, 0));
    assert_eq!(queue(&world, Side::Buy), [b, c, a]);
    world.ok(amend(12, b, 0, 500_001));
    world.ok(amend(12, b, 0, 500_000));
    assert_eq!(queue(&world, Side::Buy), [c, a, b]);
    assert_eq!(world.account(trading(12), USDT).1, 500 * COIN);
}

/// Criterion: CORE-ORD-16. The order keeps its id and trades; the rest stays at the new price.
#[test]
fn an_amended_price_that_crosses_takes() {
    let mut world = World::funded();
    world.ok(limit(12, Side::Sell, 600_000, 40));
    let order = world.ok(limit(11, Side::Buy, 500_000, 100));
    let events = world.send(amend(11, order, 0, 600_000));
    let causes: Vec<_> = orders_of(&events).iter().map(|order| order.cause).collect();
    assert_eq!(
        causes,
        [OrderCause::Amended, OrderCause::Filled, OrderCause::Filled]
    );
    let order = world.order(order);
    assert_eq!(
        (order.filled, order.price, order.is_resting()),
        (40, 600_000, true)
    );
    assert_eq!(
        world.account(trading(11), USDT),
        (9_999_760 * COIN, 360 * COIN)
    );
    let maker = world.ok(limit(13, Side::Sell, 700_000, 60));
    world.ok(amend(13, maker, 0, 600_000));
    assert_eq!(world.order(order.id).state, OrderState::Filled);
    assert_eq!(world.order(maker).state, OrderState::Filled);
    assert_eq!(world.exchange.open_orders(), 0);
}

/// Criterion: CORE-ORD-17
#[test]
fn amendments_are_refused_with_their_codes() {
    let mut world = World::funded();
    world.ok(limit(12, Side::Sell, 600_000, 40));
    let passive = of_type(OrderType::PostOnly, limit(11, Side::Buy, 500_000, 100));
    let order = world.ok(passive);
    assert_eq!(world.refusal(amend(11, order, 0, 0)), (51500, 0));
    assert_eq!(world.refusal(amend(11, order, 100, 500_000)), (51500, 0));
    assert_eq!(world.refusal(amend(11, order, 0, 600_000)), (51511, 0));
    assert_eq!(world.refusal(amend(12, order, 1, 0)), (51503, 0));
    assert_eq!(world.refusal(amend(11, 0, 1, 0)), (51003, 0));
    // 10,000,000 USDT at 50,000 cover 200 BTC.
    assert_eq!(
        world.refusal(amend(11, order, 2_000_001, 0)),
        (51502, 2_000_000)
    );
    let events = world.send(amend(11, order, 2_000_001, 0));
    let failed = orders_of(&events).pop().unwrap();
    assert_eq!(
        (failed.cause, failed.amend_code),
        (OrderCause::AmendFailed, Code(51502))
    );
    assert_eq!((failed.size, failed.state), (Size(100), OrderState::Live));
    world.ok(cancel(11, order));
    assert_eq!(world.refusal(amend(11, order, 1, 0)), (51503, 0));
}

/// Criterion: CORE-ORD-17
#[test]
fn a_failed_amendment_cancels_on_request() {
    let mut world = World::funded();
    let order = world.ok(limit(11, Side::Buy, 500_000, 100));
    let flags = AmendFlags::CANCEL_ON_FAIL;
    let request_id = RequestId::new(b"r1").unwrap();
    let events = world.send(AmendOrder {
        flags,
        request_id,
        ..amend(11, order, 9_000_000, 0)
    });
    assert_eq!(reply_of(&events).code, Code(51502));
    let causes: Vec<_> = orders_of(&events)
        .iter()
        .map(|o| (o.cause, o.request_id))
        .collect();
    assert_eq!(
        causes,
        [
            (OrderCause::AmendFailed, request_id),
            (OrderCause::Canceled, request_id)
        ]
    );
    assert_eq!(world.account(trading(11), USDT).1, 0);
}

/// Criterion: CORE-ORD-17. 40 of 100 are filled: a new total of 40 is complete.
#[test]
fn a_total_that_is_filled_completes_the_order() {
    let mut world = World::funded();
    let order = world.ok(limit(11, Side::Buy, 500_000, 100));
    world.ok(limit(12, Side::Sell, 500_000, 40));
    world.ok(amend(11, order, 40, 0));
    let order = world.order(order);
    assert_eq!(
        (order.state, order.size, order.filled),
        (OrderState::Filled, 40, 40)
    );
    assert_eq!(world.account(trading(11), USDT).1, 0);
}

/// Criterion: CORE-ORD-4. Listed for sizes below 2^63 at a price of 1, then for prices below 2^63
/// at a size of 1: the order of the first time may not take the price of the second.
#[test]
fn an_amendment_cannot_leave_the_bounds_of_either_time() {
    let mut world = World::funded();
    let far = (1 << 63) - 1;
    let listing = ListInstrument {
        instrument: InstrumentId(2),
        symbol: "WIDE".into(),
        price_scale: 4,
        max_limit_size: Size(far),
        max_market_size: Size(1),
        max_price: Price(1),
        ..listing()
    };
    world.ok(listing.clone());
    let on_wide = |size| PlaceOrder {
        instrument: InstrumentId(2),
        ..limit(11, Side::Buy, 1, size)
    };
    let order = world.ok(on_wide(900_000_000_000_000));
    world.ok(SetInstrument {
        instrument: InstrumentId(2),
        ticks: listing.ticks,
        lot: Size(1),
        min_size: Size(1),
        max_limit_size: Size(1),
        max_market_size: Size(1),
        max_market_amount: 1,
        max_price: Price(far),
        band: 0,
    });
    let amend = AmendOrder {
        instrument: InstrumentId(2),
        ..amend(11, order, 0, far)
    };
    assert_eq!(world.refusal(amend), (51005, 1));
}

/// Criterion: CORE-ORD-18
#[test]
fn cancelling_gives_back_what_was_held() {
    let mut world = World::funded();
    let order = world.ok(limit(11, Side::Buy, 500_000, 100));
    assert_eq!(world.refusal(cancel(12, order)), (51400, 0));
    assert_eq!(world.refusal(cancel(11, 0)), (51407, 0));
    let events = world.send(cancel(11, order));
    let canceled = orders_of(&events).pop().unwrap();
    assert_eq!(canceled.cancel_source, CancelSource::User);
    assert_eq!(world.account(trading(11), USDT), (10_000_000 * COIN, 0));
    assert_eq!(world.refusal(cancel(11, order)), (51400, 0));
}

/// Criterion: CORE-ORD-24
#[test]
fn cancel_all_reports_each_order() {
    let mut world = World::funded();
    for price in 1..=3 {
        world.ok(limit(11, Side::Buy, 500_000 + price, 100));
    }
    world.ok(limit(12, Side::Buy, 500_000, 100));
    let all = CancelAll {
        owner: OwnerId(11),
        instrument: InstrumentId(0),
    };
    let events = world.send(all.clone());
    assert_eq!(orders_of(&events).len(), 3);
    assert_eq!(world.exchange.open_orders(), 1);
    assert_eq!(world.ok(all), 0);
}

/// Criterion: CORE-ORD-19. What each state takes: (limit, post-only, cancel).
#[test]
fn instrument_states_stop_what_they_say() {
    let cases = [
        (InstrumentState::Preopen, 51021, 51021, 0),
        (InstrumentState::Live, 0, 0, 0),
        (InstrumentState::PostOnly, 51022, 0, 0),
        (InstrumentState::CancelOnly, 51022, 51022, 0),
        (InstrumentState::Suspend, 51022, 51022, 51022),
    ];
    for (state, limit_code, passive_code, cancel_code) in cases {
        let mut world = World::funded();
        let order = world.ok(limit(11, Side::Buy, 500_000, 100));
        world.ok(SetInstrumentState {
            instrument: PAIR,
            state,
        });
        let code = world.refusal(limit(12, Side::Buy, 500_000, 1)).0;
        let passive = of_type(OrderType::PostOnly, limit(12, Side::Buy, 500_000, 1));
        let got = (
            code,
            world.refusal(passive).0,
            world.refusal(cancel(11, order)).0,
        );
        assert_eq!(got, (limit_code, passive_code, cancel_code), "{state:?}");
    }
}

/// Criterion: CORE-ORD-19. Frozen and barred owners; suspensions of trading and of all of it.
#[test]
fn owners_and_suspensions_stop_orders() {
    let mut world = World::funded();
    let order = world.ok(limit(11, Side::Buy, 500_000, 100));
    let set = |flags| {
        let (owner, segment, tier, kyc) = (OwnerId(11), Segment(0), Tier(0), KycLevel(0));
        SetOwner {
            owner,
            segment,
            tier,
            flags,
            kyc,
        }
    };
    let more = || limit(11, Side::Buy, 500_000, 1);
    world.ok(set(OwnerFlags::NO_TRADE));
    assert_eq!(world.refusal(more()), (51024, 0));
    world.ok(set(OwnerFlags::FROZEN));
    assert_eq!(world.refusal(more()), (50007, 0));
    world.ok(set(OwnerFlags::MASTER_FROZEN));
    assert_eq!(world.refusal(more()), (50007, 0));
    world.ok(cancel(11, order));
    world.ok(set(OwnerFlags::NONE));
    let order = world.ok(more());
    let stop = |actions, level, key| SetSuspension {
        suspension: 1,
        actions,
        level,
        key,
    };
    world.ok(stop(
        Suspended::TRADE_OPEN,
        SuspensionLevel::Asset,
        u64::from(BTC.0),
    ));
    assert_eq!(world.refusal(more()), (51022, 0));
    assert_eq!(world.refusal(amend(11, order, 2, 0)), (51022, 0));
    world.ok(stop(Suspended::TRADE_ALL, SuspensionLevel::Owner, 11));
    assert_eq!(world.refusal(cancel(11, order)), (51022, 0));
    world.ok(limit(12, Side::Buy, 500_000, 1));
    world.ok(stop(Suspended::NONE, SuspensionLevel::Owner, 11));
    world.ok(cancel(11, order));
    assert_eq!(world.refusal(limit(99, Side::Buy, 500_000, 1)), (50008, 0));
    let elsewhere = PlaceOrder {
        instrument: InstrumentId(9),
        ..more()
    };
    assert_eq!(world.refusal(elsewhere), (51001, 0));
}

fn finished(world: &World, owner: u64) -> Vec<event::Order> {
    let query = ListFinishedOrders {
        owner: OwnerId(owner),
        instrument: InstrumentId(0),
        older_than: OrderId(0),
        newer_than: OrderId(0),
        limit: 100,
    };
    decode(&world.exchange.query(&encode(&query)).unwrap()).unwrap()
}

fn fills(world: &World, owner: u64) -> Vec<event::Order> {
    let query = ListFills {
        owner: OwnerId(owner),
        instrument: PAIR,
        order: OrderId(0),
        limit: 100,
    };
    decode(&world.exchange.query(&encode(&query)).unwrap()).unwrap()
}

/// Criterion: CORE-ORD-25
#[test]
fn finished_orders_are_remembered_by_count_and_age() {
    let mut world = World::funded();
    world.ok(SetParameter {
        parameter: Parameter::FinishedMax,
        value: 3,
    });
    let kept = world.ok(limit(11, Side::Buy, 400_000, 1));
    let orders: Vec<u64> = (0..5)
        .map(|_| {
            let order = world.ok(limit(11, Side::Buy, 500_000, 1));
            world.ok(cancel(11, order));
            order
        })
        .collect();
    let ids: Vec<u64> = finished(&world, 11)
        .iter()
        .map(|order| order.order.0)
        .collect();
    assert_eq!(ids, [orders[4], orders[3], orders[2]]);
    assert!(world.known(orders[1]).is_none());
    world.time_ms += 600_000;
    world.ok(Tick {});
    assert_eq!(finished(&world, 11), []);
    assert!(world.order(kept).is_resting());
    assert_eq!(world.exchange.finished_total(), 5);
}

/// Criterion: CORE-ORD-25. A fill is shown as the private channel said it, newest first.
#[test]
fn fills_are_remembered_as_they_were_said() {
    let mut world = World::funded();
    world.ok(limit(12, Side::Sell, 600_000, 10));
    world.ok(limit(13, Side::Sell, 600_001, 10));
    let events = world.send(limit(11, Side::Buy, 600_001, 15));
    let mut said: Vec<_> = orders_of(&events)
        .into_iter()
        .filter(|order| order.owner == OwnerId(11) && order.cause == OrderCause::Filled)
        .collect();
    said.reverse();
    assert_eq!(fills(&world, 11), said);
    assert_eq!(fills(&world, 12).len(), 1);
    assert_eq!(fills(&world, 14), []);
}
