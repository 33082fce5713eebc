//! Fee tiers, and the house accounts that receive fees and remainders.

use crate::assets::Kinds;
use crate::money::{self, Amount};
use crate::refusal::Refusal;
use crate::types::{AccountKey, HouseRole, Rate, SignRule, Tier};

/// A rate of 1, in parts per 10^8.
pub const RATE_ONE: u64 = 100_000_000;
/// No fee above a tenth of the amount received.
const RATE_MAX: i64 = RATE_ONE as i64 / 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeTier {
    pub id: Tier,
    pub maker: Rate,
    pub taker: Rate,
}

/// Ascending by tier.
#[derive(Default)]
pub struct FeeTiers {
    items: Vec<FeeTier>,
}

impl FeeTiers {
    #[inline]
    pub fn get(&self, id: Tier) -> Option<&FeeTier> {
        match self.items.get(usize::from(id.0)) {
            Some(tier) if tier.id == id => Some(tier),
            _ => {
                let place = self.items.binary_search_by_key(&id, |tier| tier.id).ok()?;
                Some(&self.items[place])
            }
        }
    }

    pub fn all(&self) -> &[FeeTier] {
        &self.items
    }

    /// Whether any maker is paid for trading.
    pub fn has_rebate(&self) -> bool {
        self.items.iter().any(|tier| tier.maker.0 < 0)
    }

    /// Whether a tier may be added or changed to these rates.
    ///
    /// Refused unless every maker with every taker pays the house at least nothing, over all
    /// tiers: otherwise two accounts of one person could trade with each other for profit.
    pub fn check(&self, tier: &FeeTier) -> Result<(), Refusal> {
        let in_domain = (-RATE_MAX..=RATE_MAX).contains(&tier.maker.0)
            && (0..=RATE_MAX).contains(&tier.taker.0);
        let others = self.items.iter().filter(|other| other.id != tier.id);
        let costs =
            |other: &FeeTier| other.maker.0 + tier.taker.0 < 0 || tier.maker.0 + other.taker.0 < 0;
        if !in_domain || others.chain([tier]).any(costs) {
            return Err(Refusal::BadParameter);
        }
        Ok(())
    }

    /// Adds or changes a tier that `check` lets pass.
    pub fn set(&mut self, tier: FeeTier) -> Result<(), Refusal> {
        self.check(&tier)?;
        match self.items.binary_search_by_key(&tier.id, |known| known.id) {
            Ok(place) => self.items[place] = tier,
            Err(place) => self.items.insert(place, tier),
        }
        Ok(())
    }
}

/// What one side of a fill pays (positive) or is paid (negative) in the asset it receives.
/// A fee is rounded up, against the user; a rebate down, against the user too.
#[inline]
pub fn fee(received: i128, rate: Rate) -> i128 {
    if rate.0 == 0 {
        return 0;
    }
    // The amount is below a balance's bound and the rate below one: no overflow is possible.
    money::fee(Amount(received), rate)
        .expect("a fee is below its amount")
        .0
}

/// The house's accounts by role; each asset has its own account of that key.
#[derive(Clone, Copy, Debug, Default)]
pub struct Houses {
    trade_fee: Option<AccountKey>,
    rounding: Option<AccountKey>,
}

impl Houses {
    pub fn get(&self, role: HouseRole) -> Option<AccountKey> {
        match role {
            HouseRole::TradeFee => self.trade_fee,
            HouseRole::Rounding => self.rounding,
        }
    }

    /// Names a house account. The caller has checked that its owner exists.
    pub fn define(
        &mut self,
        role: HouseRole,
        account: AccountKey,
        kinds: &Kinds,
        tiers: &FeeTiers,
    ) -> Result<(), Refusal> {
        let sign = kinds.sign(account.kind).ok_or(Refusal::BadParameter)?;
        let pays = role == HouseRole::TradeFee && tiers.has_rebate();
        if !can_serve(sign, pays) {
            return Err(Refusal::BadParameter);
        }
        match role {
            HouseRole::TradeFee => self.trade_fee = Some(account),
            HouseRole::Rounding => self.rounding = Some(account),
        }
        Ok(())
    }

    /// Whether the fee account could pay rebates, which may be in another asset than its income.
    pub fn may_rebate(&self, kinds: &Kinds) -> bool {
        self.trade_fee
            .is_none_or(|key| kinds.sign(key.kind) == Some(SignRule::Either))
    }
}

/// A trade must not fail for the house's sake: the account takes any receipt, and any payment.
fn can_serve(sign: SignRule, pays: bool) -> bool {
    match sign {
        SignRule::Either => true,
        SignRule::Credit => !pays,
        SignRule::Debit => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tier(id: u16, maker: i64, taker: i64) -> FeeTier {
        FeeTier {
            id: Tier(id),
            maker: Rate(maker),
            taker: Rate(taker),
        }
    }

    /// Criterion: CORE-ORD-20. 0.1 % of 1,005 is 1.005: the user pays 2; a rebate pays 1.
    #[test]
    fn fees_round_up_and_rebates_round_down() {
        assert_eq!(fee(1_005, Rate(100_000)), 2);
        assert_eq!(fee(1_005, Rate(-100_000)), -1);
        assert_eq!(fee(1_000, Rate(100_000)), 1);
        assert_eq!(fee(1_000, Rate(0)), 0);
        assert_eq!(fee(1, Rate(1)), 1);
        assert_eq!(fee(1 << 90, Rate(RATE_ONE as i64)), 1 << 90);
    }

    /// Criterion: CORE-ORD-21. Maker −0.005 % against taker 0.004 % would cost the house.
    #[test]
    fn no_pair_of_tiers_may_cost_the_house() {
        let mut tiers = FeeTiers::default();
        assert_eq!(tiers.set(tier(0, 8_000, 10_000)), Ok(()));
        assert_eq!(
            tiers.set(tier(1, -5_000, 4_000)),
            Err(Refusal::BadParameter)
        );
        assert_eq!(tiers.set(tier(1, -5_000, 5_000)), Ok(()));
        assert_eq!(tiers.set(tier(2, 0, 4_999)), Err(Refusal::BadParameter));
        assert_eq!(tiers.set(tier(2, 0, -1)), Err(Refusal::BadParameter));
        assert_eq!(tiers.set(tier(1, 0, 0)), Ok(()));
        assert_eq!(tiers.get(Tier(1)), Some(&tier(1, 0, 0)));
        assert_eq!(tiers.get(Tier(2)), None);
        assert!(!tiers.has_rebate());
    }
}
