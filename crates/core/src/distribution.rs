//! Paying a pool out to many accounts by weight, in slices.
//!
//! The whole amount is put on hold in the pool and every share is fixed when the command is
//! applied; the agenda then pays a bounded number of accounts at each advance of time, in order of
//! owner.

use crate::assets::SUPPLY_MAX;
use crate::exchange::Exchange;
use crate::ledger::BALANCE_MAX;
use crate::money::{Amount, Rounding, mul_div};
use crate::refusal::{Refusal, Refused};
use crate::types::*;
use crate::wire::Reference;
use crate::wire::command::{Distribute, Leg};
use crate::wire::event;

/// A distribution that is still being paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// Sequence of its command; names it.
    pub sequence: u64,
    pub pool: AccountKey,
    pub asset: AssetId,
    pub target_kind: Kind,
    pub target_instance: Instance,
    pub reason: Reason,
    /// What each owner gets, ascending by owner.
    pub shares: Vec<(OwnerId, i128)>,
    /// How many of them are paid.
    pub paid: usize,
    /// For the ROUNDING house account, paid last.
    pub remainder: i128,
}

impl Distribution {
    /// What it still has on hold in the pool.
    pub fn unpaid(&self) -> i128 {
        let shares = self.shares[self.paid..].iter().map(|(_, share)| share);
        shares.sum::<i128>() + self.remainder
    }
}

impl Exchange {
    pub(crate) fn distribute(&mut self, command: &Distribute) -> Result<u64, Refused> {
        let distribution = self.check_distribution(command)?;
        let pool = self.open_account(command.pool, command.asset);
        self.ledger.add_hold(pool, command.amount.0);
        self.report_progress(&distribution);
        self.agenda.work.push_back(distribution);
        Ok(self.sequence)
    }

    fn check_distribution(&self, command: &Distribute) -> Result<Distribution, Refused> {
        self.check_account(command.pool, command.asset)?;
        let amount = command.amount.0;
        if !(1..=SUPPLY_MAX).contains(&amount) {
            return Err(Refusal::AmountNotPositive.into());
        }
        let sign = self
            .kinds
            .sign(command.target_kind)
            .ok_or(Refusal::BadParameter)?;
        if sign == SignRule::Debit || self.houses.get(HouseRole::Rounding).is_none() {
            return Err(Refusal::BadParameter.into());
        }
        let payer = self.owners.get(command.pool.owner);
        if let Some(user) = payer.filter(|owner| !owner.is(OwnerFlags::HOUSE)) {
            self.check_may_pay(user, command.asset, true)?;
        }
        let pool = self.kinds.sign(command.pool.kind);
        let (balance, hold) = self.state_of(command.pool, command.asset);
        if !pool.is_some_and(|sign| can_hold(sign, balance, hold, amount)) {
            return Err(Refusal::TransferOverAvailable.into());
        }
        let target = AccountKey {
            owner: command.pool.owner,
            kind: command.target_kind,
            instance: command.target_instance,
        };
        let legs = [(command.pool, -amount), (target, amount)];
        self.check_legs(command.asset, legs.into_iter())?;
        let weights = self.weights(command)?;
        let (shares, remainder) = shares(amount, &weights, command.rounding)?;
        Ok(Distribution {
            sequence: self.sequence,
            pool: command.pool,
            asset: command.asset,
            target_kind: command.target_kind,
            target_instance: command.target_instance,
            reason: command.reason,
            shares,
            paid: 0,
            remainder,
        })
    }

    /// Owners with their weights above 0, ascending by owner.
    fn weights(&self, command: &Distribute) -> Result<Vec<(OwnerId, u128)>, Refused> {
        let mut weights: Vec<(OwnerId, u128)> = match command.source {
            WeightSource::Explicit => command
                .weights
                .iter()
                .map(|item| (item.owner, item.weight.into()))
                .collect(),
            WeightSource::Balances => {
                let key = (command.weight_kind, command.weight_asset);
                let held =
                    self.ledger.accounts().iter().filter(|account| {
                        (account.kind, account.asset) == key && account.balance > 0
                    });
                held.map(|account| (account.owner, account.balance.unsigned_abs()))
                    .collect()
            }
        };
        weights.sort_unstable();
        if command.source == WeightSource::Balances {
            add_up(&mut weights)?;
        }
        let doubled = weights.windows(2).any(|pair| pair[0].0 == pair[1].0);
        if doubled
            || weights
                .iter()
                .any(|(owner, _)| self.owners.slot(*owner).is_none())
        {
            return Err(Refusal::BadParameter.into());
        }
        weights.retain(|(_, weight)| *weight > 0);
        Ok(weights)
    }

    /// Ends the distributions that these commands began: what is not paid yet leaves the hold.
    pub(crate) fn set_aside(&mut self, skip: &[u64]) {
        if skip.is_empty() {
            return;
        }
        let work = std::mem::take(&mut self.agenda.work);
        for distribution in work {
            if !skip.contains(&distribution.sequence) {
                self.agenda.work.push_back(distribution);
                continue;
            }
            self.on_behalf_of = distribution.sequence;
            let pool = self.open_account(distribution.pool, distribution.asset);
            self.ledger.add_hold(pool, -distribution.unpaid());
        }
    }

    /// Pays at most WORK_UNITS accounts, oldest distribution first.
    pub(crate) fn work_on_distributions(&mut self) {
        let mut units = self.parameters.work_units;
        while units > 0 {
            let Some(mut current) = self.agenda.work.pop_front() else {
                return;
            };
            self.on_behalf_of = current.sequence;
            while units > 0 && current.paid < current.shares.len() {
                let (owner, share) = current.shares[current.paid];
                self.pay_share(&current, owner, share);
                current.paid += 1;
                units -= 1;
            }
            let is_done = current.paid == current.shares.len();
            if is_done {
                self.pay_remainder(&current);
            }
            self.report_progress(&current);
            if !is_done {
                self.agenda.work.push_front(current);
            }
        }
    }

    fn pay_share(&mut self, distribution: &Distribution, owner: OwnerId, share: i128) {
        let (kind, instance) = (distribution.target_kind, distribution.target_instance);
        self.pay(
            distribution,
            AccountKey {
                owner,
                kind,
                instance,
            },
            share,
        );
    }

    fn pay_remainder(&mut self, distribution: &Distribution) {
        let rounding = self
            .houses
            .get(HouseRole::Rounding)
            .expect("checked at the command");
        self.pay(distribution, rounding, distribution.remainder);
    }

    fn pay(&mut self, distribution: &Distribution, target: AccountKey, amount: i128) {
        if amount == 0 {
            return;
        }
        let pool = self.open_account(distribution.pool, distribution.asset);
        let slot = self.open_account(target, distribution.asset);
        self.ledger.add_hold(pool, -amount);
        self.move_balance(pool, -amount);
        self.move_balance(slot, amount);
        if self.events.wanted() {
            let asset = distribution.asset;
            let leg = |account, change| Leg {
                account,
                asset,
                change: Amount(change),
            };
            self.events.push(&event::Posted {
                sequence: Sequence(self.sequence),
                time: Timestamp(self.now),
                reason: distribution.reason,
                legs: vec![leg(distribution.pool, -amount), leg(target, amount)],
                reference: Reference::default(),
            });
        }
    }

    fn report_progress(&mut self, distribution: &Distribution) {
        self.events.push(&event::Distributed {
            distribution: Sequence(distribution.sequence),
            remaining: (distribution.shares.len() - distribution.paid) as u64,
        });
    }
}

/// A credit account pays out what it has; one that may be in debt anything within the domain.
fn can_hold(sign: SignRule, balance: i128, hold: i128, amount: i128) -> bool {
    let after = balance - hold - amount;
    match sign {
        SignRule::Credit => after >= 0,
        SignRule::Either => after >= -BALANCE_MAX,
        SignRule::Debit => false,
    }
}

/// Adds up the weights of each owner; they are sorted.
fn add_up(weights: &mut Vec<(OwnerId, u128)>) -> Result<(), Refused> {
    let mut sums: Vec<(OwnerId, u128)> = Vec::with_capacity(weights.len());
    for (owner, weight) in weights.drain(..) {
        match sums.last_mut() {
            Some((last, sum)) if *last == owner => {
                *sum = sum.checked_add(weight).ok_or(Refusal::BadParameter)?;
            }
            _ => sums.push((owner, weight)),
        }
    }
    *weights = sums;
    Ok(())
}

type Shares = (Vec<(OwnerId, i128)>, i128);

/// amount × weight / total for each owner, rounded down, and what becomes of the remainder.
fn shares(
    amount: i128,
    weights: &[(OwnerId, u128)],
    rounding: ShareRounding,
) -> Result<Shares, Refused> {
    let total = weights
        .iter()
        .try_fold(0u128, |sum, (_, weight)| sum.checked_add(*weight));
    let total = total
        .filter(|total| *total > 0)
        .ok_or(Refusal::BadParameter)?;
    let units = amount.unsigned_abs();
    let mut shares: Vec<(OwnerId, i128)> = Vec::with_capacity(weights.len());
    let mut left = units;
    for (owner, weight) in weights {
        let share = mul_div(units, *weight, total, Rounding::Down).ok_or(Refusal::BadParameter)?;
        left -= share;
        shares.push((*owner, share as i128));
    }
    if rounding == ShareRounding::LargestRemainder {
        give_out(&mut shares, left as usize, units, weights, total);
        left = 0;
    }
    Ok((shares, left as i128))
}

/// One unit more to each of the `count` owners with the largest remainders, then lowest ids. There
/// are fewer units than owners, because each remainder is below one.
fn give_out(
    shares: &mut [(OwnerId, i128)],
    count: usize,
    units: u128,
    weights: &[(OwnerId, u128)],
    total: u128,
) {
    // Of a × b = share × c + rest the low 128 bits give the rest, which is below c.
    let rest = |place: usize| {
        let share = shares[place].1.unsigned_abs();
        units
            .wrapping_mul(weights[place].1)
            .wrapping_sub(share.wrapping_mul(total))
    };
    let mut places: Vec<(u128, usize)> = (0..shares.len())
        .map(|place| (u128::MAX - rest(place), place))
        .collect();
    places.sort_unstable();
    for (_, place) in places.into_iter().take(count) {
        shares[place].1 += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(list: &[(u64, u128)]) -> Vec<(OwnerId, u128)> {
        list.iter()
            .map(|(owner, weight)| (OwnerId(*owner), *weight))
            .collect()
    }

    fn parts(amount: i128, list: &[(u64, u128)], rounding: ShareRounding) -> (Vec<i128>, i128) {
        let (shares, left) = shares(amount, &weights(list), rounding).unwrap();
        (shares.into_iter().map(|(_, share)| share).collect(), left)
    }

    /// Criterion: CORE-AGD-4. 100 by 1 : 1 : 1 is 33 each; the 1 left goes to ROUNDING.
    #[test]
    fn floor_leaves_the_remainder() {
        let thirds = parts(100, &[(1, 1), (2, 1), (3, 1)], ShareRounding::Floor);
        assert_eq!(thirds, (vec![33, 33, 33], 1));
    }

    /// Criterion: CORE-AGD-5. 100 by 1 : 2 : 4 is 14.29, 28.57, 57.14: the unit goes to the second.
    /// 101 by 1 : 1 : 1 leaves two equal remainders' units: to the lowest owners.
    #[test]
    fn largest_remainders_get_the_units() {
        let rounding = ShareRounding::LargestRemainder;
        assert_eq!(
            parts(100, &[(1, 1), (2, 2), (3, 4)], rounding),
            (vec![14, 29, 57], 0)
        );
        assert_eq!(
            parts(101, &[(1, 1), (2, 1), (3, 1)], rounding),
            (vec![34, 34, 33], 0)
        );
    }

    /// Criterion: CORE-AGD-6. Products beyond 128 bits are exact, sums beyond are refused.
    #[test]
    fn wide_products_are_exact_and_overflow_is_refused() {
        let (shares_of, left) = parts(
            1 << 100,
            &[(1, 1 << 100), (2, 3 << 100)],
            ShareRounding::Floor,
        );
        assert_eq!((shares_of, left), (vec![1 << 98, 3 << 98], 0));
        let refused = shares(1, &weights(&[(1, u128::MAX), (2, 1)]), ShareRounding::Floor);
        assert_eq!(refused.unwrap_err().refusal, Refusal::BadParameter);
        assert!(shares(1, &[], ShareRounding::Floor).is_err());
    }
}
