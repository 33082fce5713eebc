//! Assets and account kinds: the words of the chart of accounts, defined once and for ever.

use crate::index::IdIndex;
use crate::refusal::Refusal;
use crate::types::{AssetId, ClaimClass, Kind, SignRule};

/// Ledger scales are bounded so that 10^scale fits in 64 bits with room for a price.
pub const SCALE_MAX: u8 = 18;
/// Supply caps are bounded so that the sum of all balances never leaves 128 bits.
pub const SUPPLY_MAX: i128 = 1 << 100;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    pub id: AssetId,
    pub symbol: String,
    /// Digits after the point, for ever.
    pub scale: u8,
    pub supply_cap: i128,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountKind {
    pub id: Kind,
    /// Name in the chart of accounts, e.g. `L.u.trade`.
    pub code: String,
    pub sign: SignRule,
    pub claim: ClaimClass,
}

/// Assets by slot; a slot is an asset's place in the order of definition.
#[derive(Default)]
pub struct Assets {
    items: Vec<Asset>,
    index: IdIndex,
}

impl Assets {
    /// Adds an asset. Defining the same again is a success without effect; false says so.
    pub fn define(&mut self, asset: Asset) -> Result<bool, Refusal> {
        if asset.symbol.is_empty()
            || asset.symbol.len() > 32
            || asset.scale > SCALE_MAX
            || !(1..=SUPPLY_MAX).contains(&asset.supply_cap)
        {
            return Err(Refusal::BadParameter);
        }
        if let Some(known) = self.get(asset.id) {
            return if *known == asset {
                Ok(false)
            } else {
                Err(Refusal::Redefined)
            };
        }
        if self.items.iter().any(|known| known.symbol == asset.symbol) {
            return Err(Refusal::Redefined);
        }
        self.index
            .insert(u64::from(asset.id.0), self.items.len() as u32);
        self.items.push(asset);
        Ok(true)
    }

    pub fn get(&self, id: AssetId) -> Option<&Asset> {
        self.slot(id).map(|slot| &self.items[slot as usize])
    }

    #[inline]
    pub fn slot(&self, id: AssetId) -> Option<u32> {
        self.index.get(u64::from(id.0))
    }

    /// In order of definition.
    pub fn all(&self) -> &[Asset] {
        &self.items
    }

    pub fn sorted(&self) -> Vec<&Asset> {
        let mut sorted: Vec<_> = self.items.iter().collect();
        sorted.sort_by_key(|asset| asset.id);
        sorted
    }
}

#[derive(Default)]
pub struct Kinds {
    items: Vec<AccountKind>,
}

impl Kinds {
    /// Adds a kind. Defining the same again is a success without effect; false says so.
    pub fn define(&mut self, kind: AccountKind) -> Result<bool, Refusal> {
        if kind.code.is_empty() || kind.code.len() > 64 {
            return Err(Refusal::BadParameter);
        }
        if let Some(known) = self.get(kind.id) {
            return if *known == kind {
                Ok(false)
            } else {
                Err(Refusal::Redefined)
            };
        }
        let place = self.items.partition_point(|known| known.id < kind.id);
        self.items.insert(place, kind);
        Ok(true)
    }

    pub fn get(&self, id: Kind) -> Option<&AccountKind> {
        self.items
            .binary_search_by_key(&id, |kind| kind.id)
            .ok()
            .map(|place| &self.items[place])
    }

    /// The sign rule of an account of this kind, if the kind is defined.
    pub fn sign(&self, id: Kind) -> Option<SignRule> {
        self.get(id).map(|kind| kind.sign)
    }

    /// Ascending by id.
    pub fn all(&self) -> &[AccountKind] {
        &self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asset(id: u32, symbol: &str, scale: u8) -> Asset {
        Asset {
            id: AssetId(id),
            symbol: symbol.into(),
            scale,
            supply_cap: 1_000,
        }
    }

    /// Criterion: CORE-LED-5. The scale of an asset is for ever.
    #[test]
    fn an_asset_is_defined_once() {
        let mut assets = Assets::default();
        assert_eq!(assets.define(asset(1, "BTC", 8)), Ok(true));
        assert_eq!(assets.define(asset(1, "BTC", 8)), Ok(false));
        assert_eq!(assets.define(asset(1, "BTC", 9)), Err(Refusal::Redefined));
        assert_eq!(assets.define(asset(2, "BTC", 8)), Err(Refusal::Redefined));
        assert_eq!(
            assets.define(asset(2, "ETH", SCALE_MAX + 1)),
            Err(Refusal::BadParameter)
        );
        let uncapped = Asset {
            supply_cap: SUPPLY_MAX + 1,
            ..asset(2, "ETH", 8)
        };
        assert_eq!(assets.define(uncapped), Err(Refusal::BadParameter));
        assert_eq!(assets.all().len(), 1);
    }

    /// Criterion: CORE-LED-6. Kinds are data: any number, name, sign rule and claim class.
    #[test]
    fn kinds_are_data() {
        let mut kinds = Kinds::default();
        for (id, code, sign) in [
            (7, "A.chain.btc.hot", SignRule::Debit),
            (2, "L.u.trade", SignRule::Credit),
            (9, "T.conv", SignRule::Either),
        ] {
            let kind = AccountKind {
                id: Kind(id),
                code: code.into(),
                sign,
                claim: ClaimClass::NotAClaim,
            };
            assert_eq!(kinds.define(kind.clone()), Ok(true));
            assert_eq!(kinds.define(kind), Ok(false));
        }
        assert_eq!(kinds.sign(Kind(7)), Some(SignRule::Debit));
        assert_eq!(kinds.sign(Kind(1)), None);
        assert!(kinds.all().is_sorted_by_key(|kind| kind.id));
    }
}
