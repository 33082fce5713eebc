//! Spot instruments: what may be traded, in which steps and bounds, and its book.

pub mod band;
pub mod listing;
pub mod value;

use crate::assets::{Asset, Assets};
use crate::book::Ladder;
use crate::index::{IdIndex, NONE};
use crate::types::{AssetId, InstrumentId, InstrumentState, Price, Side, Size, Suspended, TradeId};
use crate::wire::command::TickBand;
use crate::wire::event::InstrumentChanged;
use value::Valuation;

/// An instrument's place in the table.
pub type InstrumentSlot = u32;

/// Ledger slots of the house accounts that a trade posts to.
#[derive(Clone, Copy, Debug)]
pub struct HouseSlots {
    pub base_fee: u32,
    pub quote_fee: u32,
    pub quote_rounding: u32,
}

impl Default for HouseSlots {
    fn default() -> Self {
        Self {
            base_fee: NONE,
            quote_fee: NONE,
            quote_rounding: NONE,
        }
    }
}

/// What an operator may change after listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    pub ticks: Vec<TickBand>,
    pub lot: Size,
    pub min_size: Size,
    pub max_limit_size: Size,
    pub max_market_size: Size,
    pub max_market_amount: u64,
    pub max_price: Price,
    pub band: u64,
}

pub struct Instrument {
    pub id: InstrumentId,
    pub symbol: String,
    pub base: AssetId,
    pub quote: AssetId,
    pub base_slot: u32,
    pub quote_slot: u32,
    pub price_scale: u8,
    pub size_scale: u8,
    pub terms: Terms,
    pub state: InstrumentState,
    pub listed_ms: u64,
    pub value: Valuation,
    /// What suspensions of the instrument or one of its assets stop; derived.
    pub suspended: Suspended,
    /// Price and number of the last trade; 0 before the first.
    pub last_price: u64,
    pub last_trade: TradeId,
    /// The band around the last price: lowest for sells, highest for buys; derived.
    pub lowest: u64,
    pub highest: u64,
    pub houses: HouseSlots,
    pub book: Ladder,
    /// Sum of the resting sizes of each side: bounded, so that no level can overflow.
    pub resting: [u64; 2],
}

impl Instrument {
    #[inline]
    pub fn tick_at(&self, price: u64) -> u64 {
        band::tick_at(&self.terms.ticks, price)
    }

    /// Moves the reference price to the last trade.
    pub fn set_last(&mut self, price: u64, trade: TradeId) {
        (self.last_price, self.last_trade) = (price, trade);
        self.refresh_band();
    }

    pub fn refresh_band(&mut self) {
        (self.lowest, self.highest) = band::edges(self.last_price, self.terms.band);
    }

    /// The worst price that the band lets a taker of this side reach.
    #[inline]
    pub fn edge(&self, side: Side) -> u64 {
        match side {
            Side::Buy => self.highest,
            Side::Sell => self.lowest,
        }
    }

    /// The asset that an order of this side pays with, and the one that it receives (asset slots).
    #[inline]
    pub fn sides(&self, side: Side) -> (u32, u32) {
        match side {
            Side::Buy => (self.quote_slot, self.base_slot),
            Side::Sell => (self.base_slot, self.quote_slot),
        }
    }

    /// What an order that rests must keep aside: price × size rounded up, or the size itself.
    #[inline]
    pub fn hold(&self, side: Side, price: u64, size: u64) -> i128 {
        match side {
            Side::Buy => self.value.quote(price, size).1,
            Side::Sell => self.value.base(size),
        }
    }

    pub fn event(&self) -> InstrumentChanged {
        let terms = &self.terms;
        InstrumentChanged {
            instrument: self.id,
            symbol: self.symbol.clone(),
            base: self.base,
            quote: self.quote,
            price_scale: self.price_scale,
            size_scale: self.size_scale,
            ticks: terms.ticks.clone(),
            lot: terms.lot,
            min_size: terms.min_size,
            max_limit_size: terms.max_limit_size,
            max_market_size: terms.max_market_size,
            max_market_amount: terms.max_market_amount,
            max_price: terms.max_price,
            band: terms.band,
            state: self.state,
            listed: crate::types::Timestamp(self.listed_ms),
        }
    }
}

#[derive(Default)]
pub struct Instruments {
    items: Vec<Instrument>,
    index: IdIndex,
}

impl Instruments {
    #[inline]
    pub fn slot(&self, id: InstrumentId) -> Option<InstrumentSlot> {
        self.index.get(u64::from(id.0))
    }

    #[inline]
    pub fn at(&self, slot: InstrumentSlot) -> &Instrument {
        &self.items[slot as usize]
    }

    #[inline]
    pub fn at_mut(&mut self, slot: InstrumentSlot) -> &mut Instrument {
        &mut self.items[slot as usize]
    }

    pub fn get(&self, id: InstrumentId) -> Option<&Instrument> {
        self.slot(id).map(|slot| self.at(slot))
    }

    pub fn all(&self) -> &[Instrument] {
        &self.items
    }

    pub fn sorted(&self) -> Vec<&Instrument> {
        let mut sorted: Vec<_> = self.items.iter().collect();
        sorted.sort_by_key(|instrument| instrument.id);
        sorted
    }

    /// Adds an instrument whose id is free.
    pub fn insert(&mut self, instrument: Instrument) -> InstrumentSlot {
        let slot = self.items.len() as u32;
        self.index.insert(u64::from(instrument.id.0), slot);
        self.items.push(instrument);
        slot
    }
}

/// The two assets of a pair.
pub fn pair(assets: &Assets, base: AssetId, quote: AssetId) -> Option<(&Asset, &Asset)> {
    Some((assets.get(base)?, assets.get(quote)?))
}
