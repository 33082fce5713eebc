//! Checking postings before any of them is applied.

use super::{Account, Ledger};
use crate::index::FastMap;
use crate::types::{AccountKey, AssetId, SignRule};

/// One line of a posting, with the sign rule its account has or would have.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    pub key: AccountKey,
    pub asset: AssetId,
    pub sign: SignRule,
    pub change: i128,
}

/// Why a posting cannot be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortfall {
    /// The lines of an asset do not sum to zero, or a sum leaves the domain of amounts.
    Unbalanced,
    /// An account would break its sign rule or fall below its hold.
    Account(AccountKey, AssetId),
}

/// What a group has decided but not yet done: changes of balance and hold, account by account.
#[derive(Default)]
pub struct Overlay {
    changes: FastMap<(AccountKey, AssetId), (i128, i128)>,
}

impl Overlay {
    /// The account as it would be: (balance, hold).
    fn state(&self, ledger: &Ledger, key: AccountKey, asset: AssetId) -> (i128, i128) {
        let (balance, hold) = self.changes.get(&(key, asset)).copied().unwrap_or((0, 0));
        match ledger.find(key, asset) {
            Some(slot) => {
                let account = ledger.account(slot);
                (account.balance + balance, account.hold + hold)
            }
            None => (balance, hold),
        }
    }

    /// What could leave a credit account after the changes so far.
    pub fn available(&self, ledger: &Ledger, key: AccountKey, asset: AssetId) -> i128 {
        let (balance, hold) = self.state(ledger, key, asset);
        balance - Account::required_with(hold)
    }

    /// Notes a change of an account's hold.
    pub fn add_hold(&mut self, key: AccountKey, asset: AssetId, change: i128) {
        self.changes.entry((key, asset)).or_insert((0, 0)).1 += change;
    }

    /// Notes a posting if every account of it can bear it after the earlier ones.
    pub fn post(&mut self, ledger: &Ledger, lines: &[Line]) -> Result<(), Shortfall> {
        check_balanced(lines)?;
        for line in lines {
            self.changes
                .entry((line.key, line.asset))
                .or_insert((0, 0))
                .0 += line.change;
        }
        for line in lines {
            let (balance, hold) = self.state(ledger, line.key, line.asset);
            if !Account::admits(line.sign, balance, hold) {
                return Err(Shortfall::Account(line.key, line.asset));
            }
        }
        Ok(())
    }
}

/// Postings have few assets, so a quadratic walk costs less than a table.
fn check_balanced(lines: &[Line]) -> Result<(), Shortfall> {
    for (place, first) in lines.iter().enumerate() {
        if first.change.unsigned_abs() > super::BALANCE_MAX.unsigned_abs() {
            return Err(Shortfall::Unbalanced);
        }
        if lines[..place]
            .iter()
            .any(|earlier| earlier.asset == first.asset)
        {
            continue;
        }
        let mut sum = 0i128;
        for line in lines[place..]
            .iter()
            .filter(|line| line.asset == first.asset)
        {
            sum = sum.checked_add(line.change).ok_or(Shortfall::Unbalanced)?;
        }
        if sum != 0 {
            return Err(Shortfall::Unbalanced);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Instance, Kind, OwnerId};

    fn line(owner: u64, asset: u32, change: i128) -> Line {
        let key = AccountKey {
            owner: OwnerId(owner),
            kind: Kind(1),
            instance: Instance(0),
        };
        Line {
            key,
            asset: AssetId(asset),
            sign: SignRule::Credit,
            change,
        }
    }

    fn funded() -> Ledger {
        let mut ledger = Ledger::default();
        let ann = line(1, 1, 0);
        let slot = ledger.open(ann.key, ann.asset, ann.sign);
        ledger.change_supply(slot, 100);
        ledger
    }

    /// Criterion: CORE-LED-4. Each asset sums to zero by itself: −5 of one and +5 of another do
    /// not.
    #[test]
    fn a_posting_balances_per_asset() {
        let ledger = funded();
        let mut overlay = Overlay::default();
        let crossed = [line(1, 1, -5), line(2, 2, 5)];
        assert_eq!(overlay.post(&ledger, &crossed), Err(Shortfall::Unbalanced));
        let huge = [line(1, 1, i128::MIN), line(2, 1, i128::MAX)];
        assert_eq!(
            Overlay::default().post(&ledger, &huge),
            Err(Shortfall::Unbalanced)
        );
        assert_eq!(
            Overlay::default().post(&ledger, &[line(1, 1, -5), line(2, 1, 5)]),
            Ok(())
        );
    }

    /// Criterion: CORE-GRP-2. 60 and then 50 out of 100 does not hold, though each alone would.
    #[test]
    fn later_postings_see_the_earlier_ones() {
        let ledger = funded();
        let mut overlay = Overlay::default();
        assert_eq!(
            overlay.post(&ledger, &[line(1, 1, -60), line(2, 1, 60)]),
            Ok(())
        );
        let short = overlay.post(&ledger, &[line(1, 1, -50), line(2, 1, 50)]);
        assert!(matches!(short, Err(Shortfall::Account(key, _)) if key.owner == OwnerId(1)));
    }

    /// Criterion: CORE-LED-2. What is on hold cannot be posted away.
    #[test]
    fn a_hold_stays() {
        let ledger = funded();
        let mut overlay = Overlay::default();
        overlay.add_hold(line(1, 1, 0).key, AssetId(1), 41);
        assert!(
            overlay
                .post(&ledger, &[line(1, 1, -60), line(2, 1, 60)])
                .is_err()
        );
    }
}
