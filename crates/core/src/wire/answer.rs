//! Shapes of answers that are not events. Fields as in `queries.py`.

use crate::money::Amount;
use crate::types::*;
use crate::wire::Payload;

record! {
    DepthLevel {
        price: Price,
        size: Size,
        orders: u32,
    }

    Depth {
        sequence: Sequence,
        time: Timestamp,
        /// Best first.
        bids: Vec<DepthLevel>,
        asks: Vec<DepthLevel>,
    }

    AccountState {
        owner: OwnerId,
        kind: Kind,
        instance: Instance,
        asset: AssetId,
        balance: Amount,
        hold: Amount,
        updated: Timestamp,
    }

    Status {
        /// Last applied command, 0 before the first.
        sequence: Sequence,
        time: Timestamp,
        /// 0: the agenda is empty.
        next_due: Timestamp,
        rules: u32,
        owners: u64,
        accounts: u64,
        open_orders: u64,
        /// Retained.
        finished_orders: u64,
        /// Since genesis.
        finished_total: u64,
        /// Estimate of the core's own.
        memory_bytes: u64,
    }

    ComponentHash {
        name: String,
        hash: [u8; 32],
    }

    Supply {
        asset: AssetId,
        /// Deposits less withdrawals.
        supply: Amount,
        /// Sum over all accounts; equal to the supply.
        total: Amount,
    }

    /// What accounts of an asset lack.
    Shortfall {
        asset: AssetId,
        amount: Amount,
    }

    Claims {
        sequence: Sequence,
        time: Timestamp,
        /// The owner after which the rest begins; 0: there is none.
        next: OwnerId,
        /// Packed as `claims.rs` says.
        owners: Payload,
        /// Of all owners, ascending by asset.
        shortfalls: Vec<Shortfall>,
    }

    /// Where an asset stands between what is claimed and what can be paid.
    ReserveState {
        asset: AssetId,
        /// By the ledger: supply, and what is booked on chains and with custodians.
        coins: Amount,
        /// Claims on demand.
        demand: Amount,
        /// What was shown, with what the ledger moved since; 0 without a figure.
        liquid: Amount,
        /// 0: there is no figure.
        expires: Timestamp,
        is_short: bool,
    }

    /// Last price and price band of an instrument.
    PriceReference {
        /// 0: no trade yet.
        last_price: Price,
        last_trade: TradeId,
        /// Band for sells; 0: none.
        lowest: Price,
        /// Band for buys; 0: none.
        highest: Price,
    }
}

untagged!(
    DepthLevel,
    Depth,
    AccountState,
    Status,
    ComponentHash,
    Supply,
    Shortfall,
    Claims,
    ReserveState,
    PriceReference
);
