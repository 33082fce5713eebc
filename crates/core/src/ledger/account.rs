//! One account and what its sign rule lets it be.

use crate::types::{AccountKey, AssetId, Instance, Kind, OwnerId, SignRule};

/// Largest absolute balance. Supply caps are below it, so sums of a few never leave 128 bits.
pub const BALANCE_MAX: i128 = 1 << 120;
/// No balance is ever beyond this.
const SUM_MAX: i128 = 1 << 126;

/// What has happened to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    /// It was only opened: it is not content.
    None,
    /// It has been changed, and that has been reported.
    Settled,
    /// The command that runs has changed it.
    Touched,
}

/// A line of the cache, because every order and every fill works on accounts at random.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Account {
    pub balance: i128,
    /// Part of the balance that open orders and running distributions have claimed.
    pub hold: i128,
    pub owner: OwnerId,
    pub instance: Instance,
    /// Time of the last change.
    pub updated_ms: u64,
    pub asset: AssetId,
    pub kind: Kind,
    pub sign: SignRule,
    pub(super) activity: Activity,
}

const _: () = assert!(size_of::<Account>() == 64);

impl Account {
    pub(super) fn new(key: AccountKey, asset: AssetId, sign: SignRule) -> Self {
        Self {
            balance: 0,
            hold: 0,
            owner: key.owner,
            kind: key.kind,
            instance: key.instance,
            asset,
            sign,
            activity: Activity::None,
            updated_ms: 0,
        }
    }

    #[inline]
    pub fn key(&self) -> AccountKey {
        AccountKey {
            owner: self.owner,
            kind: self.kind,
            instance: self.instance,
        }
    }

    /// Whether anything has ever changed it.
    pub fn has_moved(&self) -> bool {
        self.activity != Activity::None
    }

    /// What may leave the account. Only credit accounts are bounded by their balance.
    #[inline]
    pub fn available(&self) -> i128 {
        match self.sign {
            SignRule::Credit => self.balance - self.required(),
            SignRule::Debit | SignRule::Either => BALANCE_MAX + self.balance - self.required(),
        }
    }

    /// What this account must keep. In spot mode exactly what is on hold; margin modes add theirs.
    #[inline]
    pub fn required(&self) -> i128 {
        Self::required_with(self.hold)
    }

    /// The same for an account that would have this hold.
    #[inline]
    pub const fn required_with(hold: i128) -> i128 {
        hold
    }

    /// Whether the account may become (balance, hold).
    #[inline]
    pub fn admits(sign: SignRule, balance: i128, hold: i128) -> bool {
        Self::is_signed(sign, balance, hold) && balance.unsigned_abs() <= BALANCE_MAX.unsigned_abs()
    }

    #[inline]
    fn is_signed(sign: SignRule, balance: i128, hold: i128) -> bool {
        let signed = match sign {
            SignRule::Credit => balance >= Self::required_with(hold),
            SignRule::Debit => balance <= 0,
            SignRule::Either => true,
        };
        signed && hold >= 0
    }

    /// Fills and shares are paid without asking the receiver, so an account may end above what it
    /// could be given: by at most 2^100 at a time, which never leaves the domain of sums.
    #[inline]
    pub(super) fn is_sound(&self) -> bool {
        Self::is_signed(self.sign, self.balance, self.hold)
            && self.balance.unsigned_abs() <= SUM_MAX.unsigned_abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Criterion: CORE-LED-2. A credit account keeps its hold, a debit account stays at or below 0.
    #[test]
    fn sign_rules_bound_the_balance() {
        assert!(Account::admits(SignRule::Credit, 10, 10));
        assert!(!Account::admits(SignRule::Credit, 9, 10));
        assert!(!Account::admits(SignRule::Credit, -1, 0));
        assert!(Account::admits(SignRule::Debit, -1, 0));
        assert!(!Account::admits(SignRule::Debit, 1, 0));
        assert!(
            Account::admits(SignRule::Either, -7, 0) && Account::admits(SignRule::Either, 7, 0)
        );
        assert!(!Account::admits(SignRule::Either, BALANCE_MAX + 1, 0));
        assert!(!Account::admits(SignRule::Either, 7, -1));
    }
}
