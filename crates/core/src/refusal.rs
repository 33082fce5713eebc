//! Every refusal with its OKX code: the one table that turns reasons into numbers.
//!
//! Where the documented list has no fitting code the nearest is used; the comment says why.

use crate::types::Code;

macro_rules! refusals {
    ($($(#[$meta:meta])* $name:ident = $code:literal,)*) => {
        /// Why a command was refused. A refused command has changed nothing but its own record.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Refusal {
            $($(#[$meta])* $name,)*
        }

        impl Refusal {
            pub const ALL: &[Refusal] = &[$(Refusal::$name,)*];

            /// The OKX error code.
            pub const fn code(self) -> Code {
                match self {
                    $(Refusal::$name => Code($code),)*
                }
            }
        }
    };
}

refusals! {
    /// The owner is blocked: FROZEN. "User blocked".
    OwnerFrozen = 50007,
    /// No such owner.
    UnknownOwner = 50008,
    /// The command reached the core after its `expires_ms`.
    Expired = 50037,
    /// The number is older than the window of (gateway, number). "Id already exists" is the
    /// nearest: whether it exists cannot be told any more, and it must not be executed again.
    NumberTooOld = 50071,
    /// A quarantined command is passed over. "Internal error" is what happened to it.
    Quarantined = 50026,
    /// A field is outside its domain; `allowed` holds the limit where there is one.
    BadParameter = 51000,
    /// A market order with BAN_AMEND that a group sizes in what it does not pay with, behind parts
    /// of the group that change the same book: what it costs cannot be told. No documented code.
    BanAmendInGroup = 51000,
    /// A user moves money of a kind of account that only products and the house move.
    NotAUsersKind = 51000,
    /// The price is not a multiple of the tick; `allowed` is the tick. No documented code.
    OffTick = 51000,
    /// A definition that exists already is defined differently. No documented code.
    Redefined = 51000,
    UnknownInstrument = 51001,
    AmendNoId = 51003,
    OverMaxSize = 51005,
    /// Buy above the highest price of the band, or sell below the lowest.
    OutsideBand = 51006,
    NotEnoughBalance = 51008,
    DuplicateClientOrderId = 51016,
    UnderMinSize = 51020,
    /// The owner may not trade: NO_TRADE. "Account blocked".
    NoTrade = 51024,
    /// Pre-open: not yet listed.
    NotYetListed = 51021,
    /// State `suspend`, a state that takes no such order, or a suspension.
    TradingSuspended = 51022,
    TooManyDeadMen = 51071,
    TooManyPendingOnInstrument = 51102,
    TooManyPending = 51103,
    /// Above the instrument's largest price.
    OverMaxPrice = 51116,
    OffLot = 51121,
    /// The price is 0 or below the smallest tick.
    UnderMinPrice = 51122,
    /// Market order over the largest size in base.
    OverMaxMarketSize = 51201,
    /// Market order over the largest amount in quote.
    OverMaxMarketAmount = 51202,
    /// The sum of resting sizes would leave the book's domain. "Too many orders".
    BookFull = 51025,
    CancelUnknown = 51400,
    CancelNoId = 51407,
    AmendNoChange = 51500,
    AmendNotEnoughBalance = 51502,
    AmendFinished = 51503,
    AmendNotAmendable = 51506,
    AmendWouldTake = 51511,
    CancelBothWithFok = 54036,
    /// The sending account is frozen or may not send.
    TransferFrozen = 58004,
    /// A suspension stops transfers, deposits, withdrawals or products.
    MovementSuspended = 58110,
    AmountNotPositive = 58114,
    /// Between owners of different masters, asked by somebody who is not the house.
    ForeignAccount = 58115,
    TransferOverAvailable = 58350,
    SameAccount = 58123,
    WithdrawFrozen = 58207,
    WithdrawOverAvailable = 58203,
    /// Deposit over the asset's supply cap. "Holding cap" is the nearest.
    OverSupplyCap = 59401,
    UnknownAsset = 51012,
    /// Nothing is lent of an asset of which nobody has shown lately how much is liquid.
    LiquidUnknown = 59410,
    /// Lending would leave more claims on demand than liquid coins; `allowed` is what is left to
    /// lend. "Borrowing is not enabled" is the nearest of both.
    OverLiquid = 59410,
}

/// A refusal with the limit that was broken, in the field's own unit; 0 where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    pub refusal: Refusal,
    pub allowed: u64,
}

// Cold and out of line, here and below: what a refusal needs stands apart from the usual path.
impl From<Refusal> for Refused {
    #[cold]
    #[inline(never)]
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            allowed: 0,
        }
    }
}

impl Refusal {
    /// This refusal with the limit that was broken.
    #[cold]
    #[inline(never)]
    pub const fn allowing(self, allowed: u64) -> Refused {
        Refused {
            refusal: self,
            allowed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Criterion: CORE-ORD-1. OKX codes have five digits; none of ours may look like a success.
    #[test]
    fn every_reason_has_a_five_digit_code() {
        for refusal in Refusal::ALL {
            assert!((50_000..60_000).contains(&refusal.code().0), "{refusal:?}");
        }
    }
}
