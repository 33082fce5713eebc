//! What operators define and change. The streams define again only what genesis defined.

use fullreserve_core::types::*;
use fullreserve_core::wire::command::*;

use super::{Done, Instrument, Oracle, Owner};

impl Oracle {
    pub(super) fn operate(&mut self, body: &Body) -> Done {
        match body {
            Body::DefineAsset(it) => drop(self.scales.insert(it.asset, it.scale)),
            Body::DefineKind(it) => {
                self.kinds.insert(it.kind, it.sign);
                self.classes.insert(it.kind, it.claim);
            }
            Body::ActivateRules(it) => self.activate(it.rules),
            Body::SetLiquid(it) => return self.set_liquid(it),
            Body::SetFeeTier(it) => {
                self.tiers.insert(it.tier, (it.maker.0, it.taker.0));
            }
            Body::OpenOwner(it) => return self.open_owner(it),
            Body::SetOwner(it) => return self.set_owner(it),
            Body::ListInstrument(it) => self.list(it),
            Body::SetInstrument(it) => {
                let instrument = self.instruments.get_mut(&it.instrument).ok_or(51001_u32)?;
                instrument.terms = (**it).clone();
            }
            Body::SetInstrumentState(it) => {
                let instrument = self.instruments.get_mut(&it.instrument).ok_or(51001_u32)?;
                instrument.state = it.state;
            }
            Body::SetParameter(it) => drop(self.parameters.insert(it.parameter, it.value)),
            Body::SetSuspension(it) => {
                self.suspensions.remove(&it.suspension);
                if it.actions != Suspended::NONE {
                    self.suspensions.insert(it.suspension, it.clone());
                }
            }
            _ => {}
        }
        Ok(0)
    }

    pub(super) fn open_owner(&mut self, open: &OpenOwner) -> Done {
        if !self.tiers.contains_key(&open.tier) || self.owners.contains_key(&open.owner) {
            return Err(51000);
        }
        if open.master != open.owner {
            let master = self.owner(open.master)?;
            if master.master != open.master {
                return Err(51000);
            }
        }
        let OpenOwner {
            master,
            segment,
            tier,
            flags,
            ..
        } = *open;
        self.owners.insert(
            open.owner,
            Owner {
                master,
                segment,
                tier,
                flags,
            },
        );
        Ok(0)
    }

    pub(super) fn set_owner(&mut self, set: &SetOwner) -> Done {
        let is_tier = self.tiers.contains_key(&set.tier);
        let owner = self.owners.get_mut(&set.owner).ok_or(50008_u32)?;
        if !is_tier {
            return Err(51000);
        }
        (owner.segment, owner.tier, owner.flags) = (set.segment, set.tier, set.flags);
        Ok(0)
    }

    fn list(&mut self, it: &ListInstrument) {
        let terms = SetInstrument {
            instrument: it.instrument,
            ticks: it.ticks.clone(),
            lot: it.lot,
            min_size: it.min_size,
            max_limit_size: it.max_limit_size,
            max_market_size: it.max_market_size,
            max_market_amount: it.max_market_amount,
            max_price: it.max_price,
            band: it.band,
        };
        let instrument = Instrument {
            base: it.base,
            quote: it.quote,
            price_scale: it.price_scale,
            size_scale: it.size_scale,
            terms,
            state: it.state,
            last_price: 0,
            trades: 0,
        };
        self.instruments.insert(it.instrument, instrument);
    }
}
