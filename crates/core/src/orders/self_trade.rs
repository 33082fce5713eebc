//! Self-trade prevention: two orders of one master never trade. The taker's mode decides.

use super::OrderSlot;
use crate::exchange::Exchange;
use crate::types::{OwnerId, SelfTrade};

/// What happens when a taker meets a maker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Trade,
    EndMaker,
    EndTaker,
    EndBoth,
}

impl Exchange {
    #[inline]
    pub(super) fn self_trade(&self, master: OwnerId, maker: OrderSlot, mode: SelfTrade) -> Verdict {
        let maker = self.orders.at(maker).owner;
        if self.owners.at(maker).master != master {
            return Verdict::Trade;
        }
        match mode {
            SelfTrade::CancelMaker => Verdict::EndMaker,
            SelfTrade::CancelTaker => Verdict::EndTaker,
            SelfTrade::CancelBoth => Verdict::EndBoth,
        }
    }
}
