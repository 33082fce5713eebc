//! Short strings of ASCII letters and digits, held in place.

use std::fmt;
use std::hash::{Hash, Hasher};

/// At most `N` ASCII letters and digits, `N` a multiple of 8; the empty label stands for "none".
///
/// Bytes behind the text are zero, which no text holds: they tell the length.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
pub struct Label<const N: usize> {
    bytes: [u8; N],
}

/// A client's own name for an order (`clOrdId`).
pub type ClientOrderId = Label<32>;
/// A client's own name for an amend request (`reqId`).
pub type RequestId = Label<32>;
/// An order's tag, by which brokers and the dead man's switch find it.
pub type Tag = Label<16>;

impl<const N: usize> Label<N> {
    pub const EMPTY: Self = Self { bytes: [0; N] };

    /// The label with this text; None if it is too long or has other characters.
    #[inline]
    pub fn new(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; N];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        let (label, legal) = Self::from_window(&bytes, text.len());
        legal.then_some(label)
    }

    /// The label in the first `len` of `window`, whatever the bytes behind them, and whether it is
    /// one. Loops of fixed length, because they compile to a few vector instructions.
    #[inline(always)]
    pub(crate) fn from_window(window: &[u8; N], len: usize) -> (Self, bool) {
        let mut bytes = *window;
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = if place < len { *byte } else { 0 };
        }
        let letters: u8 = bytes
            .iter()
            .map(|byte| u8::from(byte.is_ascii_alphanumeric()))
            .sum();
        (Self { bytes }, usize::from(letters) == len)
    }

    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len()]
    }

    #[inline]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    #[inline]
    pub fn len(&self) -> usize {
        // No byte of the text is zero. A sum, because it compiles to a few vector instructions.
        let texts = self.bytes.iter().map(|byte| u8::from(*byte != 0));
        usize::from(texts.sum::<u8>())
    }

    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.bytes[0] == 0
    }

    /// All `N` bytes, zero behind the text.
    #[inline]
    pub(crate) const fn padded(&self) -> &[u8; N] {
        &self.bytes
    }
}

#[inline]
fn word(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |word, byte| word << 8 | u64::from(*byte))
}

impl<const N: usize> Default for Label<N> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<const N: usize> Hash for Label<N> {
    // Whole words, without the length: the zeros behind the text say it.
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        for bytes in self.bytes.chunks_exact(8) {
            state.write_u64(word(bytes));
        }
    }
}

impl<const N: usize> fmt::Debug for Label<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Criterion: WIRE-5
    #[test]
    fn only_letters_and_digits_within_length_make_a_label() {
        assert_eq!(Tag::new(b"abcXYZ0189").map(|tag| tag.len()), Some(10));
        assert_eq!(Tag::new(b""), Some(Tag::EMPTY));
        assert_eq!(
            Tag::new(&[b'a'; 16]).map(|tag| tag.as_str().len()),
            Some(16)
        );
        assert_eq!(Tag::new(&[b'a'; 17]), None);
        for len in 0..=32 {
            assert_eq!(
                ClientOrderId::new(&[b'z'; 32][..len]).map(|id| id.len()),
                Some(len)
            );
        }
        for odd in [
            b"a-b".as_slice(),
            b"a b",
            b"a\0",
            b"\0",
            "é".as_bytes(),
            b"[",
            b"`",
            b"{",
            b"@",
        ] {
            assert_eq!(Tag::new(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn a_window_ignores_what_follows_the_text() {
        let window = *b"order1\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
        assert_eq!(
            Some(Tag::from_window(&window, 6)),
            Tag::new(b"order1").map(|tag| (tag, true))
        );
        assert!(!Tag::from_window(&window, 7).1);
    }
}
