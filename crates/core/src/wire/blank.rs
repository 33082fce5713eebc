//! Constant values that stand where a field is about to be read.

use super::value::{Payload, Reference};
use crate::money::Amount;
use crate::types::*;

/// A constant, so that making room for a record is a copy from the program's own data.
pub trait Blank: Sized {
    const BLANK: Self;
}

macro_rules! blank {
    ($($value:expr => $($type:ty),*;)*) => {$($(
        impl Blank for $type {
            const BLANK: Self = $value;
        }
    )*)*};
}

blank! {
    0 => u8, u32, u64;
    false => bool;
    [0; 32] => [u8; 32];
    Self::new() => String;
    Self(0) => OwnerId, AssetId, InstrumentId, OrderId, TradeId, Sequence, Timestamp, Price, Size,
        Rate, Kind, Instance, Tier, Segment, KycLevel, GatewayId, FoldId, Reason, Code, Amount;
    Self::ALL[0] => Side, OrderType, SizeUnit, SelfTrade, InstrumentState, SignRule, ClaimClass,
        HouseRole, Parameter, SuspensionLevel, WeightSource, ShareRounding, OrderCause, OrderState,
        Liquidity, CancelSource;
    Self::NONE => OrderFlags, AmendFlags, OwnerFlags, Suspended;
    Self::EMPTY => ClientOrderId, Tag, Reference;
    Self(Vec::new()) => Payload;
    Self { owner: OwnerId(0), kind: Kind(0), instance: Instance(0) } => AccountKey;
}

impl<T> Blank for Vec<T> {
    const BLANK: Self = Self::new();
}
