//! The double-entry ledger: accounts, holds, supply.
//!
//! An account is (owner, kind, instance, asset). A positive balance is what the exchange owes.
//! A posting changes several accounts and sums to zero per asset; only a deposit or a withdrawal
//! changes the supply of an asset, and the sum of all accounts of an asset is its supply.
//!
//! Callers check first (`available`, `Account::admits`, `Overlay`) and then change; a change cannot
//! fail, it can only break an invariant, which panics and halts the exchange.

mod account;
mod posting;

use account::Activity;
pub use account::{Account, BALANCE_MAX};
pub use posting::{Line, Overlay};

use crate::index::{FastMap, IdIndex, NONE, hash_id};
use crate::prefetch::prefetch_item;
use crate::slots::Slots;
use crate::types::{AccountKey, AssetId, OwnerId, SignRule};

/// An account's place in the ledger.
pub type Slot = u32;

/// One line of a fill's posting: the change of a balance, and what it sets free of the hold.
#[derive(Clone, Copy, Debug)]
pub struct TradeLine {
    pub slot: Slot,
    pub change: i128,
    pub freed: i128,
}

#[derive(Default)]
pub struct Ledger {
    accounts: Vec<Account>,
    /// By owner, kind, instance and asset.
    index: Slots,
    /// The newest account of each owner, and by slot the one of its owner before it.
    newest: IdIndex,
    older: Vec<Slot>,
    /// Accounts changed since the last `take_touched`, each once, in order of the first change.
    touched: Vec<Slot>,
    /// Deposits minus withdrawals, by asset; keyed by id because there are few.
    supply: FastMap<AssetId, i128>,
}

impl Ledger {
    pub fn find(&self, key: AccountKey, asset: AssetId) -> Option<Slot> {
        let same = |slot| {
            let account = self.account(slot);
            account.asset == asset && account.key() == key
        };
        self.index.find(hash_id((key, asset)), same)
    }

    /// The account's slot; it is opened with a zero balance if it is not there yet.
    pub fn open(&mut self, key: AccountKey, asset: AssetId, sign: SignRule) -> Slot {
        if let Some(slot) = self.find(key, asset) {
            return slot;
        }
        let slot = u32::try_from(self.accounts.len()).expect("fewer than 2^32 accounts");
        self.accounts.push(Account::new(key, asset, sign));
        let accounts = &self.accounts;
        let hash_of = |slot: Slot| {
            let account = &accounts[slot as usize];
            hash_id((account.key(), account.asset))
        };
        self.index.insert(hash_id((key, asset)), slot, hash_of);
        self.older
            .push(self.newest.get(key.owner.0).unwrap_or(NONE));
        self.newest.insert(key.owner.0, slot);
        slot
    }

    #[inline]
    pub fn account(&self, slot: Slot) -> &Account {
        &self.accounts[slot as usize]
    }

    /// For reading ahead: begins to load an account, which may not exist.
    #[inline]
    pub(crate) fn prefetch(&self, slot: Slot) {
        prefetch_item(&self.accounts, slot);
    }

    /// What may leave the account now.
    #[inline]
    pub fn available(&self, slot: Slot) -> i128 {
        self.account(slot).available()
    }

    /// Changes a balance. The caller's posting must sum to zero.
    #[inline]
    pub fn add(&mut self, slot: Slot, change: i128) {
        let account = &mut self.accounts[slot as usize];
        account.balance += change;
        self.touch(slot);
    }

    /// Puts more (or, negative, less) of the balance on hold.
    #[inline]
    pub fn add_hold(&mut self, slot: Slot, change: i128) {
        let account = &mut self.accounts[slot as usize];
        account.hold += change;
        debug_assert!(account.hold >= 0, "negative hold on {:?}", account.key());
        self.touch(slot);
    }

    /// Posts one asset of a fill. The lines must sum to zero.
    #[inline]
    pub fn post_trade(&mut self, lines: &[TradeLine]) {
        let mut sum = 0;
        for line in lines {
            sum += line.change;
            if line.change != 0 || line.freed != 0 {
                let account = &mut self.accounts[line.slot as usize];
                account.balance += line.change;
                account.hold -= line.freed;
                debug_assert!(account.hold >= 0, "negative hold on {:?}", account.key());
                self.touch(line.slot);
            }
        }
        assert!(sum == 0, "a trade's posting does not balance");
    }

    #[inline]
    fn touch(&mut self, slot: Slot) {
        let account = &mut self.accounts[slot as usize];
        if account.activity != Activity::Touched {
            account.activity = Activity::Touched;
            self.touched.push(slot);
        }
    }

    /// Calls `visit` for each account changed since the last time, and stamps it with `time_ms`.
    #[inline]
    pub fn settle_touched(&mut self, time_ms: u64, mut visit: impl FnMut(&Account)) {
        for slot in self.touched.drain(..) {
            let account = &mut self.accounts[slot as usize];
            account.activity = Activity::Settled;
            account.updated_ms = time_ms;
            assert!(
                account.is_sound(),
                "account {:?} breaks its sign rule",
                account.key()
            );
            visit(account);
        }
    }

    /// Deposits minus withdrawals of an asset.
    pub fn supply(&self, asset: AssetId) -> i128 {
        self.supply.get(&asset).copied().unwrap_or(0)
    }

    /// Brings money in (or, negative, out): the only change that does not sum to zero.
    pub fn change_supply(&mut self, slot: Slot, change: i128) {
        let asset = self.account(slot).asset;
        *self.supply.entry(asset).or_insert(0) += change;
        self.add(slot, change);
    }

    pub fn restore_supply(&mut self, asset: AssetId, supply: i128) {
        self.supply.insert(asset, supply);
    }

    /// Gives an account the content that a snapshot has.
    pub fn restore_account(
        &mut self,
        slot: Slot,
        balance: i128,
        hold: i128,
        moved: bool,
        updated_ms: u64,
    ) {
        let account = &mut self.accounts[slot as usize];
        (account.balance, account.hold) = (balance, hold);
        account.updated_ms = updated_ms;
        if moved {
            account.activity = Activity::Settled;
        }
    }

    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// An owner's accounts, the newest first: as many steps as it has accounts.
    pub fn accounts_of(&self, owner: OwnerId) -> impl Iterator<Item = &Account> {
        let older = move |slot: &Slot| Some(self.older[*slot as usize]).filter(|one| *one != NONE);
        std::iter::successors(self.newest.get(owner.0), older).map(move |slot| self.account(slot))
    }

    /// Sum of all balances of an asset; equal to its supply.
    pub fn total(&self, asset: AssetId) -> i128 {
        self.accounts
            .iter()
            .filter(|account| account.asset == asset)
            .map(|a| a.balance)
            .sum()
    }

    pub fn memory_bytes(&self) -> usize {
        self.accounts.capacity() * size_of::<Account>()
            + self.index.memory_bytes()
            + self.older.capacity() * size_of::<Slot>()
            + self.newest.memory_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Instance, Kind};

    pub(super) fn key(owner: u64) -> AccountKey {
        AccountKey {
            owner: OwnerId(owner),
            kind: Kind(2),
            instance: Instance(0),
        }
    }

    /// Criterion: CORE-LED-3. 100 in, 30 moved on: each account is reported once, supply is 100.
    #[test]
    fn each_touched_account_is_settled_once() {
        let mut ledger = Ledger::default();
        let ann = ledger.open(key(1), AssetId(1), SignRule::Credit);
        let bob = ledger.open(key(2), AssetId(1), SignRule::Credit);
        ledger.change_supply(ann, 100);
        ledger.add(ann, -30);
        ledger.add(bob, 30);
        let mut seen = Vec::new();
        ledger.settle_touched(5, |account| seen.push((account.owner.0, account.balance)));
        assert_eq!(seen, [(1, 70), (2, 30)]);
        ledger.settle_touched(6, |_| panic!("nothing is touched twice"));
        assert_eq!(
            (ledger.supply(AssetId(1)), ledger.total(AssetId(1))),
            (100, 100)
        );
        assert_eq!(ledger.account(ann).updated_ms, 5);
    }

    /// Criterion: CORE-LED-1. The key is all four parts: another asset is another account.
    #[test]
    fn an_account_is_opened_once() {
        let mut ledger = Ledger::default();
        let first = ledger.open(key(1), AssetId(1), SignRule::Credit);
        assert_eq!(ledger.open(key(1), AssetId(1), SignRule::Credit), first);
        assert_ne!(ledger.open(key(1), AssetId(2), SignRule::Credit), first);
        assert_eq!(ledger.find(key(9), AssetId(1)), None);
    }

    /// Others' accounts are not looked at: who asks for an owner's pays for no more than those.
    #[test]
    fn an_owners_accounts_are_found_by_the_owner() {
        let mut ledger = Ledger::default();
        for owner in [1, 2, 1 << 40, 1, 2] {
            for asset in [1, 3] {
                ledger.open(key(owner), AssetId(asset), SignRule::Credit);
            }
        }
        ledger.open(key(1), AssetId(2), SignRule::Credit);
        let assets = |owner| -> Vec<u32> {
            let accounts = ledger.accounts_of(OwnerId(owner));
            let of = |one: &Account| (one.owner == OwnerId(owner)).then_some(one.asset.0);
            accounts.map(|one| of(one).unwrap()).collect()
        };
        assert_eq!((assets(1), assets(2)), (vec![2, 3, 1], vec![3, 1]));
        assert_eq!((assets(1 << 40), assets(9)), (vec![3, 1], vec![]));
    }

    /// Criterion: CORE-LED-2
    #[test]
    #[should_panic(expected = "breaks its sign rule")]
    fn an_account_below_its_hold_is_a_broken_invariant() {
        let mut ledger = Ledger::default();
        let ann = ledger.open(key(1), AssetId(1), SignRule::Credit);
        ledger.change_supply(ann, 100);
        ledger.add_hold(ann, 60);
        ledger.add(ann, -41);
        ledger.settle_touched(1, |_| {});
    }
}
