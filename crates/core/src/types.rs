//! The core's vocabulary: one type for each unit, so that a bare integer crosses no module's door.
//!
//! Numbers of the enumerations are the wire's (`src/fullreserve/exchange/wire/`).

mod coded;
mod flags;
mod label;

pub use coded::*;
pub use flags::*;
pub use label::*;

macro_rules! unit {
    ($($(#[$meta:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub struct $name(pub $inner);
    )*};
}

unit! {
    /// A user, a sub-account or a house account's owner.
    OwnerId(u64);
    /// An asset, listed once and for ever.
    AssetId(u32);
    /// A tradable pair.
    InstrumentId(u32);
    /// An order: the sequence of the command that placed it, or one derived from it in a group.
    OrderId(u64);
    /// A match, counted from 1 for each instrument.
    TradeId(u64);
    /// Position of a command in the log, from 1.
    Sequence(u64);
    /// Milliseconds since the epoch, in exchange time.
    Timestamp(u64);
    /// Quote per base, at the instrument's price scale.
    Price(u64);
    /// An amount of base, at the instrument's size scale.
    Size(u64);
    /// Parts per 10^8; negative is a rebate.
    Rate(i64);
    /// What an account is for; a number in the chart of accounts.
    Kind(u16);
    /// Tells apart several accounts of one owner and kind.
    Instance(u64);
    /// A fee tier.
    Tier(u16);
    /// A group of owners that a suspension can name.
    Segment(u32);
    /// Level of identity checks passed.
    KycLevel(u8);
    /// A gateway process's own number; `(gateway, number)` names a submission.
    GatewayId(u64);
    /// A fold outside the core.
    FoldId(u32);
    /// Bill type of a posting.
    Reason(u16);
    /// OKX error code; 0 is success.
    Code(u32);
}

impl Code {
    pub const SUCCESS: Self = Self(0);
}

/// One account of an asset: the key without the asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountKey {
    pub owner: OwnerId,
    pub kind: Kind,
    pub instance: Instance,
}
