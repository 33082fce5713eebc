//! The exchange that the benchmark starts from: four pairs, a thousand funded traders.

use fullreserve_core::Exchange;
use fullreserve_core::money::Amount;
use fullreserve_core::types::*;
use fullreserve_core::wire::command::*;
use fullreserve_core::wire::{Batch, Reference};

pub const PAIRS: u32 = 4;
pub const OWNERS: u64 = 1_000;
pub const FIRST_OWNER: u64 = 10_000_001;
pub const QUOTE: AssetId = AssetId(100);
/// Time of the first command.
const START_MS: u64 = 1_700_000_000_000;

pub fn apply(exchange: &mut Exchange, bodies: Vec<Body>) {
    let commands: Vec<Command> = bodies
        .into_iter()
        .map(|body| Command::new(GatewayId(0), 0, body))
        .collect();
    let bytes = Batch::encode(commands.iter());
    let (sequence, time_ms) = (exchange.sequence() + 1, exchange.time_ms().max(START_MS));
    exchange
        .apply(sequence, time_ms, &bytes, false, &[])
        .expect("the set-up is applied");
}

pub fn exchange() -> Exchange {
    let mut exchange = Exchange::new();
    apply(&mut exchange, genesis());
    apply(&mut exchange, traders());
    exchange
}

fn genesis() -> Vec<Body> {
    let mut bodies: Vec<Body> = Vec::new();
    for asset in (1..=PAIRS).map(AssetId).chain([QUOTE]) {
        let (symbol, supply_cap) = (format!("A{}", asset.0), Amount(1 << 99));
        bodies.push(
            DefineAsset {
                asset,
                symbol,
                scale: 8,
                supply_cap,
            }
            .into(),
        );
    }
    for (kind, sign) in [
        (2, SignRule::Credit),
        (41, SignRule::Credit),
        (50, SignRule::Either),
    ] {
        let (kind, code, claim) = (Kind(kind), format!("K{kind}"), ClaimClass::OnDemand);
        bodies.push(
            DefineKind {
                kind,
                code,
                sign,
                claim,
            }
            .into(),
        );
    }
    let (maker, taker) = (Rate(80_000), Rate(100_000));
    bodies.push(
        SetFeeTier {
            tier: Tier(0),
            maker,
            taker,
        }
        .into(),
    );
    bodies.push(owner(1, OwnerFlags::HOUSE).into());
    for (role, kind) in [(HouseRole::TradeFee, 50), (HouseRole::Rounding, 41)] {
        let account = AccountKey {
            owner: OwnerId(1),
            kind: Kind(kind),
            instance: Instance(0),
        };
        bodies.push(DefineHouse { role, account }.into());
    }
    bodies.extend((1..=PAIRS).map(|pair| listing(pair).into()));
    bodies
}

fn owner(id: u64, flags: OwnerFlags) -> OpenOwner {
    OpenOwner {
        owner: OwnerId(id),
        master: OwnerId(id),
        segment: Segment(0),
        tier: Tier(0),
        flags,
        kyc: KycLevel(0),
    }
}

/// Prices of one digit, sizes of six: values with a remainder do occur.
fn listing(pair: u32) -> ListInstrument {
    ListInstrument {
        instrument: InstrumentId(pair),
        symbol: format!("A{pair}-Q"),
        base: AssetId(pair),
        quote: QUOTE,
        price_scale: 1,
        size_scale: 8,
        ticks: vec![TickBand {
            from_price: Price(0),
            tick: 1,
        }],
        lot: Size(1),
        min_size: Size(1),
        max_limit_size: Size(1_000_000_000_000),
        max_market_size: Size(1_000_000_000_000),
        max_market_amount: 1_000_000_000_000_000,
        max_price: Price(1_000_000_000),
        band: 5_000_000,
        state: InstrumentState::Live,
    }
}

fn traders() -> Vec<Body> {
    let mut bodies: Vec<Body> = Vec::new();
    for id in FIRST_OWNER..FIRST_OWNER + OWNERS {
        // Market makers of the house's own kind, so that no cap on pending orders is in the way.
        bodies.push(owner(id, OwnerFlags::HOUSE).into());
        for asset in (1..=PAIRS).map(AssetId).chain([QUOTE]) {
            let account = AccountKey {
                owner: OwnerId(id),
                kind: Kind(2),
                instance: Instance(0),
            };
            let (amount, reference) = (Amount(1 << 80), Reference::default());
            bodies.push(
                Deposit {
                    account,
                    asset,
                    amount,
                    reference,
                }
                .into(),
            );
        }
    }
    bodies
}

pub fn limit(owner: u64, pair: u32, side: Side, price: u64, size: u64) -> PlaceOrder {
    PlaceOrder {
        owner: OwnerId(owner),
        instrument: InstrumentId(pair),
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

/// Puts `count` orders into the books, each with a client order id, none of them crossing.
pub fn rest(exchange: &mut Exchange, count: usize) {
    let mut placed = 0;
    while placed < count {
        let bodies = (placed..count.min(placed + 1_000)).map(|number| {
            let owner = FIRST_OWNER + number as u64 % OWNERS;
            let pair = 1 + number as u32 % PAIRS;
            let distance = 1 + (number as u64 / 8) % 2_000;
            let (side, price) = match number / 4 % 2 {
                0 => (Side::Buy, 600_000 - distance),
                _ => (Side::Sell, 600_000 + distance),
            };
            let order = limit(owner, pair, side, price, 1_000_000 + number as u64);
            let id = ClientOrderId::new(format!("client{number:010}").as_bytes());
            PlaceOrder {
                client_order_id: id.expect("a label"),
                ..order
            }
            .into()
        });
        let bodies: Vec<Body> = bodies.collect();
        placed += bodies.len();
        apply(exchange, bodies);
    }
}
