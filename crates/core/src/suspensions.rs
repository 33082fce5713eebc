//! The suspension table: which actions are stopped, and where. Every command consults it.

use std::collections::BTreeMap;

use crate::types::{AssetId, InstrumentId, OwnerId, Segment, Suspended, SuspensionLevel};

/// The rules from which a stop of a main account is its sub-accounts' too, and a dead man's switch
/// cancels whatever is stopped: who set it takes his orders for gone.
pub const RULES_STOPS_OF_PEOPLE: u32 = 5;

/// Suspensions are operators' acts; more at once than this is a mistake.
pub const SUSPENSIONS_MAX: usize = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspension {
    pub actions: Suspended,
    pub level: SuspensionLevel,
    pub key: u64,
}

/// By suspension number.
#[derive(Default)]
pub struct Suspensions {
    items: BTreeMap<u64, Suspension>,
    /// Union of the GLOBAL ones.
    global: Suspended,
}

impl Suspensions {
    /// Whether a suspension can be set; the table takes so many.
    pub fn has_room(&self, number: u64, actions: Suspended) -> bool {
        actions == Suspended::NONE
            || self.items.len() < SUSPENSIONS_MAX
            || self.items.contains_key(&number)
    }

    /// Sets, changes or (no actions) lifts a suspension that there is room for.
    pub fn set(&mut self, number: u64, suspension: Suspension) {
        if suspension.actions == Suspended::NONE {
            self.items.remove(&number);
        } else {
            self.items.insert(number, suspension);
        }
        self.global = self.union(SuspensionLevel::Global, None);
    }

    pub fn all(&self) -> impl Iterator<Item = (u64, &Suspension)> {
        self.items
            .iter()
            .map(|(number, suspension)| (*number, suspension))
    }

    #[inline]
    pub fn global(&self) -> Suspended {
        self.global
    }

    pub fn of_asset(&self, asset: AssetId) -> Suspended {
        self.union(SuspensionLevel::Asset, Some(u64::from(asset.0)))
    }

    /// What is stopped on an instrument, also through its assets.
    pub fn of_instrument(
        &self,
        instrument: InstrumentId,
        base: AssetId,
        quote: AssetId,
    ) -> Suspended {
        self.union(SuspensionLevel::Instrument, Some(u64::from(instrument.0)))
            .union(self.of_asset(base))
            .union(self.of_asset(quote))
    }

    /// What is stopped for an owner, also through the segment.
    pub fn of_owner(&self, owner: OwnerId, segment: Segment) -> Suspended {
        self.union(SuspensionLevel::Owner, Some(owner.0))
            .union(self.union(SuspensionLevel::Segment, Some(u64::from(segment.0))))
    }

    fn union(&self, level: SuspensionLevel, key: Option<u64>) -> Suspended {
        self.items
            .values()
            .filter(|item| item.level == level && key.is_none_or(|key| key == item.key))
            .fold(Suspended::NONE, |all, item| all.union(item.actions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Criterion: CORE-EXC-5. Each level stops its own; lifting one leaves the others.
    #[test]
    fn suspensions_add_up_and_are_lifted_one_by_one() {
        let mut table = Suspensions::default();
        let set = |table: &mut Suspensions, number, actions, level, key| {
            assert!(table.has_room(number, actions));
            table.set(
                number,
                Suspension {
                    actions,
                    level,
                    key,
                },
            );
        };
        set(
            &mut table,
            1,
            Suspended::WITHDRAW,
            SuspensionLevel::Global,
            0,
        );
        set(
            &mut table,
            2,
            Suspended::TRADE_OPEN,
            SuspensionLevel::Asset,
            7,
        );
        set(
            &mut table,
            3,
            Suspended::TRANSFER,
            SuspensionLevel::Segment,
            4,
        );
        set(
            &mut table,
            4,
            Suspended::TRADE_ALL,
            SuspensionLevel::Owner,
            9,
        );
        assert_eq!(table.global(), Suspended::WITHDRAW);
        let both = table.of_owner(OwnerId(9), Segment(4));
        assert_eq!(both, Suspended::TRANSFER.union(Suspended::TRADE_ALL));
        let pair = table.of_instrument(InstrumentId(1), AssetId(6), AssetId(7));
        assert_eq!(pair, Suspended::TRADE_OPEN);
        set(&mut table, 4, Suspended::NONE, SuspensionLevel::Owner, 9);
        assert_eq!(table.of_owner(OwnerId(9), Segment(4)), Suspended::TRANSFER);
        assert_eq!(table.all().count(), 3);
    }
}
