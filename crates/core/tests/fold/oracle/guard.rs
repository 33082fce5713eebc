//! What may be lent, added up from all accounts each time it is asked.

use std::collections::BTreeMap;

use fullreserve_core::types::*;
use fullreserve_core::wire::command::{Group, SetLiquid};

use super::{Done, Oracle, Refused};
use crate::genesis::LOANS;

const LARGEST: i128 = 1 << 120;

impl Oracle {
    pub(super) fn activate(&mut self, rules: u32) {
        self.rules = rules;
        if rules < 2 {
            self.figures.clear();
        }
    }

    pub(super) fn set_liquid(&mut self, it: &SetLiquid) -> Done {
        if !self.scales.contains_key(&it.asset) {
            return Err(51012);
        }
        let (liquid, booked) = (it.liquid.0, it.booked.0);
        if self.rules < 2 || !(0..=LARGEST).contains(&liquid) || booked.abs() > LARGEST {
            return Err(51000);
        }
        self.figures.insert(it.asset, it.clone());
        Ok(0)
    }

    fn sum(&self, asset: AssetId, counts: impl Fn(Kind) -> bool) -> i128 {
        let held = self.balances.iter();
        held.filter(|((of, key), _)| *of == asset && counts(key.kind))
            .map(|(_, balance)| balance)
            .sum()
    }

    /// (coins by the ledger, claims on demand)
    pub(super) fn position(&self, asset: AssetId) -> (i128, i128) {
        let supply = self.supplies.get(&asset).copied().unwrap_or(0);
        let booked = self.sum(asset, |kind| [30, 31, 32, 33, 36, 38].contains(&kind.0));
        let is_owed = |kind| self.classes.get(&kind) == Some(&ClaimClass::OnDemand);
        (supply - booked, self.sum(asset, is_owed))
    }

    fn room(&self, asset: AssetId) -> Option<i128> {
        let figure = self.figures.get(&asset)?;
        let (coins, demand) = self.position(asset);
        let liquid = figure.liquid.0 + coins - figure.booked.0;
        (self.now < figure.expires.0).then_some(liquid - demand)
    }

    /// Whether lending that has been done on this copy was possible; `before`: the room before it.
    pub(super) fn still_liquid(&self, asset: AssetId, before: Option<i128>) -> Result<(), Refused> {
        let before = before.ok_or(59410_u32)?;
        let after = self.room(asset).ok_or(59410_u32)?;
        if after < 0 && after < before {
            return Err(59410);
        }
        Ok(())
    }

    /// Tries changes of accounts and of the supply on a copy, where they lend.
    pub(super) fn may_lend(
        &self,
        asset: AssetId,
        changes: &[(AccountKey, i128)],
        supply: i128,
    ) -> Result<(), Refused> {
        let lends = |(key, change): &(AccountKey, i128)| key.kind == LOANS && *change < 0;
        if self.rules < 2 || !changes.iter().any(lends) {
            return Ok(());
        }
        let mut tried = self.clone();
        for (key, change) in changes {
            tried.add(asset, *key, *change);
        }
        *tried.supplies.entry(asset).or_default() += supply;
        tried.still_liquid(asset, self.room(asset))
    }

    /// The assets that a group lends, with the room that there is before it.
    pub(super) fn rooms_of_lent(&self, group: &Group) -> BTreeMap<AssetId, Option<i128>> {
        if self.rules < 2 {
            return BTreeMap::new();
        }
        let legs = group.postings.iter().flat_map(|posting| &posting.legs);
        legs.filter(|leg| leg.account.kind == LOANS && leg.change.0 < 0)
            .map(|leg| (leg.asset, self.room(leg.asset)))
            .collect()
    }
}
