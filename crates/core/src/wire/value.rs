//! How each type of the vocabulary stands on the wire.

use super::record::Fields;
use super::{Malformed, Reader, Sink, Writer};
use crate::money::Amount;
use crate::types::*;

/// A value with one encoding.
pub trait Wire: Sized {
    /// No value takes more bytes; `usize::MAX` where there is no such bound.
    const MOST: usize = usize::MAX;

    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed>;
    fn write(&self, writer: &mut impl Sink);
}

/// The bytes of one value.
pub fn encode<T: Wire>(value: &T) -> Vec<u8> {
    let mut writer = Writer::new();
    value.write(&mut writer);
    writer.into_bytes()
}

/// The value that the bytes hold, all of them.
pub fn decode<T: Wire>(bytes: &[u8]) -> Result<T, Malformed> {
    let mut reader = Reader::new(bytes);
    let value = T::read(&mut reader)?;
    reader.finish()?;
    Ok(value)
}

macro_rules! unsigned {
    ($($inner:ty: $($name:ident),*;)*) => {$(
        impl Wire for $inner {
            const MOST: usize = 1 + size_of::<Self>();

            #[inline(always)]
            fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
                let value = reader.uint()?;
                Ok(Self::try_from(value).unwrap_or_else(|_| reader.stand_in(Self::MAX)))
            }

            #[inline(always)]
            fn write(&self, writer: &mut impl Sink) {
                writer.uint(u64::from(*self));
            }
        }

        $(impl Wire for $name {
            const MOST: usize = <$inner>::MOST;

            #[inline(always)]
            fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
                Wire::read(reader).map(Self)
            }

            #[inline(always)]
            fn write(&self, writer: &mut impl Sink) {
                self.0.write(writer);
            }
        })*
    )*};
}

unsigned! {
    u8: KycLevel;
    u16: Kind, Tier, Reason;
    u32: AssetId, InstrumentId, Segment, FoldId, Code;
    u64: Size, Instance, GatewayId, OwnerId, OrderId, TradeId, Sequence, Timestamp, Price;
}

macro_rules! coded {
    ($($name:ident),* $(,)?) => {$(
        impl Wire for $name {
            const MOST: usize = 1;

            #[inline(always)]
            fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
                let member = u8::try_from(reader.uint()?).ok().and_then(Self::from_u8);
                Ok(member.unwrap_or_else(|| reader.stand_in(Self::ALL[0])))
            }

            #[inline(always)]
            fn write(&self, writer: &mut impl Sink) {
                writer.small(self.code());
            }
        }
    )*};
}

coded! {
    Side, OrderType, SizeUnit, SelfTrade, InstrumentState, SignRule, ClaimClass, HouseRole,
    Parameter, SuspensionLevel, WeightSource, ShareRounding, OrderCause, OrderState, Liquidity,
    CancelSource,
}

macro_rules! flags {
    ($($name:ident),*) => {$(
        impl Wire for $name {
            const MOST: usize = u8::MOST;

            #[inline(always)]
            fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
                let flags = u8::try_from(reader.uint()?).ok().and_then(Self::from_bits);
                Ok(flags.unwrap_or_else(|| reader.stand_in(Self::NONE)))
            }

            #[inline(always)]
            fn write(&self, writer: &mut impl Sink) {
                writer.uint(self.bits().into());
            }
        }
    )*};
}

flags!(OrderFlags, AmendFlags, OwnerFlags, Suspended);

impl Wire for Rate {
    const MOST: usize = 9;

    #[inline(always)]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.int().map(Self)
    }

    #[inline(always)]
    fn write(&self, writer: &mut impl Sink) {
        writer.int(self.0);
    }
}

impl Wire for Amount {
    const MOST: usize = 18;

    #[inline(always)]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.int128().map(Self)
    }

    #[inline(always)]
    fn write(&self, writer: &mut impl Sink) {
        writer.int128(self.0);
    }
}

impl Wire for bool {
    const MOST: usize = 1;

    #[inline(always)]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.bool()
    }

    #[inline(always)]
    fn write(&self, writer: &mut impl Sink) {
        writer.bool(*self);
    }
}

impl<const N: usize> Wire for Label<N> {
    const MOST: usize = 2 + N;

    #[inline(always)]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.label()
    }

    #[inline(always)]
    fn write(&self, writer: &mut impl Sink) {
        // Most labels are empty.
        if self.is_empty() {
            writer.text_head(0);
        } else {
            writer.padded_text(self.padded(), self.len());
        }
    }
}

impl Wire for String {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.text().map(Self::from)
    }

    fn write(&self, writer: &mut impl Sink) {
        writer.text(self);
    }
}

/// A salted hash that names something outside the exchange; at most 32 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reference {
    bytes: [u8; 32],
    len: u8,
}

impl Reference {
    pub const EMPTY: Self = Self {
        bytes: [0; 32],
        len: 0,
    };

    /// None if there are more than 32 bytes.
    pub fn new(source: &[u8]) -> Option<Self> {
        let mut bytes = [0; 32];
        bytes.get_mut(..source.len())?.copy_from_slice(source);
        Some(Self {
            bytes,
            len: source.len() as u8,
        })
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl Wire for Reference {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let bytes = reader.bytes()?;
        Ok(Self::new(bytes).unwrap_or_else(|| reader.stand_in(Self::EMPTY)))
    }

    fn write(&self, writer: &mut impl Sink) {
        writer.bytes(self.as_bytes());
    }
}

/// A message of another schema, carried as bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payload(pub Vec<u8>);

impl Wire for Payload {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.bytes().map(|bytes| Self(bytes.to_vec()))
    }

    fn write(&self, writer: &mut impl Sink) {
        writer.bytes(&self.0);
    }
}

/// A SHA-256 or BLAKE3 digest.
impl Wire for [u8; 32] {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.bytes()?.try_into().map_err(|_| Malformed::WrongType)
    }

    fn write(&self, writer: &mut impl Sink) {
        writer.bytes(self);
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        (0..reader.array()?).map(|_| T::read(reader)).collect()
    }

    fn write(&self, writer: &mut impl Sink) {
        writer.array(self.len());
        for value in self {
            value.write(writer);
        }
    }
}

impl<T: Wire> Wire for Option<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        if reader.nil() {
            Ok(None)
        } else {
            T::read(reader).map(Some)
        }
    }

    fn write(&self, writer: &mut impl Sink) {
        match self {
            Some(value) => value.write(writer),
            None => writer.nil(),
        }
    }
}

impl Wire for AccountKey {
    #[inline(always)]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut fields = Fields::open(reader.clone())?;
        let owner = fields.required()?;
        let kind = fields.required()?;
        let instance = fields.required()?;
        *reader = fields.close()?;
        Ok(Self {
            owner,
            kind,
            instance,
        })
    }

    #[inline(always)]
    fn write(&self, writer: &mut impl Sink) {
        writer.array(3);
        self.owner.write(writer);
        self.kind.write(writer);
        self.instance.write(writer);
    }
}
