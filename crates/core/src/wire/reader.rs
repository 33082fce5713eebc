//! A bounds-checked cursor over MessagePack bytes.

use super::Malformed;
use crate::types::Label;

type Read<T> = Result<T, Malformed>;

/// A string longer than this is malformed, whatever its field.
const STRING_MAX: usize = 64;

/// An integer in any form, behind its head. Out of line, and apart from the reader, so that the
/// usual path keeps the reader in registers.
#[inline(never)]
fn integer(head: u8, rest: &[u8]) -> Read<(i128, &[u8])> {
    let mut reader = Reader::new(rest);
    let value = match head {
        0..=0x7f => head.into(),
        0xcc => reader.byte()?.into(),
        0xcd => u16::from_be_bytes(reader.chunk()?).into(),
        0xce => u32::from_be_bytes(reader.chunk()?).into(),
        0xcf => u64::from_be_bytes(reader.chunk()?).into(),
        0xd0 => i8::from_be_bytes(reader.chunk()?).into(),
        0xd1 => i16::from_be_bytes(reader.chunk()?).into(),
        0xd2 => i32::from_be_bytes(reader.chunk()?).into(),
        0xd3 => i64::from_be_bytes(reader.chunk()?).into(),
        0xe0.. => i128::from(head) - 256,
        _ => return Err(Malformed::WrongType),
    };
    Ok((value, reader.rest))
}

/// A label too long, or too near to the end of the bytes to copy a window of `N`.
#[inline(never)]
fn odd_label<const N: usize>(rest: &[u8], len: usize) -> Read<(Option<Label<N>>, &[u8])> {
    if len > STRING_MAX {
        return Err(Malformed::TooLong);
    }
    let (text, rest) = rest.split_at_checked(len).ok_or(Malformed::Truncated)?;
    Ok((Label::new(text), rest))
}

/// Reads values from the front of the bytes; no input makes it panic.
///
/// A number of a legal form that its field cannot hold is read as the field's largest value and
/// noted: see [`Reader::is_out_of_domain`].
#[derive(Clone)]
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
    #[inline(always)]
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Whether a value was outside its field's domain.
    #[inline(always)]
    pub fn is_out_of_domain(&self) -> bool {
        self.out_of_domain
    }

    /// The same, and forgets it.
    #[inline(always)]
    pub fn take_out_of_domain(&mut self) -> bool {
        std::mem::take(&mut self.out_of_domain)
    }

    /// Notes that a value was outside its field's domain and gives its stand-in.
    #[inline(always)]
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

    #[inline(always)]
    fn byte(&mut self) -> Read<u8> {
        let (first, rest) = self.rest.split_first().ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(*first)
    }

    #[inline(always)]
    fn chunk<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (chunk, rest) = self.rest.split_first_chunk().ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(*chunk)
    }

    #[inline(always)]
    fn slice(&mut self, len: usize) -> Read<&'a [u8]> {
        let (slice, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(slice)
    }

    /// An unsigned integer in any of MessagePack's forms; a negative one reads as the largest.
    #[inline(always)]
    pub fn uint(&mut self) -> Read<u64> {
        let (head, rest) = self.rest.split_first().ok_or(Malformed::Truncated)?;
        if *head < 0x80 {
            self.rest = rest;
            return Ok((*head).into());
        }
        // One load of eight bytes and a shift: no branch on the width.
        if let (0xcc..=0xcf, Some(chunk)) = (*head, rest.first_chunk()) {
            let width = 1usize << (head & 3);
            self.rest = &rest[width..];
            return Ok(u64::from_be_bytes(*chunk) >> (64 - 8 * width));
        }
        let (value, rest) = integer(*head, rest)?;
        self.rest = rest;
        Ok(u64::try_from(value).unwrap_or_else(|_| self.stand_in(u64::MAX)))
    }

    /// A signed integer in any of MessagePack's forms; one above `i64::MAX` reads as that.
    #[inline(always)]
    pub fn int(&mut self) -> Read<i64> {
        let (head, rest) = self.rest.split_first().ok_or(Malformed::Truncated)?;
        let (value, rest) = integer(*head, rest)?;
        self.rest = rest;
        Ok(i64::try_from(value).unwrap_or_else(|_| self.stand_in(i64::MAX)))
    }

    #[inline(always)]
    pub fn bool(&mut self) -> Read<bool> {
        match self.byte()? {
            0xc2 => Ok(false),
            0xc3 => Ok(true),
            _ => Err(Malformed::WrongType),
        }
    }

    /// Consumes a nil if one stands next.
    #[inline(always)]
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
    #[inline(always)]
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
    #[inline(always)]
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
    #[inline(always)]
    pub fn bytes(&mut self) -> Read<&'a [u8]> {
        let len = self.length()?;
        self.slice(len)
    }

    /// The text of a str or bin, at most 64 bytes of UTF-8.
    #[inline(always)]
    pub fn text(&mut self) -> Read<&'a str> {
        let bytes = self.short()?;
        std::str::from_utf8(bytes).map_err(|_| Malformed::NotUtf8)
    }

    #[inline(always)]
    fn short(&mut self) -> Read<&'a [u8]> {
        let len = self.length()?;
        if len > STRING_MAX {
            return Err(Malformed::TooLong);
        }
        self.slice(len)
    }

    /// A label; text that is none reads as the empty label and is noted.
    #[inline(always)]
    pub fn label<const N: usize>(&mut self) -> Read<Label<N>> {
        if let Some((0xa0, rest)) = self.rest.split_first() {
            self.rest = rest;
            return Ok(Label::EMPTY);
        }
        let len = self.length()?;
        // The usual case copies N bytes at once, without a loop over the text's own length.
        if let (Some(window), true) = (self.rest.first_chunk(), len <= N) {
            self.rest = &self.rest[len..];
            let (label, legal) = Label::from_window(window, len);
            self.out_of_domain |= !legal;
            return Ok(label);
        }
        let (label, rest) = odd_label(self.rest, len)?;
        self.rest = rest;
        Ok(label.unwrap_or_else(|| self.stand_in(Label::EMPTY)))
    }

    /// A signed 128-bit integer as 16 bytes, big-endian, two's complement.
    #[inline(always)]
    pub fn int128(&mut self) -> Read<i128> {
        match self.length()? {
            16 => Ok(i128::from_be_bytes(self.chunk()?)),
            _ => Err(Malformed::WrongType),
        }
    }
}
