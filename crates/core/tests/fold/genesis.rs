//! The exchange that the streams start from: three assets, three pairs, a house, twelve owners.
//!
//! The scales are chosen so that values round: prices and sizes together have more digits than the
//! quote asset's ledger.

use fullreserve_core::money::Amount;
use fullreserve_core::types::*;
use fullreserve_core::wire::Reference;
use fullreserve_core::wire::command::*;

pub const BTC: AssetId = AssetId(1);
pub const USDT: AssetId = AssetId(2);
pub const ETH: AssetId = AssetId(3);
pub const ASSETS: [AssetId; 3] = [BTC, USDT, ETH];

pub const HOUSE: OwnerId = OwnerId(1);
/// Each with one sub-account, whose id is ten times as large.
pub const MASTERS: [OwnerId; 6] = [
    OwnerId(11),
    OwnerId(12),
    OwnerId(13),
    OwnerId(14),
    OwnerId(15),
    OwnerId(16),
];

pub const FUND: Kind = Kind(1);
pub const TRADE: Kind = Kind(2);
/// The treasury: may be in debt.
pub const TREASURY: Kind = Kind(3);
/// What the exchange owns: a debit account.
pub const VAULT: Kind = Kind(4);
/// Coins in hot wallets, and what was lent: debit accounts, by the numbers of the chart.
pub const COINS: Kind = Kind(30);
pub const LOANS: Kind = Kind(35);
pub const DUST: Kind = Kind(41);
pub const FEES: Kind = Kind(50);

/// (instrument, base, quote, price scale, size scale, first middle price).
pub const PAIRS: [(InstrumentId, AssetId, AssetId, u8, u8, u64); 3] = [
    (InstrumentId(1), BTC, USDT, 2, 6, 6_000_000),
    (InstrumentId(2), ETH, USDT, 3, 4, 3_000_000),
    (InstrumentId(3), ETH, BTC, 5, 4, 5_000),
];

/// Maker and taker rates of tiers 0 to 3, in an order in which no tier costs the house.
pub const TIERS: [(i64, i64); 4] = [
    (80_000, 100_000),
    (50_000, 70_000),
    (0, 40_000),
    (-5_000, 20_000),
];

pub fn owners() -> Vec<OwnerId> {
    let subs = MASTERS.iter().map(|master| OwnerId(master.0 * 10));
    MASTERS.iter().copied().chain(subs).collect()
}

pub fn account(owner: OwnerId, kind: Kind) -> AccountKey {
    AccountKey {
        owner,
        kind,
        instance: Instance(0),
    }
}

pub fn terms(pair: usize, band: u64) -> SetInstrument {
    let (instrument, ..) = PAIRS[pair];
    let ticks = match pair {
        1 => vec![tick(0, 1), tick(3_000_000, 10)],
        _ => vec![tick(0, 1)],
    };
    SetInstrument {
        instrument,
        ticks,
        lot: Size(if pair == 2 { 10 } else { 1 }),
        min_size: Size(10),
        max_limit_size: Size(50_000_000),
        max_market_size: Size(20_000_000),
        max_market_amount: 1_000_000_000_000,
        max_price: Price(1_000_000_000),
        band,
    }
}

fn tick(from_price: u64, tick: u64) -> TickBand {
    TickBand {
        from_price: Price(from_price),
        tick,
    }
}

pub fn open(owner: OwnerId, master: OwnerId, tier: u16, flags: OwnerFlags) -> OpenOwner {
    let segment = Segment((owner.0 % 3) as u32);
    OpenOwner {
        owner,
        master,
        segment,
        tier: Tier(tier),
        flags,
        kyc: KycLevel(1),
    }
}

pub fn deposit(account: AccountKey, asset: AssetId, amount: i128) -> Deposit {
    Deposit {
        account,
        asset,
        amount: Amount(amount),
        reference: Reference::EMPTY,
    }
}

pub fn listing(pair: usize) -> ListInstrument {
    let (instrument, base, quote, price_scale, size_scale, _) = PAIRS[pair];
    let terms = terms(pair, 10_000_000);
    ListInstrument {
        instrument,
        symbol: format!("PAIR-{}", instrument.0),
        base,
        quote,
        price_scale,
        size_scale,
        ticks: terms.ticks,
        lot: terms.lot,
        min_size: terms.min_size,
        max_limit_size: terms.max_limit_size,
        max_market_size: terms.max_market_size,
        max_market_amount: terms.max_market_amount,
        max_price: terms.max_price,
        band: terms.band,
        state: InstrumentState::Live,
    }
}

pub fn assets() -> Vec<DefineAsset> {
    let define = |(asset, symbol, scale): (AssetId, &str, u8)| DefineAsset {
        asset,
        symbol: symbol.into(),
        scale,
        supply_cap: Amount(10_i128.pow(24)),
    };
    [(BTC, "BTC", 8), (USDT, "USDT", 6), (ETH, "ETH", 8)]
        .into_iter()
        .map(define)
        .collect()
}

pub fn kinds() -> Vec<DefineKind> {
    let define = |(kind, code, sign): (Kind, &str, SignRule)| DefineKind {
        kind,
        code: code.into(),
        sign,
        claim: match kind {
            FUND | TRADE => ClaimClass::OnDemand,
            _ => ClaimClass::NotAClaim,
        },
    };
    [
        (FUND, "L.u.fund", SignRule::Credit),
        (TRADE, "L.u.trade", SignRule::Credit),
        (TREASURY, "E.treasury", SignRule::Either),
        (VAULT, "A.vault", SignRule::Debit),
        (COINS, "A.chain.hot", SignRule::Debit),
        (LOANS, "A.loan", SignRule::Debit),
        (DUST, "E.dust", SignRule::Credit),
        (FEES, "I.fee.trade", SignRule::Either),
    ]
    .into_iter()
    .map(define)
    .collect()
}

pub fn fee_tier(tier: usize) -> SetFeeTier {
    let (maker, taker) = TIERS[tier];
    SetFeeTier {
        tier: Tier(tier as u16),
        maker: Rate(maker),
        taker: Rate(taker),
    }
}

pub fn houses() -> [DefineHouse; 2] {
    [(HouseRole::TradeFee, FEES), (HouseRole::Rounding, DUST)].map(|(role, kind)| DefineHouse {
        role,
        account: account(HOUSE, kind),
    })
}

/// Everything before the first user's command.
pub fn genesis() -> Vec<Body> {
    let mut bodies: Vec<Body> = assets().into_iter().map(Body::from).collect();
    bodies.extend(kinds().into_iter().map(Body::from));
    bodies.push(ActivateRules { rules: 4 }.into());
    bodies.extend((0..TIERS.len()).map(|tier| fee_tier(tier).into()));
    bodies.push(open(HOUSE, HOUSE, 0, OwnerFlags::HOUSE).into());
    bodies.extend(houses().map(Body::from));
    bodies.extend((0..PAIRS.len()).map(|pair| listing(pair).into()));
    for (place, owner) in owners().into_iter().enumerate() {
        let master = if owner.0 >= 100 {
            OwnerId(owner.0 / 10)
        } else {
            owner
        };
        let tier = (place % TIERS.len()) as u16;
        bodies.push(open(owner, master, tier, OwnerFlags::NONE).into());
        for asset in ASSETS {
            let amount = 10_i128.pow(if asset == USDT { 12 } else { 10 });
            bodies.push(deposit(account(owner, TRADE), asset, amount).into());
        }
    }
    bodies
}
