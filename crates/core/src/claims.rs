//! What the exchange owes each owner, by asset, at one place in the log.
//!
//! Claims are gross: the positive balances of every account that is a claim (on demand or term),
//! holds included, summed by owner and asset. What an account lacks is never set against what
//! another one has; it is named apart, as a shortfall.

use crate::exchange::Exchange;
use crate::index::FastMap;
use crate::ledger::Account;
use crate::money::Amount;
use crate::types::*;
use crate::wire::Payload;
use crate::wire::answer::{Claims, Shortfall};
use crate::wire::query::ListClaims;

/// No answer has more owners than this, whatever was asked for.
const OWNERS_MAX: usize = 1_000_000;

type Entry = (OwnerId, AssetId, i128);

impl Exchange {
    pub(crate) fn claims(&self, query: &ListClaims) -> Claims {
        let counted = self.counted(&query.equity);
        let is_counted =
            |account: &Account| counted.get(usize::from(account.kind.0)).copied() == Some(true);
        let limit = (query.limit as usize).min(OWNERS_MAX);
        let (chosen, next) = self.changed_owners(query, limit);
        let mut entries: Vec<Entry> = Vec::new();
        let mut lacking: FastMap<AssetId, i128> = FastMap::default();
        for account in self.ledger.accounts().iter().filter(|one| is_counted(one)) {
            let (owner, asset) = (account.owner, account.asset);
            if account.balance < 0 {
                *lacking.entry(asset).or_insert(0) -= account.balance;
            } else if account.balance > 0 && chosen.contains_key(&owner) {
                entries.push((owner, asset, account.balance));
            }
        }
        let mut shortfalls: Vec<Shortfall> = lacking
            .into_iter()
            .map(|(asset, amount)| Shortfall {
                asset,
                amount: Amount(amount),
            })
            .collect();
        shortfalls.sort_unstable_by_key(|one| one.asset);
        Claims {
            sequence: Sequence(self.sequence),
            time: Timestamp(self.now),
            next,
            owners: Payload(self.packed(chosen.into_keys().collect(), entries)),
            shortfalls,
        }
    }

    /// By number of a kind, whether its balances are owed.
    fn counted(&self, equity: &[Kind]) -> Vec<bool> {
        let kinds = self.kinds.all();
        let most = kinds.last().map_or(0, |kind| usize::from(kind.id.0) + 1);
        let mut counted = vec![false; most];
        for kind in kinds {
            counted[usize::from(kind.id.0)] =
                kind.claim != ClaimClass::NotAClaim || equity.contains(&kind.id);
        }
        counted
    }

    /// The owners to be told of, and the one after which the rest begins (0: there is none).
    fn changed_owners(&self, query: &ListClaims, limit: usize) -> (FastMap<OwnerId, ()>, OwnerId) {
        let accounts = self.ledger.accounts().iter();
        let changed = accounts.filter(|one| {
            one.has_moved() && one.updated_ms >= query.changed_since.0 && one.owner > query.after
        });
        let all: FastMap<OwnerId, ()> = changed.map(|one| (one.owner, ())).collect();
        if all.len() <= limit {
            return (all, OwnerId(0));
        }
        let mut sorted: Vec<OwnerId> = all.into_keys().collect();
        sorted.sort_unstable();
        sorted.truncate(limit);
        let next = sorted.last().copied().unwrap_or(query.after);
        (sorted.into_iter().map(|owner| (owner, ())).collect(), next)
    }

    /// Ascending by owner: u64 owner, u8 whether it is the house, u16 count, then count times u32
    /// asset (ascending) and u128 amount; all big-endian.
    fn packed(&self, mut owners: Vec<OwnerId>, mut entries: Vec<Entry>) -> Vec<u8> {
        owners.sort_unstable();
        entries.sort_unstable_by_key(|(owner, asset, _)| (*owner, *asset));
        entries.dedup_by(|later, first| {
            let same = (later.0, later.1) == (first.0, first.1);
            if same {
                first.2 = first
                    .2
                    .checked_add(later.2)
                    .expect("sums are below the cap");
            }
            same
        });
        let mut bytes = Vec::with_capacity(owners.len() * 11 + entries.len() * 20);
        let mut rest = &entries[..];
        for owner in owners {
            let count = rest.iter().take_while(|entry| entry.0 == owner).count();
            let (mine, others) = rest.split_at(count);
            rest = others;
            let flags = self.owners.get(owner).map(|one| one.flags);
            let is_house = flags.is_some_and(|flags| flags.contains(OwnerFlags::HOUSE));
            bytes.extend(owner.0.to_be_bytes());
            bytes.push(u8::from(is_house));
            bytes.extend(u16::try_from(count).expect("few assets").to_be_bytes());
            for (_, asset, amount) in mine {
                bytes.extend(asset.0.to_be_bytes());
                bytes.extend(amount.to_be_bytes());
            }
        }
        bytes
    }
}
