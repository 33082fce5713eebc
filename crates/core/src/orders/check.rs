//! Everything that can refuse a new order, in a fixed order, before anything changes.
//!
//! 1 expiry · 2 owner · 3 instrument · 4 owner's flags · 5 suspensions and state · 6 fields that
//! exclude each other · 7 client order id · 8 size · 9 price · 10 pending caps · 11 balance.

use super::walk::Preview;
use super::{Labels, Order, TRADING};
use crate::exchange::Exchange;
use crate::group::Prospect;
use crate::instruments::{Instrument, band};
use crate::owners::Owner;
use crate::refusal::{Refusal, Refused};
use crate::types::*;
use crate::wire::command::PlaceOrder;

/// The rules from which a market order that its funds give less than the least size is refused.
pub(crate) const RULES_FUNDS_FOR_LEAST: u32 = 4;

/// An order that nothing can refuse any more.
#[derive(Clone, Copy, Debug)]
pub struct Draft {
    pub owner: u32,
    pub instrument: u32,
    pub side: Side,
    pub order_type: OrderType,
    pub unit: SizeUnit,
    pub self_trade: SelfTrade,
    /// As the order shows it.
    pub price: u64,
    /// The worst price it may trade at.
    pub limit: u64,
    pub size: u64,
    /// What it sets aside at once (limit types), or may spend at most (market types).
    pub funds: i128,
    pub labels: Labels,
}

impl Draft {
    /// Whether it takes what it can afford instead of being refused for its full size.
    pub fn is_market(&self) -> bool {
        matches!(
            self.order_type,
            OrderType::Market | OrderType::OptimalLimitIoc
        )
    }

    /// Whether its rest goes to the book.
    pub fn may_rest(&self) -> bool {
        matches!(self.order_type, OrderType::Limit | OrderType::PostOnly)
    }
}

impl Exchange {
    /// Checks a new order. Within a group, `prospect` is the state after the group's earlier parts.
    #[inline]
    pub(crate) fn check_order(
        &self,
        order: &PlaceOrder,
        prospect: Option<&Prospect>,
    ) -> Result<Draft, Refused> {
        if order.expires.0 != 0 && self.now > order.expires.0 {
            return Err(Refusal::Expired.into());
        }
        let owner = self.owners.slot(order.owner).ok_or(Refusal::UnknownOwner)?;
        let instrument = self.instruments.slot(order.instrument);
        let instrument = instrument.ok_or(Refusal::UnknownInstrument)?;
        let mut draft = Draft {
            owner,
            instrument,
            side: order.side,
            order_type: order.order_type,
            unit: order.unit,
            self_trade: order.self_trade,
            price: order.price.0,
            limit: order.price.0,
            size: order.size.0,
            funds: 0,
            labels: Labels {
                client_order_id: order.client_order_id,
                tag: order.tag,
            },
        };
        let (owner, instrument) = (self.owners.at(owner), self.instruments.at(instrument));
        self.check_may_trade(owner, instrument, order.order_type == OrderType::PostOnly)?;
        check_fields(&draft)?;
        self.check_client_order_id(&draft, prospect)?;
        check_size(&draft, instrument)?;
        set_price(
            &mut draft,
            instrument,
            order.flags.contains(OrderFlags::CLAMP_PRICE),
        )?;
        self.check_caps(&draft, owner, prospect)?;
        let ban = order.flags.contains(OrderFlags::BAN_AMEND);
        draft.funds = self.check_funds(&draft, owner, instrument, ban, prospect)?;
        Ok(draft)
    }

    /// Whether the owner may open or amend orders on the instrument now.
    #[inline]
    pub(crate) fn check_may_trade(
        &self,
        owner: &Owner,
        instrument: &Instrument,
        is_passive: bool,
    ) -> Result<(), Refused> {
        if owner.flags != OwnerFlags::NONE {
            let frozen = OwnerFlags::FROZEN.union(OwnerFlags::MASTER_FROZEN);
            if owner.flags.intersects(frozen) {
                return Err(Refusal::OwnerFrozen.into());
            }
            if owner.is(OwnerFlags::NO_TRADE) {
                return Err(Refusal::NoTrade.into());
            }
        }
        let stops = Suspended::TRADE_OPEN.union(Suspended::TRADE_ALL);
        let suspended = self.suspensions.global();
        if suspended
            .union(owner.suspended)
            .union(instrument.suspended)
            .intersects(stops)
        {
            return Err(Refusal::TradingSuspended.into());
        }
        match instrument.state {
            InstrumentState::Live => Ok(()),
            InstrumentState::PostOnly if is_passive => Ok(()),
            InstrumentState::Preopen => Err(Refusal::NotYetListed.into()),
            _ => Err(Refusal::TradingSuspended.into()),
        }
    }

    #[inline]
    fn check_client_order_id(
        &self,
        draft: &Draft,
        prospect: Option<&Prospect>,
    ) -> Result<(), Refused> {
        let client_order_id = &draft.labels.client_order_id;
        if client_order_id.is_empty() {
            return Ok(());
        }
        let known = self.orders.find_client(draft.owner, client_order_id);
        let is_pending =
            known.is_some_and(|slot| !prospect.is_some_and(|prospect| prospect.is_canceled(slot)));
        let is_planned = prospect.is_some_and(|prospect| prospect.has_client_order_id(draft));
        if is_pending || is_planned {
            return Err(Refusal::DuplicateClientOrderId.into());
        }
        Ok(())
    }

    #[inline]
    fn check_caps(
        &self,
        draft: &Draft,
        owner: &Owner,
        prospect: Option<&Prospect>,
    ) -> Result<(), Refused> {
        if !draft.may_rest() {
            return Ok(());
        }
        let (mut here, mut all) = (0, 0);
        let mut resting = self.instruments.at(draft.instrument).resting[draft.side as usize];
        if let Some(prospect) = prospect {
            (here, all) = prospect.pending(draft);
            resting = resting.saturating_add(prospect.resting(draft));
        }
        if resting.checked_add(draft.size).is_none() {
            return Err(Refusal::BookFull.into());
        }
        if owner.is(OwnerFlags::HOUSE) {
            return Ok(());
        }
        let (per_instrument, per_owner) = (
            self.parameters.pending_per_instrument,
            self.parameters.pending_per_owner,
        );
        if i64::from(owner.pending_on(draft.instrument)) + here >= per_instrument as i64 {
            return Err(Refusal::TooManyPendingOnInstrument.allowing(per_instrument));
        }
        if i64::from(owner.pending) + all >= per_owner as i64 {
            return Err(Refusal::TooManyPending.allowing(per_owner));
        }
        Ok(())
    }

    /// What the owner could spend of an asset from the trading account.
    #[inline]
    pub(crate) fn spendable(
        &self,
        owner: &Owner,
        asset_slot: u32,
        prospect: Option<&Prospect>,
    ) -> i128 {
        let Some(prospect) = prospect else {
            return owner
                .trading(asset_slot)
                .map_or(0, |slot| self.ledger.available(slot));
        };
        let asset = self.assets.all()[asset_slot as usize].id;
        let key = AccountKey {
            owner: owner.id,
            kind: TRADING,
            instance: Instance(0),
        };
        prospect.overlay.available(&self.ledger, key, asset)
    }

    #[inline]
    fn check_funds(
        &self,
        draft: &Draft,
        owner: &Owner,
        instrument: &Instrument,
        ban_amend: bool,
        prospect: Option<&Prospect>,
    ) -> Result<i128, Refused> {
        let available = self.spendable(owner, instrument.sides(draft.side).0, prospect);
        if draft.is_market() {
            return self.check_market_funds(draft, instrument, ban_amend, available, prospect);
        }
        let hold = instrument.hold(draft.side, draft.limit, draft.size);
        if hold > available {
            let size = match draft.side {
                Side::Buy => instrument.value.size_of_quote(available, draft.limit),
                Side::Sell => instrument.value.size_of_base(available),
            };
            return Err(Refusal::NotEnoughBalance.allowing(size));
        }
        Ok(hold)
    }

    fn check_market_funds(
        &self,
        draft: &Draft,
        instrument: &Instrument,
        ban_amend: bool,
        available: i128,
        prospect: Option<&Prospect>,
    ) -> Result<i128, Refused> {
        let ceiling = match (draft.side, draft.unit) {
            (Side::Buy, SizeUnit::Quote) => i128::from(draft.size),
            (Side::Sell, SizeUnit::Base) => instrument.value.base(draft.size),
            _ => i128::MAX,
        };
        let needs_preview = ban_amend && ceiling == i128::MAX;
        // What it would cost can only be told on the book as it is, before the group's own changes.
        if needs_preview && prospect.is_some_and(|plan| plan.changes(draft, &self.orders)) {
            return Err(Refusal::BanAmendInGroup.into());
        }
        let short = if needs_preview {
            self.preview(draft, i128::MAX).paid > available
        } else {
            ban_amend && ceiling > available
        };
        if available <= 0 || short || self.is_under_least(draft, instrument, available) {
            let allowed = u64::try_from(available.max(0)).unwrap_or(u64::MAX);
            return Err(Refusal::NotEnoughBalance.allowing(allowed));
        }
        Ok(available.min(ceiling))
    }

    /// Whether what is there buys (or is, for a seller) less than the least size at the best price.
    ///
    /// Where nobody stands within the limit, the order ends unfilled for that reason.
    #[inline]
    fn is_under_least(&self, draft: &Draft, instrument: &Instrument, available: i128) -> bool {
        if self.rules < RULES_FUNDS_FOR_LEAST {
            return false;
        }
        let best = instrument.best(draft.side.opposite());
        let Some(price) = best.filter(|price| super::reaches(draft.side, draft.limit, *price))
        else {
            return false;
        };
        let size = match draft.side {
            Side::Buy => instrument.value.size_of_quote(available, price),
            Side::Sell => instrument.value.size_of_base(available),
        };
        size < instrument.terms.min_size.0
    }

    /// Whether a fill-or-kill order can be filled now, by the same walk as the matching.
    pub(crate) fn is_fillable(&self, draft: &Draft) -> bool {
        let Preview { filled, .. } = self.preview(draft, i128::MAX);
        filled == draft.size
    }
}

fn check_fields(draft: &Draft) -> Result<(), Refused> {
    if draft.order_type == OrderType::Fok && draft.self_trade == SelfTrade::CancelBoth {
        return Err(Refusal::CancelBothWithFok.into());
    }
    if draft.unit == SizeUnit::Quote && draft.order_type != OrderType::Market {
        return Err(Refusal::BadParameter.into());
    }
    Ok(())
}

#[inline]
fn check_size(draft: &Draft, instrument: &Instrument) -> Result<(), Refused> {
    let terms = &instrument.terms;
    if draft.unit == SizeUnit::Quote {
        let most = terms.max_market_amount;
        let least = least_amount(draft.side, instrument);
        return match draft.size {
            size if size < least => Err(Refusal::UnderMinSize.allowing(least)),
            size if size > most => Err(Refusal::OverMaxMarketAmount.allowing(most)),
            _ => Ok(()),
        };
    }
    let (most, refusal) = if draft.order_type == OrderType::Market {
        (terms.max_market_size.0, Refusal::OverMaxMarketSize)
    } else {
        (terms.max_limit_size.0, Refusal::OverMaxSize)
    };
    check_base_size(draft.size, instrument)?;
    if draft.size > most {
        return Err(refusal.allowing(most));
    }
    Ok(())
}

/// What the least size is worth at the best price on the other side, which is where an order sized
/// in quote begins; 1 unit where nobody stands there.
#[inline]
fn least_amount(side: Side, instrument: &Instrument) -> u64 {
    let best = instrument.best(side.opposite());
    let worth = best.map_or(1, |price| {
        instrument.value.quote(price, instrument.terms.min_size.0).1
    });
    u64::try_from(worth.max(1)).unwrap_or(u64::MAX)
}

/// The least size and the lot, for new sizes of any order sized in base.
#[inline]
pub(super) fn check_base_size(size: u64, instrument: &Instrument) -> Result<(), Refused> {
    let terms = &instrument.terms;
    if size < terms.min_size.0 {
        return Err(Refusal::UnderMinSize.allowing(terms.min_size.0));
    }
    if terms.lot.0 != 1 && !size.is_multiple_of(terms.lot.0) {
        return Err(Refusal::OffLot.allowing(terms.lot.0));
    }
    Ok(())
}

/// Sets the price the order shows and the worst one it may trade at.
#[inline]
fn set_price(draft: &mut Draft, instrument: &Instrument, clamp: bool) -> Result<(), Refused> {
    if draft.is_market() {
        draft.limit = instrument.edge(draft.side);
        let has_edge = draft.limit != 0 && draft.limit != u64::MAX;
        let shows = draft.order_type == OrderType::OptimalLimitIoc && has_edge;
        draft.price = if shows { draft.limit } else { 0 };
        return Ok(());
    }
    let price = checked_price(draft.price, draft.side, instrument, clamp)?;
    (draft.price, draft.limit) = (price, price);
    Ok(())
}

/// A limit price that the instrument takes: the given one, or the edge of the band if it is outside
/// and may be clamped.
#[inline]
pub(super) fn checked_price(
    price: u64,
    side: Side,
    instrument: &Instrument,
    clamp: bool,
) -> Result<u64, Refused> {
    let tick = instrument.tick_at(price);
    if price == 0 {
        return Err(Refusal::UnderMinPrice.allowing(tick));
    }
    if price > instrument.terms.max_price.0 {
        return Err(Refusal::OverMaxPrice.allowing(instrument.terms.max_price.0));
    }
    if tick != 1 && !price.is_multiple_of(tick) {
        return Err(Refusal::OffTick.allowing(tick));
    }
    let edge = instrument.edge(side);
    if super::reaches(side, edge, price) {
        return Ok(price);
    }
    let edge = band::on_tick(&instrument.terms.ticks, edge, side);
    if clamp && edge > 0 && edge <= instrument.terms.max_price.0 {
        return Ok(edge);
    }
    Err(Refusal::OutsideBand.allowing(edge))
}

impl Order {
    /// Whether this order may rest and be amended.
    pub(super) fn is_amendable(&self) -> bool {
        matches!(self.order_type, OrderType::Limit | OrderType::PostOnly)
    }
}
