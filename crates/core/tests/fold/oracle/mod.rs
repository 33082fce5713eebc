//! The second exchange: slow, obvious, and written from the rules rather than from the core.
//!
//! There is no index, no cached sum and no book. Orders are a map; the best maker is found by
//! looking at all of them; what an account has on hold is added up from the orders each time it is
//! asked; an order that is finished is gone. Each row's replies, trades, accounts, orders and depth
//! are compared with the core's.

mod amend;
mod compare;
mod distribution;
mod funds;
mod group;
mod guard;
mod matching;
mod movements;
mod operators;
mod place;

use std::collections::BTreeMap;

use fullreserve_core::types::*;
use fullreserve_core::wire::command::*;

/// A refusal: OKX's code.
type Refused = u32;
type Done = Result<u64, Refused>;

#[derive(Clone, Debug)]
struct Order {
    owner: OwnerId,
    instrument: InstrumentId,
    side: Side,
    order_type: OrderType,
    unit: SizeUnit,
    self_trade: SelfTrade,
    price: u64,
    size: u64,
    filled: u64,
    filled_quote: i128,
    fee: i128,
    state: OrderState,
    created_ms: u64,
    client_order_id: ClientOrderId,
    tag: Tag,
    /// Place in time: lower trades first. None while it is a taker.
    rank: Option<u64>,
}

#[derive(Clone, Debug)]
struct Owner {
    master: OwnerId,
    segment: Segment,
    tier: Tier,
    flags: OwnerFlags,
}

#[derive(Clone, Debug)]
struct Instrument {
    base: AssetId,
    quote: AssetId,
    price_scale: u8,
    size_scale: u8,
    terms: SetInstrument,
    state: InstrumentState,
    last_price: u64,
    trades: u64,
}

/// Part of a group that is planned but not done.
#[derive(Clone, Debug)]
struct Planned {
    owner: OwnerId,
    instrument: InstrumentId,
    asset: AssetId,
    funds: i128,
    rests: bool,
    client_order_id: ClientOrderId,
}

#[derive(Clone, Debug)]
struct Distribution {
    pool: AccountKey,
    asset: AssetId,
    target: (Kind, Instance),
    /// Still to be paid, ascending by owner; then the remainder.
    shares: Vec<(OwnerId, i128)>,
    remainder: i128,
}

/// One match, as the public sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade {
    instrument: InstrumentId,
    number: u64,
    price: u64,
    size: u64,
    side: Side,
}

/// What one command was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    code: u32,
    order: u64,
    duplicate_of: u64,
}

#[derive(Clone, Default)]
pub struct Oracle {
    now: u64,
    sequence: u64,
    scales: BTreeMap<AssetId, u8>,
    kinds: BTreeMap<Kind, SignRule>,
    classes: BTreeMap<Kind, ClaimClass>,
    rules: u32,
    /// What was shown to be liquid.
    figures: BTreeMap<AssetId, SetLiquid>,
    tiers: BTreeMap<Tier, (i64, i64)>,
    owners: BTreeMap<OwnerId, Owner>,
    instruments: BTreeMap<InstrumentId, Instrument>,
    balances: BTreeMap<(AssetId, AccountKey), i128>,
    supplies: BTreeMap<AssetId, i128>,
    orders: BTreeMap<u64, Order>,
    placed: u64,
    ranks: u64,
    parameters: BTreeMap<Parameter, u64>,
    suspensions: BTreeMap<u64, SetSuspension>,
    /// (due, number) of a switch, with whose orders it cancels.
    switches: BTreeMap<(u64, u64), (OwnerId, Tag)>,
    switches_set: u64,
    distributions: Vec<Distribution>,
    /// Answers by (gateway, number), with the sequence.
    answered: BTreeMap<(u64, u64), (u64, u32, u64)>,
    planned: Vec<Planned>,
    pub trades: Vec<Trade>,
}

impl Oracle {
    /// Applies a row; what each command was answered.
    pub fn apply(&mut self, row: &super::run::Row) -> Vec<Reply> {
        self.sequence = row.sequence;
        if row.time_ms > self.now {
            self.now = row.time_ms;
            self.fire_switches();
            self.pay_distributions();
        }
        let mut replies = Vec::new();
        for (place, command) in row.commands.iter().enumerate() {
            self.sequence = row.sequence + place as u64;
            replies.push(self.step(command));
        }
        replies
    }

    fn step(&mut self, command: &Command) -> Reply {
        let submission = (command.gateway.0, command.number);
        if let Some((duplicate_of, code, order)) = self.answered.get(&submission).copied() {
            return Reply {
                code,
                order,
                duplicate_of,
            };
        }
        let (code, order) = match self.execute(&command.body) {
            Ok(order) => (0, order),
            Err(code) => (code, 0),
        };
        if command.gateway.0 != 0 {
            self.answered
                .insert(submission, (self.sequence, code, order));
        }
        Reply {
            code,
            order,
            duplicate_of: 0,
        }
    }

    fn execute(&mut self, body: &Body) -> Done {
        match body {
            Body::PlaceOrder(command) => self.place_order(command),
            Body::CancelOrder(command) => self.cancel_order(command),
            Body::AmendOrder(command) => self.amend_order(command),
            Body::CancelAll(command) => self.cancel_all(command),
            Body::CancelAllAfter(command) => self.set_switch(command),
            Body::Transfer(command) => self.transfer(command),
            Body::Deposit(command) => self.deposit(command),
            Body::Withdraw(command) => self.withdraw(command),
            Body::Group(command) => self.group(command),
            Body::Product(command) => self.product(command),
            Body::Distribute(command) => self.distribute(command),
            other => self.operate(other),
        }
    }

    fn parameter(&self, parameter: Parameter) -> u64 {
        let default = match parameter {
            Parameter::PendingPerInstrument => 500,
            Parameter::PendingPerOwner => 4_000,
            Parameter::WorkUnits | Parameter::WalkMax => 1_000,
            Parameter::FinishedMax | Parameter::FinishedMs => 0,
        };
        self.parameters.get(&parameter).copied().unwrap_or(default)
    }

    fn owner(&self, id: OwnerId) -> Result<&Owner, Refused> {
        self.owners.get(&id).ok_or(50008)
    }

    fn instrument(&self, id: InstrumentId) -> Result<&Instrument, Refused> {
        self.instruments.get(&id).ok_or(51001)
    }

    /// Everything that stops these actions for an owner, an instrument or an asset.
    fn is_stopped(
        &self,
        actions: Suspended,
        owner: Option<OwnerId>,
        instrument: Option<InstrumentId>,
        asset: Option<AssetId>,
    ) -> bool {
        let segment = owner
            .and_then(|owner| self.owners.get(&owner))
            .map(|owner| owner.segment);
        let pair = instrument.and_then(|id| self.instruments.get(&id));
        let stops = |suspension: &SetSuspension| {
            let key = suspension.key;
            let here = match suspension.level {
                SuspensionLevel::Global => true,
                SuspensionLevel::Owner => owner.is_some_and(|owner| owner.0 == key),
                SuspensionLevel::Segment => segment.is_some_and(|it| u64::from(it.0) == key),
                SuspensionLevel::Instrument => instrument.is_some_and(|it| u64::from(it.0) == key),
                SuspensionLevel::Asset => {
                    let of_pair = pair.is_some_and(|pair| {
                        u64::from(pair.base.0) == key || u64::from(pair.quote.0) == key
                    });
                    of_pair || asset.is_some_and(|it| u64::from(it.0) == key)
                }
            };
            here && suspension.actions.intersects(actions)
        };
        self.suspensions.values().any(stops)
    }
}
