//! Listing and changing an instrument: the bounds that make later overflow impossible.

use super::value::Valuation;
use super::{HouseSlots, Instrument, Terms, band, pair};
use crate::assets::{Assets, SCALE_MAX, SUPPLY_MAX};
use crate::book::Ladder;
use crate::refusal::Refusal;
use crate::types::{Suspended, TradeId};
use crate::wire::command::{ListInstrument, SetInstrument};

/// Projections keep prices, sizes and amounts of orders in SQL's signed 64-bit integers.
const NUMBER_MAX: u64 = i64::MAX as u64;

impl Terms {
    pub fn of_listing(listing: &ListInstrument) -> Self {
        Self {
            ticks: listing.ticks.clone(),
            lot: listing.lot,
            min_size: listing.min_size,
            max_limit_size: listing.max_limit_size,
            max_market_size: listing.max_market_size,
            max_market_amount: listing.max_market_amount,
            max_price: listing.max_price,
            band: listing.band,
        }
    }

    pub fn of_change(change: &SetInstrument) -> Self {
        Self {
            ticks: change.ticks.clone(),
            lot: change.lot,
            min_size: change.min_size,
            max_limit_size: change.max_limit_size,
            max_market_size: change.max_market_size,
            max_market_amount: change.max_market_amount,
            max_price: change.max_price,
            band: change.band,
        }
    }

    /// Puts the terms into a listing.
    pub fn write_to(self, listing: &mut ListInstrument) {
        listing.ticks = self.ticks;
        listing.lot = self.lot;
        listing.min_size = self.min_size;
        listing.max_limit_size = self.max_limit_size;
        listing.max_market_size = self.max_market_size;
        listing.max_market_amount = self.max_market_amount;
        listing.max_price = self.max_price;
        listing.band = self.band;
    }

    fn is_storable(&self) -> bool {
        let ticks = self.ticks.iter();
        let largest_step = ticks.map(|band| band.tick.max(band.from_price.0)).max();
        let numbers = [
            self.lot.0,
            self.max_limit_size.0,
            self.max_market_size.0,
            self.max_market_amount,
            self.max_price.0,
            largest_step.unwrap_or(0),
        ];
        numbers.iter().all(|number| *number <= NUMBER_MAX)
    }

    /// Whether no order within these terms can leave the domain of amounts.
    pub fn check(&self, value: &Valuation) -> Result<(), Refusal> {
        let largest = self.max_limit_size.max(self.max_market_size).0;
        let worth = value.checked_quote(self.max_price.0, largest);
        let sound = band::are_valid(&self.ticks)
            && self.lot.0 > 0
            && self.min_size.0 > 0
            && self.min_size <= self.max_limit_size
            && self.max_price.0 > 0
            && worth.is_some_and(|worth| worth <= SUPPLY_MAX)
            && value.base(largest) <= SUPPLY_MAX;
        if sound && self.is_storable() {
            Ok(())
        } else {
            Err(Refusal::BadParameter)
        }
    }
}

/// The instrument that a listing describes, with an empty book and no house accounts yet.
pub fn listed(
    listing: &ListInstrument,
    assets: &Assets,
    time_ms: u64,
) -> Result<Instrument, Refusal> {
    let (base, quote) = pair(assets, listing.base, listing.quote).ok_or(Refusal::UnknownAsset)?;
    let scales = listing.price_scale.max(listing.size_scale);
    if listing.base == listing.quote
        || listing.instrument.0 == 0
        || scales > SCALE_MAX
        || listing.symbol.is_empty()
        || listing.symbol.len() > 32
    {
        return Err(Refusal::BadParameter);
    }
    let value = Valuation::new(
        listing.price_scale,
        listing.size_scale,
        base.scale,
        quote.scale,
    )
    .ok_or(Refusal::BadParameter)?;
    let terms = Terms::of_listing(listing);
    terms.check(&value)?;
    Ok(Instrument {
        id: listing.instrument,
        symbol: listing.symbol.clone(),
        base: listing.base,
        quote: listing.quote,
        base_slot: assets.slot(listing.base).ok_or(Refusal::UnknownAsset)?,
        quote_slot: assets.slot(listing.quote).ok_or(Refusal::UnknownAsset)?,
        price_scale: listing.price_scale,
        size_scale: listing.size_scale,
        terms,
        state: listing.state,
        listed_ms: time_ms,
        value,
        suspended: Suspended::NONE,
        last_price: 0,
        last_trade: TradeId(0),
        lowest: 0,
        highest: u64::MAX,
        houses: HouseSlots::default(),
        book: Ladder::default(),
        resting: [0; 2],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Asset;
    use crate::types::{AssetId, InstrumentId, InstrumentState, Price, Size};
    use crate::wire::command::TickBand;

    fn assets() -> Assets {
        let mut assets = Assets::default();
        for (id, symbol) in [(1, "BTC"), (2, "USDT")] {
            let id = AssetId(id);
            let asset = Asset {
                id,
                symbol: symbol.into(),
                scale: 8,
                supply_cap: SUPPLY_MAX,
            };
            assets.define(asset).unwrap();
        }
        assets
    }

    fn listing() -> ListInstrument {
        ListInstrument {
            instrument: InstrumentId(1),
            symbol: "BTC-USDT".into(),
            base: AssetId(1),
            quote: AssetId(2),
            price_scale: 1,
            size_scale: 8,
            ticks: vec![TickBand {
                from_price: Price(0),
                tick: 1,
            }],
            lot: Size(1),
            min_size: Size(1_000),
            max_limit_size: Size(1_000_000_000_000),
            max_market_size: Size(1_000_000_000_000),
            max_market_amount: 100_000_000_000_000,
            max_price: Price(100_000_000),
            band: 5_000_000,
            state: InstrumentState::Live,
        }
    }

    /// Criterion: CORE-ORD-4. A listing whose largest order is worth more than 2^100 is refused.
    #[test]
    fn a_listing_bounds_its_largest_order() {
        assert!(listed(&listing(), &assets(), 1).is_ok());
        let huge = ListInstrument {
            max_price: Price(u64::MAX),
            max_limit_size: Size(u64::MAX),
            ..listing()
        };
        assert_eq!(
            listed(&huge, &assets(), 1).err(),
            Some(Refusal::BadParameter)
        );
    }

    /// Criterion: CORE-ORD-26. Each bound alone: 2^63 - 1 is listed, 2^63 is refused.
    #[test]
    fn a_listing_keeps_to_signed_integers() {
        let most = (1 << 63) - 1;
        let fields: [fn(&mut ListInstrument, u64); 5] = [
            |listing, number| listing.lot = Size(number),
            |listing, number| listing.max_limit_size = Size(number),
            |listing, number| listing.max_market_size = Size(number),
            |listing, number| listing.max_market_amount = number,
            |listing, number| listing.max_price = Price(number),
        ];
        for (place, set) in fields.into_iter().enumerate() {
            for (number, is_listed) in [(most, true), (most + 1, false)] {
                let mut listing = listing();
                set(&mut listing, number);
                let known = listed(&listing, &assets(), 1);
                assert_eq!(known.is_ok(), is_listed, "field {place}: {number}");
            }
        }
    }

    /// Criterion: CORE-ORD-4
    #[test]
    fn a_listing_is_consistent() {
        let wrong = [
            ListInstrument {
                quote: AssetId(1),
                ..listing()
            },
            ListInstrument {
                size_scale: 9,
                ..listing()
            },
            ListInstrument {
                price_scale: 19,
                ..listing()
            },
            ListInstrument {
                lot: Size(0),
                ..listing()
            },
            ListInstrument {
                min_size: Size(0),
                ..listing()
            },
            ListInstrument {
                max_limit_size: Size(999),
                ..listing()
            },
            ListInstrument {
                ticks: Vec::new(),
                ..listing()
            },
            ListInstrument {
                symbol: String::new(),
                ..listing()
            },
        ];
        for listing in wrong {
            let refused = listed(&listing, &assets(), 1).err();
            assert_eq!(refused, Some(Refusal::BadParameter), "{listing:?}");
        }
        let unknown = ListInstrument {
            base: AssetId(9),
            ..listing()
        };
        assert_eq!(
            listed(&unknown, &assets(), 1).err(),
            Some(Refusal::UnknownAsset)
        );
    }
}
