//! Queries: questions to the present state. Fields as in `queries.py`.
//!
//! A value that its field cannot hold reads as one that names nothing, so the answer is empty.

use crate::types::*;

record! {
    GetDepth {
        instrument: InstrumentId,
        levels: u32,
    }

    /// By order id, else the newest with the client order id.
    GetOrder {
        owner: OwnerId,
        /// 0: any.
        instrument: InstrumentId,
        order: OrderId,
        client_order_id: ClientOrderId = ClientOrderId::EMPTY,
    }

    /// Newest first, ids between the bounds exclusively; 0 for no bound.
    ListOpenOrders {
        owner: OwnerId,
        instrument: InstrumentId = InstrumentId(0),
        older_than: OrderId = OrderId(0),
        newer_than: OrderId = OrderId(0),
        limit: u32 = 100,
    }

    ListFinishedOrders {
        owner: OwnerId,
        instrument: InstrumentId = InstrumentId(0),
        older_than: OrderId = OrderId(0),
        newer_than: OrderId = OrderId(0),
        limit: u32 = 100,
    }

    ListFills {
        owner: OwnerId,
        instrument: InstrumentId = InstrumentId(0),
        order: OrderId = OrderId(0),
        limit: u32 = 100,
    }

    ListBalances {
        owner: OwnerId,
    }

    ListInstruments {}

    ListAssets {}

    GetOwner {
        owner: OwnerId,
    }

    ListFeeTiers {}

    ListKinds {}

    ListHouses {}

    ListParameters {}

    ListSuspensions {}

    GetStatus {}

    GetStateHash {}

    ListAccounts {
        after_asset: AssetId,
        after: AccountKey,
        limit: u32,
    }

    ListSupplies {}

    GetGateway {
        gateway: GatewayId,
    }

    ListDeadMen {
        owner: OwnerId,
    }

    GetReference {
        instrument: InstrumentId,
    }

    ListOwners {
        after: OwnerId,
        limit: u32,
    }

    /// What is owed to owners after `after` whose accounts changed at `changed_since` or later.
    ListClaims {
        changed_since: Timestamp,
        after: OwnerId,
        limit: u32,
        /// Kinds that are no claims of users and count all the same: the house's own money.
        equity: Vec<Kind>,
    }

    /// Coins, claims on demand and what is liquid, by asset; nothing before rules 2.
    ListReserves {}
}

tagged! {
    Query {
        GetDepth = 1,
        GetOrder = 2,
        ListOpenOrders = 3,
        ListFinishedOrders = 4,
        ListFills = 5,
        ListBalances = 6,
        ListInstruments = 7,
        ListAssets = 8,
        GetOwner = 9,
        ListFeeTiers = 10,
        ListKinds = 11,
        ListHouses = 12,
        ListParameters = 13,
        ListSuspensions = 14,
        GetStatus = 15,
        GetStateHash = 16,
        ListAccounts = 17,
        ListSupplies = 18,
        GetGateway = 19,
        ListDeadMen = 20,
        GetReference = 21,
        ListOwners = 22,
        ListClaims = 23,
        ListReserves = 24,
    }
}
