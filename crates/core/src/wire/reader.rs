//! A bounds-checked cursor over MessagePack bytes.

use super::Malformed;
use crate::types::Label;

type Read<T> = Result<T, Malformed>;

/// A string longer than this is malformed, whatever its field.
const STRING_MAX: usize = 64;

/// Reads values from the front of the bytes; no input makes it panic.
///
/// A number of a legal form that its field cannot hold is read as the field's largest value, an odd
/// label as the empty one, and noted: see [`Reader::is_out_of_domain`].
pub struct Reader<'a> {
    rest: &'a [u8],
    out_of_domain: bool,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            out_of_domain: false,
        }
    }

    /// Bytes not read yet.
    #[inline]
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Whether a value was outside its field's domain.
    #[inline]
    pub fn is_out_of_domain(&self) -> bool {
        self.out_of_domain
    }

    /// The same, and forgets it.
    #[inline]
    pub fn take_out_of_domain(&mut self) -> bool {
        std::mem::take(&mut self.out_of_domain)
    }

    /// Notes that a value was outside its field's domain and gives its stand-in.
    #[inline]
    pub(super) fn stand_in<T>(&mut self, value: T) -> T {
        self.out_of_domain = true;
        value
    }

    /// Fails if bytes are left.
    pub fn finish(&self) -> Read<()> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Malformed::TrailingBytes)
        }
    }

    #[inline]
    fn byte(&mut self) -> Read<u8> {
        let (first, rest) = self.rest.split_first().ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(*first)
    }

    #[inline]
    fn chunk<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (chunk, rest) = self.rest.split_first_chunk().ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(*chunk)
    }

    #[inline]
    fn slice(&mut self, len: usize) -> Read<&'a [u8]> {
        let (slice, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(slice)
    }

    /// An unsigned integer in any of MessagePack's forms; a negative one reads as the largest.
    #[inline]
    pub fn uint(&mut self) -> Read<u64> {
        match self.byte()? {
            value @ 0..=0x7f => Ok(value.into()),
            0xcc => Ok(self.byte()?.into()),
            0xcd => Ok(u16::from_be_bytes(self.chunk()?).into()),
            0xce => Ok(u32::from_be_bytes(self.chunk()?).into()),
            0xcf => Ok(u64::from_be_bytes(self.chunk()?)),
            head => {
                let value = self.signed(head)?;
                Ok(u64::try_from(value).unwrap_or_else(|_| self.stand_in(u64::MAX)))
            }
        }
    }

    /// A signed integer in any of MessagePack's forms; one above `i64::MAX` reads as that.
    #[inline]
    pub fn int(&mut self) -> Read<i64> {
        match self.rest.first() {
            Some(0xd0..=0xd3 | 0xe0..) => {
                let head = self.byte()?;
                self.signed(head)
            }
            _ => {
                let value = self.uint()?;
                Ok(i64::try_from(value).unwrap_or_else(|_| self.stand_in(i64::MAX)))
            }
        }
    }

    fn signed(&mut self, head: u8) -> Read<i64> {
        Ok(match head {
            0xd0 => i8::from_be_bytes(self.chunk()?).into(),
            0xd1 => i16::from_be_bytes(self.chunk()?).into(),
            0xd2 => i32::from_be_bytes(self.chunk()?).into(),
            0xd3 => i64::from_be_bytes(self.chunk()?),
            0xe0.. => i64::from(head) - 256,
            _ => return Err(Malformed::WrongType),
        })
    }

    #[inline]
    pub fn bool(&mut self) -> Read<bool> {
        match self.byte()? {
            0xc2 => Ok(false),
            0xc3 => Ok(true),
            _ => Err(Malformed::WrongType),
        }
    }

    /// Consumes a nil if one stands next.
    #[inline]
    pub fn nil(&mut self) -> bool {
        match self.rest.split_first() {
            Some((0xc0, rest)) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// The count of an array whose elements are still to be read.
    #[inline]
    pub fn array(&mut self) -> Read<usize> {
        let count = match self.byte()? {
            head @ 0x90..=0x9f => usize::from(head & 0x0f),
            0xdc => u16::from_be_bytes(self.chunk()?).into(),
            0xdd => u32::from_be_bytes(self.chunk()?) as usize,
            _ => return Err(Malformed::WrongType),
        };
        // Each element takes a byte at least: no claim makes us reserve more than was sent.
        if count > self.remaining() {
            Err(Malformed::Truncated)
        } else {
            Ok(count)
        }
    }

    /// The length of a str or bin whose bytes follow.
    #[inline]
    fn length(&mut self) -> Read<usize> {
        Ok(match self.byte()? {
            head @ 0xa0..=0xbf => usize::from(head & 0x1f),
            0xd9 | 0xc4 => self.byte()?.into(),
            0xda | 0xc5 => u16::from_be_bytes(self.chunk()?).into(),
            0xdb | 0xc6 => u32::from_be_bytes(self.chunk()?) as usize,
            _ => return Err(Malformed::WrongType),
        })
    }

    /// The bytes of a bin or str.
    #[inline]
    pub fn bytes(&mut self) -> Read<&'a [u8]> {
        let len = self.length()?;
        self.slice(len)
    }

    /// The text of a str or bin, at most 64 bytes of UTF-8.
    #[inline]
    pub fn text(&mut self) -> Read<&'a str> {
        let bytes = self.short()?;
        std::str::from_utf8(bytes).map_err(|_| Malformed::NotUtf8)
    }

    #[inline]
    fn short(&mut self) -> Read<&'a [u8]> {
        let len = self.length()?;
        if len > STRING_MAX {
            return Err(Malformed::TooLong);
        }
        self.slice(len)
    }

    /// A label; text that is none reads as the empty label and is noted.
    #[inline]
    pub fn label<const N: usize>(&mut self) -> Read<Label<N>> {
        if let Some((0xa0, rest)) = self.rest.split_first() {
            self.rest = rest;
            return Ok(Label::EMPTY);
        }
        let len = self.length()?;
        // The usual case copies N bytes at once, without a loop over the text's own length.
        if let (Some(window), true) = (self.rest.first_chunk(), len <= N) {
            self.rest = &self.rest[len..];
            return Ok(self.checked(Label::from_window(window, len)));
        }
        if len > STRING_MAX {
            return Err(Malformed::TooLong);
        }
        let text = self.slice(len)?;
        Ok(self.checked(Label::new(text)))
    }

    #[inline]
    fn checked<const N: usize>(&mut self, label: Option<Label<N>>) -> Label<N> {
        label.unwrap_or_else(|| self.stand_in(Label::EMPTY))
    }

    /// A signed 128-bit integer as 16 bytes, big-endian, two's complement.
    #[inline]
    pub fn int128(&mut self) -> Read<i128> {
        match self.length()? {
            16 => Ok(i128::from_be_bytes(self.chunk()?)),
            _ => Err(Malformed::WrongType),
        }
    }
}
