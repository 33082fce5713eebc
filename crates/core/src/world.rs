//! A small exchange for unit tests: two assets, one pair, a house, and users with money.
//!
//! BTC (asset 1) and USDT (asset 2) have ledgers of 8 digits. BTC-USDT (instrument 1) has prices of
//! one digit, sizes of four, lot 1, and no band. Fee tier 0 is free; tier 1 takes 0.08 % from
//! makers and 0.1 % from takers; tier 2 pays makers 0.005 % and takes 0.1 %.

use crate::exchange::Exchange;
use crate::money::Amount;
use crate::types::*;
use crate::wire::command::*;
use crate::wire::event::{self, Event};
use crate::wire::{Batch, Reference, decode};

pub const BTC: AssetId = AssetId(1);
pub const USDT: AssetId = AssetId(2);
pub const PAIR: InstrumentId = InstrumentId(1);
pub const HOUSE: OwnerId = OwnerId(1);
pub const FUND: Kind = Kind(1);
pub const FEES: Kind = Kind(50);
pub const ROUNDING: Kind = Kind(41);
/// One coin at the ledger's scale.
pub const COIN: i128 = 100_000_000;

pub struct World {
    pub exchange: Exchange,
    pub time_ms: u64,
}

pub fn trading(owner: u64) -> AccountKey {
    AccountKey {
        owner: OwnerId(owner),
        kind: Kind(2),
        instance: Instance(0),
    }
}

pub fn funding(owner: u64) -> AccountKey {
    AccountKey {
        kind: FUND,
        ..trading(owner)
    }
}

pub fn limit(owner: u64, side: Side, price: u64, size: u64) -> PlaceOrder {
    PlaceOrder {
        owner: OwnerId(owner),
        instrument: PAIR,
        side,
        order_type: OrderType::Limit,
        price: Price(price),
        size: Size(size),
        unit: SizeUnit::Base,
        self_trade: SelfTrade::CancelMaker,
        flags: OrderFlags::NONE,
        client_order_id: ClientOrderId::EMPTY,
        tag: Tag::EMPTY,
        expires: Timestamp(0),
    }
}

pub fn of_type(order_type: OrderType, order: PlaceOrder) -> PlaceOrder {
    PlaceOrder {
        order_type,
        ..order
    }
}

pub fn market(owner: u64, side: Side, unit: SizeUnit, size: u64) -> PlaceOrder {
    PlaceOrder {
        unit,
        ..of_type(OrderType::Market, limit(owner, side, 0, size))
    }
}

pub fn named(id: &str, order: PlaceOrder) -> PlaceOrder {
    PlaceOrder {
        client_order_id: ClientOrderId::new(id.as_bytes()).unwrap(),
        ..order
    }
}

pub fn cancel(owner: u64, order: u64) -> CancelOrder {
    CancelOrder {
        owner: OwnerId(owner),
        instrument: PAIR,
        order: OrderId(order),
        client_order_id: ClientOrderId::EMPTY,
    }
}

pub fn amend(owner: u64, order: u64, new_size: u64, new_price: u64) -> AmendOrder {
    AmendOrder {
        owner: OwnerId(owner),
        instrument: PAIR,
        order: OrderId(order),
        client_order_id: ClientOrderId::EMPTY,
        new_size: Size(new_size),
        new_price: Price(new_price),
        flags: AmendFlags::NONE,
        request_id: RequestId::EMPTY,
        expires: Timestamp(0),
    }
}

pub fn listing() -> ListInstrument {
    ListInstrument {
        instrument: PAIR,
        symbol: "BTC-USDT".into(),
        base: BTC,
        quote: USDT,
        price_scale: 1,
        size_scale: 4,
        ticks: vec![TickBand {
            from_price: Price(0),
            tick: 1,
        }],
        lot: Size(1),
        min_size: Size(1),
        max_limit_size: Size(100_000_000),
        max_market_size: Size(50_000_000),
        max_market_amount: 1_000_000_000_000_000,
        max_price: Price(100_000_000),
        band: 0,
        state: InstrumentState::Live,
    }
}

pub fn open(owner: u64, master: u64, tier: u16, flags: OwnerFlags) -> OpenOwner {
    OpenOwner {
        owner: OwnerId(owner),
        master: OwnerId(master),
        segment: Segment(0),
        tier: Tier(tier),
        flags,
        kyc: KycLevel(0),
    }
}

impl World {
    /// Genesis and the pair; no user yet.
    pub fn new() -> Self {
        let mut world = Self {
            exchange: Exchange::new(),
            time_ms: 1_000,
        };
        for (asset, symbol) in [(BTC, "BTC"), (USDT, "USDT")] {
            let supply_cap = Amount(1 << 90);
            world.ok(DefineAsset {
                asset,
                symbol: symbol.into(),
                scale: 8,
                supply_cap,
            });
        }
        for (kind, code, sign) in [
            (FUND, "L.u.fund", SignRule::Credit),
            (Kind(2), "L.u.trade", SignRule::Credit),
            (FEES, "I.fee.trade", SignRule::Either),
            (ROUNDING, "E.dust", SignRule::Credit),
        ] {
            world.ok(DefineKind {
                kind,
                code: code.into(),
                sign,
                claim: ClaimClass::OnDemand,
            });
        }
        for (tier, maker, taker) in [(0, 0, 0), (1, 80_000, 100_000), (2, -5_000, 100_000)] {
            if tier == 2 {
                world.define_houses();
            }
            // The free tier could be a rebate's counterpart, so it goes before tier 2 comes.
            let (maker, taker) = (Rate(maker), Rate(if tier == 0 { 5_000 } else { taker }));
            world.ok(SetFeeTier {
                tier: Tier(tier),
                maker,
                taker,
            });
        }
        world.ok(listing());
        world
    }

    fn define_houses(&mut self) {
        self.ok(open(HOUSE.0, HOUSE.0, 0, OwnerFlags::HOUSE));
        for (role, kind) in [(HouseRole::TradeFee, FEES), (HouseRole::Rounding, ROUNDING)] {
            let account = AccountKey {
                owner: HOUSE,
                kind,
                instance: Instance(0),
            };
            self.ok(DefineHouse { role, account });
        }
    }

    /// With users 11 to 14 of the free tier, each with 100 BTC and 10,000,000 USDT to trade.
    pub fn funded() -> Self {
        let mut world = Self::new();
        world.ok(SetFeeTier {
            tier: Tier(2),
            maker: Rate(0),
            taker: Rate(0),
        });
        world.ok(SetFeeTier {
            tier: Tier(0),
            maker: Rate(0),
            taker: Rate(0),
        });
        for owner in 11..=14 {
            world.user(owner, 0);
        }
        world
    }

    pub fn user(&mut self, owner: u64, tier: u16) {
        self.ok(open(owner, owner, tier, OwnerFlags::NONE));
        self.give(owner, BTC, 100 * COIN);
        self.give(owner, USDT, 10_000_000 * COIN);
    }

    pub fn give(&mut self, owner: u64, asset: AssetId, amount: i128) {
        self.ok(Deposit {
            account: trading(owner),
            asset,
            amount: Amount(amount),
            reference: Reference::default(),
        });
    }

    /// Applies one command; its events, the reply last.
    pub fn send(&mut self, body: impl Into<Body>) -> Vec<Event> {
        self.submit(0, 0, body)
    }

    pub fn submit(&mut self, gateway: u64, number: u64, body: impl Into<Body>) -> Vec<Event> {
        let command = Command::new(GatewayId(gateway), number, body);
        let bytes = Batch::encode([&command].into_iter());
        let sequence = self.exchange.sequence() + 1;
        let events = self
            .exchange
            .apply(sequence, self.time_ms, &bytes, true, &[]);
        let events = decode(events.expect("the batch is applied")).expect("events are well-formed");
        self.exchange.check_invariants().expect("invariants hold");
        events
    }

    /// The reply to one command.
    pub fn reply(&mut self, body: impl Into<Body>) -> event::Reply {
        reply_of(&self.send(body))
    }

    /// The code and the limit of a reply.
    pub fn refusal(&mut self, body: impl Into<Body>) -> (u32, u64) {
        let reply = self.reply(body);
        (reply.code.0, reply.allowed)
    }

    /// Applies a command that must succeed; the id it answers.
    pub fn ok(&mut self, body: impl Into<Body>) -> u64 {
        let body = body.into();
        let reply = self.reply(body.clone());
        assert_eq!(reply.code, Code::SUCCESS, "{body:?}");
        reply.order
    }

    /// (balance, hold) of an account.
    pub fn account(&self, key: AccountKey, asset: AssetId) -> (i128, i128) {
        self.exchange
            .ledger
            .find(key, asset)
            .map_or((0, 0), |slot| {
                let account = self.exchange.ledger.account(slot);
                (account.balance, account.hold)
            })
    }

    /// The order as it is, pending or finished.
    pub fn order(&self, id: u64) -> crate::orders::Order {
        self.known(id).expect("the order is known")
    }

    /// The same, None if it is forgotten or has never been.
    pub fn known(&self, id: u64) -> Option<crate::orders::Order> {
        let orders = &self.exchange.orders;
        let listed = orders.find(id).map(|slot| *orders.at(slot));
        let mut finished = orders.finished().map(|(order, _)| order);
        listed.or_else(|| finished.find(|order| order.id == id))
    }
}

pub fn reply_of(events: &[Event]) -> event::Reply {
    match events.last() {
        Some(Event::Reply(reply)) => reply.clone(),
        other => panic!("the last event is {other:?}, not a reply"),
    }
}

/// The order events among others.
pub fn orders_of(events: &[Event]) -> Vec<event::Order> {
    let order = |event: &Event| match event {
        Event::Order(order) => Some(order.clone()),
        _ => None,
    };
    events.iter().filter_map(order).collect()
}

pub fn trades_of(events: &[Event]) -> Vec<event::Trade> {
    let trade = |event: &Event| match event {
        Event::Trade(trade) => Some(trade.clone()),
        _ => None,
    };
    events.iter().filter_map(trade).collect()
}
