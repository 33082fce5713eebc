//! Events: what the fold says about a batch. Fields as in `events.py`.

use super::command::{Leg, TickBand};
use super::value::Reference;
use crate::money::Amount;
use crate::types::*;

record! {
    /// Outcome of one command.
    Reply {
        sequence: Sequence,
        gateway: GatewayId,
        number: u64,
        code: Code,
        /// The limit that was broken, in the field's own unit; 0 where there is none.
        allowed: u64,
        /// Order id, transfer id (the sequence) or 0.
        order: u64,
        /// Sequence of the first submission with this (gateway, number).
        duplicate_of: Sequence = Sequence(0),
    }

    /// Whole state of an order after a change, plus what this change did.
    Order {
        sequence: Sequence,
        time: Timestamp,
        cause: OrderCause,
        owner: OwnerId,
        instrument: InstrumentId,
        order: OrderId,
        client_order_id: ClientOrderId,
        tag: Tag,
        side: Side,
        order_type: OrderType,
        unit: SizeUnit,
        self_trade: SelfTrade,
        price: Price,
        size: Size,
        /// Base at size scale.
        filled: Size,
        /// Sum of price × size of the fills in quote ledger units, the exact value down.
        filled_quote: Amount,
        /// Accumulated, in the asset received; positive: the user paid.
        fee: Amount,
        state: OrderState,
        cancel_source: CancelSource,
        created: Timestamp,
        /// Of this change only; 0 when it is not a fill.
        fill_price: Price,
        fill_size: Size,
        trade: TradeId,
        fill_fee: Amount,
        liquidity: Liquidity,
        request_id: RequestId,
        amend_code: Code,
    }

    /// One match, public.
    Trade {
        sequence: Sequence,
        time: Timestamp,
        instrument: InstrumentId,
        trade: TradeId,
        price: Price,
        size: Size,
        /// The taker's.
        side: Side,
    }

    /// State of a price level after the command; size 0 when it is gone.
    Level {
        instrument: InstrumentId,
        side: Side,
        price: Price,
        size: Size,
        orders: u32,
    }

    /// An account after the command; at most one for each account and command.
    Balance {
        owner: OwnerId,
        kind: Kind,
        instance: Instance,
        asset: AssetId,
        balance: Amount,
        hold: Amount,
    }

    /// A posting that is not a trade: deposit, withdrawal, transfer, group, distribution.
    Posted {
        sequence: Sequence,
        time: Timestamp,
        reason: Reason,
        legs: Vec<Leg>,
        reference: Reference,
    }

    InstrumentChanged {
        instrument: InstrumentId,
        symbol: String,
        base: AssetId,
        quote: AssetId,
        price_scale: u8,
        size_scale: u8,
        ticks: Vec<TickBand>,
        lot: Size,
        min_size: Size,
        max_limit_size: Size,
        max_market_size: Size,
        max_market_amount: u64,
        max_price: Price,
        band: u64,
        state: InstrumentState,
        listed: Timestamp,
    }

    OwnerChanged {
        owner: OwnerId,
        master: OwnerId,
        segment: Segment,
        tier: Tier,
        flags: OwnerFlags,
        kyc: KycLevel,
    }

    AssetDefined {
        asset: AssetId,
        symbol: String,
        scale: u8,
        supply_cap: Amount,
    }

    FeeTierSet {
        tier: Tier,
        maker: Rate,
        taker: Rate,
    }

    KindDefined {
        kind: Kind,
        code: String,
        sign: SignRule,
        claim: ClaimClass,
    }

    HouseDefined {
        role: HouseRole,
        account: AccountKey,
    }

    ParameterSet {
        parameter: Parameter,
        value: u64,
    }

    SuspensionSet {
        suspension: u64,
        actions: Suspended,
        level: SuspensionLevel,
        key: u64,
    }

    RulesActivated {
        rules: u32,
    }

    Quarantined {
        sequence: Sequence,
    }

    /// A product command passed; the fold's group follows as the next command.
    ProductHandled {
        sequence: Sequence,
        fold: FoldId,
        owner: OwnerId,
    }

    GroupApplied {
        sequence: Sequence,
        cause: Sequence,
        code: Code,
    }

    /// State of a cancel-all-after timer.
    DeadMan {
        owner: OwnerId,
        tag: Tag,
        /// 0 when it is off or has fired.
        trigger: Timestamp,
        fired: bool,
    }

    /// Progress of a distribution.
    Distributed {
        /// Sequence of the command.
        distribution: Sequence,
        /// Accounts not paid yet.
        remaining: u64,
    }

    TimeConfirmed {
        /// Milliseconds.
        jump: u64,
    }

    /// What was shown to be liquid.
    LiquidSet {
        asset: AssetId,
        liquid: Amount,
        booked: Amount,
        expires: Timestamp,
    }

    /// Claims on demand have come to be more than is liquid, or (nothing missing) no longer are.
    ReserveShort {
        sequence: Sequence,
        time: Timestamp,
        asset: AssetId,
        missing: Amount,
    }
}

tagged! {
    /// Any event, for readers; the fold writes each by its own type.
    #[allow(clippy::large_enum_variant, reason = "read one at a time, never stored")]
    Event {
        Reply = 1,
        Order = 2,
        Trade = 3,
        Level = 4,
        Balance = 5,
        Posted = 6,
        InstrumentChanged = 7,
        OwnerChanged = 8,
        AssetDefined = 9,
        FeeTierSet = 10,
        KindDefined = 11,
        HouseDefined = 12,
        ParameterSet = 13,
        SuspensionSet = 14,
        RulesActivated = 15,
        Quarantined = 16,
        ProductHandled = 17,
        GroupApplied = 18,
        DeadMan = 19,
        Distributed = 20,
        TimeConfirmed = 21,
        LiquidSet = 22,
        ReserveShort = 23,
    }
}
