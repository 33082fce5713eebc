//! Reading the state, part by part as `save` wrote it, and deriving what is not written.

use super::SnapshotError;
use super::bytes::In;
use crate::agenda::{Timer, TimerTask};
use crate::assets::{AccountKind, Asset};
use crate::dedup::Submission;
use crate::distribution::Distribution;
use crate::exchange::{Exchange, Outcome};
use crate::fees::FeeTier;
use crate::guard::Figure;
use crate::halt::Halt;
use crate::index::NONE;
use crate::instruments::{Terms, listing};
use crate::orders::dead_man::Switch;
use crate::orders::{Deed, Labels, Order};
use crate::owners::Profile;
use crate::suspensions::Suspension;
use crate::types::*;
use crate::wire::command::{ListInstrument, TickBand};

type Load = Result<(), SnapshotError>;

/// What `load` finds wrong in bytes whose hash fits.
fn wrong(what: &'static str) -> SnapshotError {
    SnapshotError::Inconsistent(what)
}

impl Exchange {
    pub(super) fn load(&mut self, input: &mut In<'_>) -> Load {
        self.sequence = input.u64()?;
        self.now = input.u64()?;
        self.rules = input.u32()?;
        if input.u8()? != 0 {
            self.halted = Some(Halt {
                sequence: input.u64()?,
                reason: input.text()?,
            });
        }
        self.load_assets(input)?;
        self.load_kinds(input)?;
        let houses = self.load_fees(input)?;
        self.load_suspensions(input)?;
        self.load_owners(input)?;
        for (role, account) in houses {
            let defined = self.houses.define(role, account, &self.kinds, &self.tiers);
            defined.map_err(|_| wrong("a house account"))?;
        }
        for _ in 0..input.len()? {
            self.load_instrument(input)?;
        }
        self.load_accounts(input)?;
        for slot in 0..self.instruments.all().len() as u32 {
            self.refresh_houses(slot);
        }
        self.load_orders(input)?;
        self.load_agenda(input)?;
        self.load_dedup(input)?;
        if self.is_guarded() {
            self.load_guard(input)?;
        }
        if input.is_empty() {
            Ok(())
        } else {
            Err(wrong("bytes follow the end"))
        }
    }

    fn load_guard(&mut self, input: &mut In<'_>) -> Load {
        for _ in 0..input.len()? {
            let asset = AssetId(input.u32()?);
            let figure = Figure {
                liquid: input.i128()?,
                booked: input.i128()?,
                expires_ms: input.u64()?,
                is_short: input.u8()? != 0,
            };
            self.guard.figures.insert(asset, figure);
        }
        self.recount();
        Ok(())
    }

    fn load_assets(&mut self, input: &mut In<'_>) -> Load {
        for _ in 0..input.len()? {
            let asset = Asset {
                id: AssetId(input.u32()?),
                symbol: input.text()?,
                scale: input.u8()?,
                supply_cap: input.i128()?,
            };
            self.assets.define(asset).map_err(|_| wrong("an asset"))?;
        }
        Ok(())
    }

    fn load_kinds(&mut self, input: &mut In<'_>) -> Load {
        for _ in 0..input.len()? {
            let kind = AccountKind {
                id: Kind(input.u16()?),
                code: input.text()?,
                sign: input.coded(SignRule::from_u8)?,
                claim: input.coded(ClaimClass::from_u8)?,
            };
            self.kinds.define(kind).map_err(|_| wrong("a kind"))?;
        }
        Ok(())
    }

    /// Tiers, house accounts (defined later, when their owners are there), parameters.
    fn load_fees(
        &mut self,
        input: &mut In<'_>,
    ) -> Result<Vec<(HouseRole, AccountKey)>, SnapshotError> {
        for _ in 0..input.len()? {
            let tier = FeeTier {
                id: Tier(input.u16()?),
                maker: Rate(input.u64()? as i64),
                taker: Rate(input.u64()? as i64),
            };
            self.tiers.set(tier).map_err(|_| wrong("a fee tier"))?;
        }
        let mut houses = Vec::new();
        for role in HouseRole::ALL {
            if input.u8()? != 0 {
                houses.push((*role, input.key()?));
            }
        }
        for parameter in Parameter::ALL {
            let value = input.u64()?;
            self.parameters
                .set(*parameter, value)
                .map_err(|_| wrong("a parameter"))?;
        }
        Ok(houses)
    }

    fn load_suspensions(&mut self, input: &mut In<'_>) -> Load {
        for _ in 0..input.len()? {
            let number = input.u64()?;
            let suspension = Suspension {
                actions: input.coded(Suspended::from_bits)?,
                level: input.coded(SuspensionLevel::from_u8)?,
                key: input.u64()?,
            };
            self.suspensions.set(number, suspension);
        }
        Ok(())
    }

    fn load_owners(&mut self, input: &mut In<'_>) -> Load {
        for _ in 0..input.len()? {
            let (id, master) = (OwnerId(input.u64()?), OwnerId(input.u64()?));
            let profile = Profile {
                segment: Segment(input.u32()?),
                tier: Tier(input.u16()?),
                flags: input.coded(OwnerFlags::from_bits)?,
                kyc: KycLevel(input.u8()?),
            };
            if self.owners.slot(id).is_some() {
                return Err(wrong("an owner stands twice"));
            }
            let slot = self.owners.open(id, master, profile);
            self.refresh_suspension(slot);
        }
        Ok(())
    }

    fn load_instrument(&mut self, input: &mut In<'_>) -> Load {
        let mut listing = ListInstrument {
            instrument: InstrumentId(input.u32()?),
            symbol: input.text()?,
            base: AssetId(input.u32()?),
            quote: AssetId(input.u32()?),
            price_scale: input.u8()?,
            size_scale: input.u8()?,
            ticks: Vec::new(),
            lot: Size(0),
            min_size: Size(0),
            max_limit_size: Size(0),
            max_market_size: Size(0),
            max_market_amount: 0,
            max_price: Price(0),
            band: 0,
            state: InstrumentState::Live,
        };
        load_terms(input, &mut listing)?;
        listing.state = input.coded(InstrumentState::from_u8)?;
        let listed_ms = input.u64()?;
        let instrument = listing::listed(&listing, &self.assets, listed_ms);
        let mut instrument = instrument.map_err(|_| wrong("an instrument"))?;
        let (price, trade) = (input.u64()?, TradeId(input.u64()?));
        instrument.set_last(price, trade);
        let slot = self.instruments.insert(instrument);
        self.refresh_instrument_suspension(slot);
        Ok(())
    }

    fn load_accounts(&mut self, input: &mut In<'_>) -> Load {
        for _ in 0..input.len()? {
            let (key, asset) = (input.key()?, AssetId(input.u32()?));
            self.check_account(key, asset)
                .map_err(|_| wrong("an account"))?;
            let slot = self.open_account(key, asset);
            let (balance, hold, moved) = (input.i128()?, input.i128()?, input.u8()? != 0);
            self.ledger
                .restore_account(slot, balance, hold, moved, input.u64()?);
        }
        let assets: Vec<AssetId> = self.assets.all().iter().map(|asset| asset.id).collect();
        for asset in assets {
            self.ledger.restore_supply(asset, input.i128()?);
        }
        Ok(())
    }

    fn load_orders(&mut self, input: &mut In<'_>) -> Load {
        let (placed, finished, fills) = (input.u64()?, input.u64()?, input.u64()?);
        self.orders.placed_total = placed;
        self.load_resting(input)?;
        let mut retained = Vec::new();
        for _ in 0..input.len()? {
            retained.push(self.load_order(input)?);
        }
        let count = input.len()?;
        let before = |total: u64, count: usize| total.saturating_sub(count as u64);
        self.orders
            .restore_totals(before(finished, retained.len()), before(fills, count));
        for (order, labels) in retained {
            self.orders
                .remember_order(&order, &labels, &mut self.owners);
        }
        for _ in 0..count {
            let (order, labels) = self.load_order(input)?;
            let deed = load_deed(input)?;
            self.orders
                .remember_fill(&order, &labels, deed, &mut self.owners);
        }
        Ok(())
    }

    /// Resting orders, straight to their places: they stand side by side as they queue.
    fn load_resting(&mut self, input: &mut In<'_>) -> Load {
        let count = input.len()?;
        self.orders.expect(count);
        let mut places = Vec::with_capacity(count);
        for _ in 0..count {
            let (order, labels) = self.load_order(input)?;
            let left = order.size.checked_sub(order.filled);
            let left = left.filter(|size| *size > 0);
            let left = left.ok_or(wrong("a resting order without size"))?;
            let slot = self.orders.restore(order, &labels, &mut self.owners);
            let instrument = self.instruments.at_mut(order.instrument);
            self.orders.at_mut(slot).handle =
                instrument.add_resting(order.side, order.price, left, slot);
            places.push((order.id, slot, order.owner));
        }
        self.orders.link_restored(places, &mut self.owners);
        Ok(())
    }

    fn load_order(&mut self, input: &mut In<'_>) -> Result<(Order, Labels), SnapshotError> {
        let id = input.u64()?;
        let (owner, instrument) = (input.u32()?, input.u32()?);
        if owner as usize >= self.owners.count()
            || instrument as usize >= self.instruments.all().len()
        {
            return Err(wrong("an order's owner or instrument"));
        }
        let mut order = Order {
            id,
            owner,
            instrument,
            price: input.u64()?,
            size: input.u64()?,
            filled: input.u64()?,
            filled_quote: input.i128()?,
            fee: input.i128()?,
            created_ms: input.u64()?,
            updated_ms: input.u64()?,
            sequence: input.u64()?,
            side: input.coded(Side::from_u8)?,
            order_type: input.coded(OrderType::from_u8)?,
            unit: input.coded(SizeUnit::from_u8)?,
            self_trade: input.coded(SelfTrade::from_u8)?,
            state: input.coded(OrderState::from_u8)?,
            cancel_source: input.coded(CancelSource::from_u8)?,
            is_labelled: false,
            pay: NONE,
            receive: NONE,
            handle: NONE,
            is_listed: false,
        };
        let labels = Labels {
            client_order_id: input.label()?,
            tag: input.label()?,
        };
        order.is_labelled = !labels.is_none();
        let (pay, receive) = self.instruments.at(instrument).sides(order.side);
        order.pay = self.trading_slot(owner, pay);
        order.receive = self.trading_slot(owner, receive);
        Ok((order, labels))
    }

    /// Timers, and with them the owners' switches.
    fn load_agenda(&mut self, input: &mut In<'_>) -> Load {
        self.agenda.last_timer = input.u64()?;
        for _ in 0..input.len()? {
            let (due_ms, timer, sequence) = (input.u64()?, input.u64()?, input.u64()?);
            if input.u8()? != 0 {
                return Err(wrong("a timer's task"));
            }
            let (owner, tag) = (OwnerId(input.u64()?), input.label()?);
            let slot = self.owners.slot(owner).ok_or(wrong("a timer's owner"))?;
            let switches = &mut self.owners.at_mut(slot).switches;
            let place = switches.partition_point(|other| other.tag < tag);
            switches.insert(place, Switch { tag, due_ms, timer });
            let task = TimerTask::DeadMan { owner, tag };
            let restored = Timer { sequence, task };
            self.agenda.restore_timer(due_ms, timer, restored);
        }
        for _ in 0..input.len()? {
            let work = load_distribution(input)?;
            self.agenda.work.push_back(work);
        }
        Ok(())
    }

    fn load_dedup(&mut self, input: &mut In<'_>) -> Load {
        for _ in 0..input.len()? {
            let (gateway, highest) = (input.u64()?, input.u64()?);
            for _ in 0..input.len()? {
                let (number, sequence) = (input.u64()?, input.u64()?);
                let outcome = Outcome {
                    code: Code(input.u32()?),
                    allowed: input.u64()?,
                    order: input.u64()?,
                };
                self.dedup.record(
                    gateway,
                    Submission {
                        number,
                        sequence,
                        outcome,
                    },
                );
            }
            if self.dedup.highest(gateway) != highest {
                return Err(wrong("a gateway's highest number"));
            }
        }
        self.dedup.find_last();
        Ok(())
    }
}

fn load_deed(input: &mut In<'_>) -> Result<Deed, SnapshotError> {
    Ok(Deed {
        price: input.u64()?,
        size: input.u64()?,
        trade: input.u64()?,
        fee: input.i128()?,
        liquidity: input.coded(Liquidity::from_u8)?,
    })
}

fn load_terms(input: &mut In<'_>, listing: &mut ListInstrument) -> Load {
    for _ in 0..input.len()? {
        let (from_price, tick) = (Price(input.u64()?), input.u64()?);
        listing.ticks.push(TickBand { from_price, tick });
    }
    let terms = Terms {
        ticks: std::mem::take(&mut listing.ticks),
        lot: Size(input.u64()?),
        min_size: Size(input.u64()?),
        max_limit_size: Size(input.u64()?),
        max_market_size: Size(input.u64()?),
        max_market_amount: input.u64()?,
        max_price: Price(input.u64()?),
        band: input.u64()?,
    };
    terms.write_to(listing);
    Ok(())
}

fn load_distribution(input: &mut In<'_>) -> Result<Distribution, SnapshotError> {
    let mut work = Distribution {
        sequence: input.u64()?,
        pool: input.key()?,
        asset: AssetId(input.u32()?),
        target_kind: Kind(input.u16()?),
        target_instance: Instance(input.u64()?),
        reason: Reason(input.u16()?),
        remainder: input.i128()?,
        paid: usize::try_from(input.u64()?).map_err(|_| wrong("a distribution"))?,
        shares: Vec::new(),
    };
    for _ in 0..input.len()? {
        work.shares.push((OwnerId(input.u64()?), input.i128()?));
    }
    if work.paid > work.shares.len() {
        return Err(wrong("a distribution's progress"));
    }
    Ok(work)
}
