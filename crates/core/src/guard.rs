//! Hard-reserve mode: nobody is lent what would leave more claims on demand than liquid coins.
//!
//! How much of an asset is liquid is shown from outside (`SetLiquid`, after each look at chains):
//! the coins that were there at some moment, beside what the ledger had booked there then. What
//! the ledger has moved in or out since is added, so that deposits and withdrawals carry their
//! coins with them. A figure expires; without a fresh one nothing is lent at all.
//!
//! Whatever lends asks `check_lending`. What raises claims or takes coins away without lending (a
//! loss, a gift of the house) is not refused: it has happened. It is reported as `ReserveShort`.
//!
//! Two sums for each asset make the answer cheap. All accounts of an asset add up to its supply, so
//! claims on demand are the supply less all other accounts; and fills, which are many, move of the
//! others only the two house accounts that are looked at when it is asked.

use std::collections::BTreeMap;

use crate::exchange::Exchange;
use crate::index::FastMap;
use crate::ledger::{BALANCE_MAX, Slot};
use crate::money::Amount;
use crate::refusal::{Refusal, Refused};
use crate::types::*;
use crate::wire::answer::ReserveState;
use crate::wire::command::{Group, SetLiquid};
use crate::wire::event;

/// The rules from which lending is guarded.
pub const RULES_GUARD: u32 = 2;

/// Kinds whose accounts are coins that can be paid out: hot, warm, cold, deposit addresses, with a
/// custodian, and where a chain and the ledger do not agree. Numbers of the chart, as FUNDING is.
const COINS: [Kind; 6] = [Kind(30), Kind(31), Kind(32), Kind(33), Kind(36), Kind(38)];

/// The kind of what users owe for what they were lent.
const LENT: Kind = Kind(35);

/// How a balance counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    OnDemand,
    Coins,
    /// An account that is neither and that fills move: looked at when it is asked.
    Fills,
    Apart,
}

/// What was shown of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Figure {
    pub liquid: i128,
    pub booked: i128,
    pub expires_ms: u64,
    /// Whether claims on demand were found to be more than is liquid, and not yet found to be less.
    pub is_short: bool,
}

#[derive(Default)]
pub struct Guard {
    pub(crate) figures: BTreeMap<AssetId, Figure>,
    /// Sums of balances by asset.
    coins: FastMap<AssetId, i128>,
    apart: FastMap<AssetId, i128>,
    /// Assets whose sums the command that runs has moved.
    moved: Vec<AssetId>,
}

impl Exchange {
    pub(crate) fn is_guarded(&self) -> bool {
        self.rules >= RULES_GUARD
    }

    /// The one question of everything that lends: whether claims on demand of an asset, less coins
    /// that come in, may rise by `more` because somebody is lent it. Without a fresh figure nothing
    /// is lent, whatever it does to claims.
    pub(crate) fn check_lending(&self, asset: AssetId, more: i128) -> Result<(), Refused> {
        if !self.is_guarded() {
            return Ok(());
        }
        let room = self.room(asset).ok_or(Refusal::LiquidUnknown)?;
        if more > 0 && more > room {
            return Err(Refusal::OverLiquid.allowing(clipped(room)));
        }
        Ok(())
    }

    /// The same for a change of accounts, which may lend or not.
    pub(crate) fn check_legs(
        &self,
        asset: AssetId,
        legs: impl Iterator<Item = (AccountKey, i128)>,
    ) -> Result<(), Refused> {
        if !self.is_guarded() {
            return Ok(());
        }
        let (mut more, mut lends) = (0i128, false);
        for (key, change) in legs {
            lends |= change < 0 && self.is_lent(key.kind);
            if matches!(self.standing(key), Standing::OnDemand | Standing::Coins) {
                more = more.saturating_add(change);
            }
        }
        if lends {
            self.check_lending(asset, more)
        } else {
            Ok(())
        }
    }

    /// The same for all postings of a group together.
    pub(crate) fn check_group_lending(&self, group: &Group) -> Result<(), Refused> {
        let legs = || group.postings.iter().flat_map(|posting| &posting.legs);
        let mut lent: Vec<AssetId> = Vec::new();
        for leg in legs().filter(|leg| self.is_lent(leg.account.kind)) {
            if !lent.contains(&leg.asset) {
                lent.push(leg.asset);
            }
        }
        for asset in lent {
            let of_asset = legs().filter(|leg| leg.asset == asset);
            self.check_legs(asset, of_asset.map(|leg| (leg.account, leg.change.0)))?;
        }
        Ok(())
    }

    /// A withdrawal that a loan account pays: coins leave, and somebody owes them.
    pub(crate) fn check_lends_out(
        &self,
        key: AccountKey,
        asset: AssetId,
        amount: i128,
    ) -> Result<(), Refused> {
        if self.is_lent(key.kind) {
            self.check_lending(asset, amount)
        } else {
            Ok(())
        }
    }

    pub(crate) fn set_liquid(&mut self, command: &SetLiquid) -> Result<u64, Refused> {
        let SetLiquid {
            asset,
            liquid: Amount(liquid),
            booked: Amount(booked),
            expires,
        } = *command;
        self.assets.slot(asset).ok_or(Refusal::UnknownAsset)?;
        let sound = (0..=BALANCE_MAX).contains(&liquid)
            && booked.unsigned_abs() <= BALANCE_MAX.unsigned_abs();
        if !sound || !self.is_guarded() {
            return Err(Refusal::BadParameter.into());
        }
        let before = self.guard.figures.get(&asset);
        let figure = Figure {
            liquid,
            booked,
            expires_ms: expires.0,
            is_short: before.is_some_and(|figure| figure.is_short),
        };
        self.guard.figures.insert(asset, figure);
        self.guard.moved.push(asset);
        self.events.push(&event::LiquidSet {
            asset,
            liquid: command.liquid,
            booked: command.booked,
            expires,
        });
        Ok(0)
    }

    /// Changes a balance other than by a fill.
    pub(crate) fn move_balance(&mut self, slot: Slot, change: i128) {
        self.ledger.add(slot, change);
        self.count_moved(slot, change);
    }

    /// The same with money that comes in or (negative) leaves.
    pub(crate) fn move_supply(&mut self, slot: Slot, change: i128) {
        self.ledger.change_supply(slot, change);
        self.count_moved(slot, change);
    }

    fn count_moved(&mut self, slot: Slot, change: i128) {
        if !self.is_guarded() {
            return;
        }
        let account = self.ledger.account(slot);
        let (key, asset) = (account.key(), account.asset);
        let standing = self.standing(key);
        self.guard.count(standing, asset, change);
        if standing != Standing::OnDemand && !self.guard.moved.contains(&asset) {
            self.guard.moved.push(asset);
        }
    }

    /// Counts all accounts anew: when the guard begins, and when another account takes fees.
    pub(crate) fn recount(&mut self) {
        self.guard.coins.clear();
        self.guard.apart.clear();
        if !self.is_guarded() {
            self.guard.figures.clear();
            return;
        }
        for account in self.ledger.accounts() {
            let standing = self.standing(account.key());
            self.guard.count(standing, account.asset, account.balance);
        }
    }

    /// Reports what the command that ends has made short, or has made good.
    #[inline]
    pub(crate) fn settle_reserves(&mut self) {
        if !self.guard.moved.is_empty() {
            self.look_at_moved();
        }
    }

    #[cold]
    fn look_at_moved(&mut self) {
        let mut moved = std::mem::take(&mut self.guard.moved);
        for asset in moved.drain(..) {
            let Some(room) = self.room(asset) else {
                continue;
            };
            let is_short = room < 0;
            let figure = self.guard.figures.get_mut(&asset);
            if figure
                .is_some_and(|figure| std::mem::replace(&mut figure.is_short, is_short) != is_short)
            {
                self.events.push(&event::ReserveShort {
                    sequence: Sequence(self.sequence),
                    time: Timestamp(self.now),
                    asset,
                    missing: Amount((-room).max(0)),
                });
            }
        }
        self.guard.moved = moved;
    }

    /// What may still be claimed; None without a fresh figure.
    fn room(&self, asset: AssetId) -> Option<i128> {
        let figure = self.guard.figures.get(&asset)?;
        let (coins, demand) = self.position(asset);
        let is_fresh = self.now < figure.expires_ms;
        is_fresh.then(|| figure.liquid + (coins - figure.booked) - demand)
    }

    /// Of an asset: coins by the ledger, claims on demand.
    fn position(&self, asset: AssetId) -> (i128, i128) {
        let sum = |sums: &FastMap<AssetId, i128>| sums.get(&asset).copied().unwrap_or(0);
        let coins = self.ledger.supply(asset) - sum(&self.guard.coins);
        let demand = coins - sum(&self.guard.apart) - self.moved_by_fills(asset);
        (coins, demand)
    }

    fn moved_by_fills(&self, asset: AssetId) -> i128 {
        let accounts = self.filled();
        let sum = accounts.map(|key| self.state_of(key, asset).0);
        sum.sum()
    }

    /// The accounts that fills move beside traders', each once, where they are no claims.
    fn filled(&self) -> impl Iterator<Item = AccountKey> {
        let fee = self.houses.get(HouseRole::TradeFee);
        let rounding = self.houses.get(HouseRole::Rounding);
        let rounding = rounding.filter(|key| Some(*key) != fee);
        let keys = fee.into_iter().chain(rounding);
        keys.filter(move |key| self.standing(*key) == Standing::Fills)
    }

    fn standing(&self, key: AccountKey) -> Standing {
        let class = self.kinds.get(key.kind).map(|kind| kind.claim);
        if class == Some(ClaimClass::OnDemand) {
            return Standing::OnDemand;
        }
        if HouseRole::ALL
            .iter()
            .any(|role| self.houses.get(*role) == Some(key))
        {
            return Standing::Fills;
        }
        let is_coins = class == Some(ClaimClass::NotAClaim) && COINS.contains(&key.kind);
        if is_coins {
            Standing::Coins
        } else {
            Standing::Apart
        }
    }

    fn is_lent(&self, kind: Kind) -> bool {
        let class = self.kinds.get(kind).map(|kind| kind.claim);
        kind == LENT && class == Some(ClaimClass::NotAClaim)
    }

    /// Ascending by asset; nothing before the guard is in force.
    pub(crate) fn reserve_states(&self) -> Vec<ReserveState> {
        if !self.is_guarded() {
            return Vec::new();
        }
        let assets = self.assets.sorted().into_iter();
        assets.map(|asset| self.reserve_state(asset.id)).collect()
    }

    fn reserve_state(&self, asset: AssetId) -> ReserveState {
        let (coins, demand) = self.position(asset);
        let figure = self.guard.figures.get(&asset);
        let liquid = figure.map_or(0, |figure| figure.liquid + (coins - figure.booked));
        ReserveState {
            asset,
            coins: Amount(coins),
            demand: Amount(demand),
            liquid: Amount(liquid),
            expires: Timestamp(figure.map_or(0, |figure| figure.expires_ms)),
            is_short: figure.is_some_and(|figure| figure.is_short),
        }
    }

    /// Whether the sums are what the accounts say, asked the slow and obvious way.
    pub(crate) fn check_reserves(&self) -> Result<(), String> {
        if !self.is_guarded() {
            return Ok(());
        }
        let mut sums: BTreeMap<AssetId, (i128, i128)> = BTreeMap::new();
        for account in self.ledger.accounts() {
            let sum = sums.entry(account.asset).or_default();
            match self.standing(account.key()) {
                Standing::Coins => sum.0 -= account.balance,
                Standing::OnDemand => sum.1 += account.balance,
                Standing::Fills | Standing::Apart => {}
            }
        }
        for asset in self.assets.all() {
            let (booked, demand) = sums.get(&asset.id).copied().unwrap_or((0, 0));
            let expected = (self.ledger.supply(asset.id) + booked, demand);
            let found = self.position(asset.id);
            if found != expected {
                let symbol = &asset.symbol;
                return Err(format!("{symbol}: counted {found:?}, are {expected:?}"));
            }
        }
        Ok(())
    }
}

impl Guard {
    fn count(&mut self, standing: Standing, asset: AssetId, change: i128) {
        let sums = match standing {
            Standing::Coins => &mut self.coins,
            Standing::Apart => &mut self.apart,
            Standing::OnDemand | Standing::Fills => return,
        };
        *sums.entry(asset).or_insert(0) += change;
    }
}

/// An amount as the limit that a reply names.
fn clipped(amount: i128) -> u64 {
    u64::try_from(amount.max(0)).unwrap_or(u64::MAX)
}
