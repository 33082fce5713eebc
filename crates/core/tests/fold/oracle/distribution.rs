//! Distributions: shares fixed at the command, paid by the agenda.

use fullreserve_core::types::*;
use fullreserve_core::wire::command::Distribute;
use num_bigint::BigInt;

use super::{Distribution, Done, Oracle, Refused};
use crate::genesis::{DUST, HOUSE, account};

impl Distribution {
    pub(super) fn unpaid(&self) -> i128 {
        self.shares.iter().map(|(_, share)| share).sum::<i128>() + self.remainder
    }
}

impl Oracle {
    pub(super) fn distribute(&mut self, command: &Distribute) -> Done {
        let (pool, asset, amount) = (command.pool, command.asset, command.amount.0);
        self.known_account(asset, pool)?;
        if amount <= 0 {
            return Err(58114);
        }
        let sign = self.kinds.get(&command.target_kind).ok_or(51000_u32)?;
        if *sign == SignRule::Debit {
            return Err(51000);
        }
        let others = self
            .owners
            .keys()
            .copied()
            .filter(|owner| *owner != pool.owner);
        self.may_pay(asset, pool.owner, others)?;
        let available = match self.kinds[&pool.kind] {
            SignRule::Either => i128::MAX,
            SignRule::Credit => self.balance(asset, pool) - self.hold(asset, pool),
            _ => 0,
        };
        if amount > available {
            return Err(58350);
        }
        let weights = self.weights(command)?;
        let (shares, remainder) = divide(amount, &weights, command.rounding)?;
        let target = (command.target_kind, command.target_instance);
        self.distributions.push(Distribution {
            pool,
            asset,
            target,
            shares,
            remainder,
        });
        Ok(self.sequence)
    }

    fn weights(&self, command: &Distribute) -> Result<Vec<(OwnerId, i128)>, Refused> {
        let mut weights: Vec<(OwnerId, i128)> = match command.source {
            WeightSource::Explicit => command
                .weights
                .iter()
                .map(|it| (it.owner, it.weight.into()))
                .collect(),
            WeightSource::Balances => {
                let held = self.balances.iter().filter(|((asset, key), balance)| {
                    (*asset, key.kind) == (command.weight_asset, command.weight_kind)
                        && **balance > 0
                });
                held.map(|((_, key), balance)| (key.owner, *balance))
                    .collect()
            }
        };
        weights.sort_unstable();
        if weights
            .iter()
            .any(|(owner, _)| !self.owners.contains_key(owner))
        {
            return Err(51000);
        }
        weights.retain(|(_, weight)| *weight > 0);
        Ok(weights)
    }

    pub(super) fn pay_distributions(&mut self) {
        let mut units = self.parameter(Parameter::WorkUnits);
        while units > 0 && !self.distributions.is_empty() {
            let mut current = self.distributions.remove(0);
            let now = (units as usize).min(current.shares.len());
            units -= now as u64;
            let (kind, instance) = current.target;
            for (owner, share) in current.shares.drain(..now).collect::<Vec<_>>() {
                let target = AccountKey {
                    owner,
                    kind,
                    instance,
                };
                self.add(current.asset, current.pool, -share);
                self.add(current.asset, target, share);
            }
            if current.shares.is_empty() {
                self.add(current.asset, current.pool, -current.remainder);
                self.add(current.asset, account(HOUSE, DUST), current.remainder);
            } else {
                self.distributions.insert(0, current);
            }
        }
    }
}

type Shares = (Vec<(OwnerId, i128)>, i128);

/// amount × weight / total, down; the units left to the largest remainders, then lowest owners.
fn divide(
    amount: i128,
    weights: &[(OwnerId, i128)],
    rounding: ShareRounding,
) -> Result<Shares, Refused> {
    let total: BigInt = weights
        .iter()
        .map(|(_, weight)| BigInt::from(*weight))
        .sum();
    if total == BigInt::ZERO {
        return Err(51000);
    }
    let exact = |weight: &i128| BigInt::from(amount) * weight;
    let share = |(owner, weight): &(OwnerId, i128)| {
        (*owner, i128::try_from(exact(weight) / &total).unwrap())
    };
    let mut shares: Vec<(OwnerId, i128)> = weights.iter().map(share).collect();
    let mut left = amount - shares.iter().map(|(_, share)| share).sum::<i128>();
    if rounding == ShareRounding::LargestRemainder {
        let mut places: Vec<usize> = (0..shares.len()).collect();
        places.sort_by_key(|place| (-(exact(&weights[*place].1) % &total), *place));
        for place in places.into_iter().take(left as usize) {
            shares[place].1 += 1;
            left -= 1;
        }
    }
    Ok((shares, left))
}
