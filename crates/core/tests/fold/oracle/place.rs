//! New orders: every check in the documented order, then the order itself.

use fullreserve_core::types::*;
use fullreserve_core::wire::command::PlaceOrder;

use super::matching::Stop;
use super::{Done, Instrument, Oracle, Order, Planned, Refused};

/// An order that passed: its terms, and the worst price it may trade at.
#[derive(Clone)]
pub(super) struct Draft {
    pub order: Order,
    pub limit: u64,
    /// What it sets aside, or may spend.
    pub funds: i128,
}

impl Order {
    pub(super) fn is_market(&self) -> bool {
        matches!(
            self.order_type,
            OrderType::Market | OrderType::OptimalLimitIoc
        )
    }

    pub(super) fn may_rest(&self) -> bool {
        matches!(self.order_type, OrderType::Limit | OrderType::PostOnly)
    }
}

impl Oracle {
    pub(super) fn place_order(&mut self, command: &PlaceOrder) -> Done {
        let draft = self.check(command)?;
        Ok(self.carry_out(draft))
    }

    pub(super) fn check(&self, command: &PlaceOrder) -> Result<Draft, Refused> {
        if command.expires.0 != 0 && self.now > command.expires.0 {
            return Err(50037);
        }
        self.owner(command.owner)?;
        let pair = self.instrument(command.instrument)?;
        let mut order = self.drafted(command);
        let is_passive = command.order_type == OrderType::PostOnly;
        self.may_trade(command.owner, command.instrument, is_passive)?;
        if command.order_type == OrderType::Fok && command.self_trade == SelfTrade::CancelBoth {
            return Err(54036);
        }
        if command.unit == SizeUnit::Quote && command.order_type != OrderType::Market {
            return Err(51000);
        }
        self.check_name(command)?;
        self.check_size(&order, pair)?;
        let limit = self.limit(
            &mut order,
            pair,
            command.flags.contains(OrderFlags::CLAMP_PRICE),
        )?;
        self.check_caps(&order)?;
        let ban = command.flags.contains(OrderFlags::BAN_AMEND);
        let funds = self.check_funds(&order, limit, pair, ban)?;
        Ok(Draft {
            order,
            limit,
            funds,
        })
    }

    fn drafted(&self, command: &PlaceOrder) -> Order {
        Order {
            owner: command.owner,
            instrument: command.instrument,
            side: command.side,
            order_type: command.order_type,
            unit: command.unit,
            self_trade: command.self_trade,
            price: command.price.0,
            size: command.size.0,
            filled: 0,
            filled_quote: 0,
            fee: 0,
            state: OrderState::Live,
            created_ms: self.now,
            client_order_id: command.client_order_id,
            tag: command.tag,
            rank: None,
        }
    }

    pub(super) fn may_trade(
        &self,
        owner: OwnerId,
        instrument: InstrumentId,
        is_passive: bool,
    ) -> Result<(), Refused> {
        let flags = self.owner(owner)?.flags;
        if flags.contains(OwnerFlags::FROZEN) || flags.contains(OwnerFlags::MASTER_FROZEN) {
            return Err(50007);
        }
        if flags.contains(OwnerFlags::NO_TRADE) {
            return Err(51024);
        }
        let actions = Suspended::TRADE_OPEN.union(Suspended::TRADE_ALL);
        if self.is_stopped(actions, Some(owner), Some(instrument), None) {
            return Err(51022);
        }
        match self.instrument(instrument)?.state {
            InstrumentState::Live => Ok(()),
            InstrumentState::PostOnly if is_passive => Ok(()),
            InstrumentState::Preopen => Err(51021),
            _ => Err(51022),
        }
    }

    fn check_name(&self, command: &PlaceOrder) -> Result<(), Refused> {
        let name = command.client_order_id;
        let same = |owner: OwnerId, id: ClientOrderId| owner == command.owner && id == name;
        let pending = self
            .orders
            .values()
            .any(|it| same(it.owner, it.client_order_id));
        let planned = self
            .planned
            .iter()
            .any(|it| same(it.owner, it.client_order_id));
        if !name.is_empty() && (pending || planned) {
            Err(51016)
        } else {
            Ok(())
        }
    }

    fn check_size(&self, order: &Order, pair: &Instrument) -> Result<(), Refused> {
        let terms = &pair.terms;
        if order.unit == SizeUnit::Quote {
            let first = self.first_price(order.instrument, order.side);
            let buys = |price| self.size_for(pair, order.size.into(), price);
            let is_small = first.is_some_and(|price| buys(price) < terms.min_size.0);
            return match order.size {
                0 => Err(51020),
                _ if is_small => Err(51020),
                size if size > terms.max_market_amount => Err(51202),
                _ => Ok(()),
            };
        }
        pair.check_base_size(order.size)?;
        if order.order_type == OrderType::Market && order.size > terms.max_market_size.0 {
            return Err(51201);
        }
        if order.order_type != OrderType::Market && order.size > terms.max_limit_size.0 {
            return Err(51005);
        }
        Ok(())
    }

    /// Sets the price that the order shows; the worst one it may trade at.
    fn limit(&self, order: &mut Order, pair: &Instrument, clamp: bool) -> Result<u64, Refused> {
        let (lowest, highest) = pair.band();
        let edge = if order.side == Side::Buy {
            highest
        } else {
            lowest
        };
        if order.is_market() {
            let shows = order.order_type == OrderType::OptimalLimitIoc && pair.last_price > 0;
            let has_edge = edge != 0 && edge != u64::MAX;
            order.price = if shows && has_edge { edge } else { 0 };
            return Ok(edge);
        }
        order.price = pair.checked_price(order.price, order.side, clamp)?;
        Ok(order.price)
    }

    fn check_caps(&self, order: &Order) -> Result<(), Refused> {
        let is_house = self.owner(order.owner)?.flags.contains(OwnerFlags::HOUSE);
        if !order.may_rest() || is_house {
            return Ok(());
        }
        let count = |here: bool| {
            let counts = |owner: OwnerId, instrument: InstrumentId| {
                owner == order.owner && (!here || instrument == order.instrument)
            };
            let pending = self
                .orders
                .values()
                .filter(|it| counts(it.owner, it.instrument))
                .count();
            let plans = self
                .planned
                .iter()
                .filter(|it| it.rests && counts(it.owner, it.instrument));
            (pending + plans.count()) as u64
        };
        if count(true) >= self.parameter(Parameter::PendingPerInstrument) {
            return Err(51102);
        }
        if count(false) >= self.parameter(Parameter::PendingPerOwner) {
            return Err(51103);
        }
        Ok(())
    }

    fn check_funds(
        &self,
        order: &Order,
        limit: u64,
        pair: &Instrument,
        ban: bool,
    ) -> Result<i128, Refused> {
        let available = self.spendable(order.owner, Self::paid_asset(pair, order.side));
        if !order.is_market() {
            let cost = self.cost(pair, order.side, limit, order.size);
            return if cost > available {
                Err(51008)
            } else {
                Ok(cost)
            };
        }
        // What the full size costs, where that is known before the walk.
        let most = match (order.side, order.unit) {
            (Side::Buy, SizeUnit::Quote) => Some(i128::from(order.size)),
            (Side::Sell, SizeUnit::Base) => Some(self.base_units(pair, order.size)),
            _ => None,
        };
        let needed = most.unwrap_or_else(|| if ban { self.walk_cost(order, limit) } else { 0 });
        let is_under_least = self.rules >= 4 && self.is_under_least(order, limit, pair, available);
        if available <= 0 || ban && needed > available || is_under_least {
            return Err(51008);
        }
        Ok(most.map_or(available, |most| most.min(available)))
    }

    /// Whether the money there is gives less than the least size at the first price to be met.
    fn is_under_least(&self, order: &Order, limit: u64, pair: &Instrument, money: i128) -> bool {
        let is_met = self.best_maker(order.instrument, order.side, limit);
        let first = self.first_price(order.instrument, order.side);
        is_met.is_some()
            && first.is_some_and(|price| match order.side {
                Side::Buy => self.size_for(pair, money, price) < pair.terms.min_size.0,
                Side::Sell => money < self.base_units(pair, pair.terms.min_size.0),
            })
    }

    pub(super) fn carry_out(&mut self, draft: Draft) -> u64 {
        let id = 1_000_000_000_000_000_000 + self.placed;
        self.placed += 1;
        let Draft {
            order,
            limit,
            funds,
        } = draft;
        let takes = self
            .best_maker(order.instrument, order.side, limit)
            .is_some();
        if order.order_type == OrderType::PostOnly && takes
            || order.order_type == OrderType::Fok && !self.is_fillable(&order, limit)
        {
            return id;
        }
        let funds = order.is_market().then_some(funds);
        self.orders.insert(id, order);
        let stop = self.walk(id, limit, funds);
        self.settle(id, stop);
        id
    }

    /// What a taker becomes when it has stopped: it rests, or it is over.
    pub(super) fn settle(&mut self, id: u64, stop: Stop) {
        let order = self.orders.get_mut(&id).expect("the taker");
        let rests = order.may_rest() && matches!(stop, Stop::Empty | Stop::Limit);
        if rests {
            self.ranks += 1;
            order.rank = Some(self.ranks);
        } else {
            self.orders.remove(&id);
        }
    }

    pub(super) fn plan(&self, draft: &Draft) -> Planned {
        let order = &draft.order;
        Planned {
            owner: order.owner,
            instrument: order.instrument,
            asset: Self::paid_asset(&self.instruments[&order.instrument], order.side),
            funds: draft.funds,
            rests: order.may_rest(),
            client_order_id: order.client_order_id,
        }
    }
}

impl Instrument {
    pub(super) fn check_base_size(&self, size: u64) -> Result<(), Refused> {
        if size < self.terms.min_size.0 {
            return Err(51020);
        }
        if !size.is_multiple_of(self.terms.lot.0) {
            Err(51121)
        } else {
            Ok(())
        }
    }

    fn tick(&self, price: u64) -> u64 {
        let mut highest_first = self.terms.ticks.iter().rev();
        let band = highest_first.find(|band| band.from_price.0 <= price);
        band.expect("the first band starts at 0").tick
    }

    /// Lowest price for sells, highest for buys.
    pub(super) fn band(&self) -> (u64, u64) {
        let (last, band) = (i128::from(self.last_price), i128::from(self.terms.band));
        if last == 0 || band == 0 {
            return (0, u64::MAX);
        }
        let one = 100_000_000;
        let lowest = (last * (one - band) + one - 1) / one;
        let highest = last * (one + band) / one;
        (lowest as u64, highest as u64)
    }

    pub(super) fn checked_price(
        &self,
        price: u64,
        side: Side,
        clamp: bool,
    ) -> Result<u64, Refused> {
        if price == 0 {
            return Err(51122);
        }
        let most = self.terms.max_price.0;
        if price > most {
            return Err(51116);
        }
        if !price.is_multiple_of(self.tick(price)) {
            return Err(51000);
        }
        let (lowest, highest) = self.band();
        if side == Side::Buy && price <= highest || side == Side::Sell && price >= lowest {
            return Ok(price);
        }
        let edge = match side {
            Side::Buy => highest / self.tick(highest) * self.tick(highest),
            Side::Sell => lowest.div_ceil(self.tick(lowest)) * self.tick(lowest),
        };
        if clamp && edge > 0 && edge <= most {
            Ok(edge)
        } else {
            Err(51006)
        }
    }
}
