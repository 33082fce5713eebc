//! Enumerations with a number on the wire.

macro_rules! coded {
    ($($(#[$meta:meta])* $name:ident {
        $($(#[$note:meta])* $variant:ident = $code:literal,)*
    })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$note])* $variant = $code,)*
        }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The member with this wire number.
            #[inline]
            pub const fn from_u8(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The wire number.
            #[inline]
            pub const fn code(self) -> u8 {
                self as u8
            }
        }
    )*};
}

coded! {
    Side {
        Buy = 0,
        Sell = 1,
    }

    OrderType {
        Limit = 0,
        Market = 1,
        PostOnly = 2,
        Ioc = 3,
        Fok = 4,
        OptimalLimitIoc = 5,
    }

    /// What the size of a market order counts (`tgtCcy`).
    SizeUnit {
        Base = 0,
        Quote = 1,
    }

    /// Self-trade prevention; the taker's mode decides, the scope is the master account.
    SelfTrade {
        CancelMaker = 0,
        CancelTaker = 1,
        CancelBoth = 2,
    }

    InstrumentState {
        /// Nothing accepted.
        Preopen = 0,
        Live = 1,
        /// Post-only orders, amends that do not take, cancels.
        PostOnly = 2,
        CancelOnly = 3,
        /// Nothing, not even cancels.
        Suspend = 4,
    }

    /// Which balances an account may have; positive is what the exchange owes (credit).
    SignRule {
        /// Balance ≥ 0.
        Credit = 0,
        /// Balance ≤ 0.
        Debit = 1,
        Either = 2,
    }

    /// How a balance counts in the proof of reserves.
    ClaimClass {
        NotAClaim = 0,
        OnDemand = 1,
        Term = 2,
    }

    HouseRole {
        TradeFee = 0,
        Rounding = 1,
    }

    /// Keys of `SetParameter`.
    Parameter {
        /// Finished orders (and fills) kept for queries.
        FinishedMax = 0,
        /// And for how long.
        FinishedMs = 1,
        PendingPerInstrument = 2,
        PendingPerOwner = 3,
        /// Units of resumable work done at each advance of time.
        WorkUnits = 4,
        /// Makers that one taker may match.
        WalkMax = 5,
    }

    SuspensionLevel {
        Global = 0,
        /// Key: asset.
        Asset = 1,
        /// Key: instrument.
        Instrument = 2,
        /// Key: segment.
        Segment = 3,
        /// Key: owner.
        Owner = 4,
    }

    WeightSource {
        /// The command's own list.
        Explicit = 0,
        /// Balances of (weight kind, weight asset) when the command is applied.
        Balances = 1,
    }

    /// How a distribution treats what does not divide.
    ShareRounding {
        /// Each share down, the remainder to the ROUNDING house account.
        Floor = 0,
        /// The remainder unit by unit to the largest remainders, then lowest owner.
        LargestRemainder = 1,
    }

    /// Why an order event was emitted.
    OrderCause {
        Placed = 0,
        Filled = 1,
        Canceled = 2,
        Amended = 3,
        AmendFailed = 4,
    }

    OrderState {
        Live = 0,
        PartiallyFilled = 1,
        Filled = 2,
        Canceled = 3,
    }

    Liquidity {
        None = 0,
        Maker = 1,
        Taker = 2,
    }

    /// Why an order was cancelled, in OKX's numbers.
    CancelSource {
        System = 0,
        User = 1,
        Fok = 13,
        Ioc = 14,
        PriceBand = 15,
        CancelAllAfter = 20,
        PostOnly = 31,
        SelfTrade = 32,
        WalkLimit = 33,
    }
}

impl Side {
    /// The side an order of this side trades against.
    #[inline]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Criterion: WIRE-4
    #[test]
    fn numbers_and_members_agree_both_ways() {
        for code in 0..=u8::MAX {
            assert!(CancelSource::from_u8(code).is_none_or(|member| member.code() == code));
            assert!(OrderType::from_u8(code).is_none_or(|member| member.code() == code));
        }
        for member in CancelSource::ALL {
            assert_eq!(CancelSource::from_u8(member.code()), Some(*member));
        }
        assert_eq!(OrderType::from_u8(6), None);
        assert_eq!(CancelSource::from_u8(2), None);
    }
}
