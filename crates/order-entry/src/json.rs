//! The part of JSON (RFC 8259) that order requests are written in: objects, and strings of visible
//! ASCII without escapes. Anything else is None.

pub struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next byte that is not white space, without taking it.
    fn next(&mut self) -> Option<u8> {
        while let Some(byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// Takes this byte, white space before it included.
    pub fn take(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then(|| self.at += 1)
    }

    /// Nothing but white space may follow.
    pub fn end(&mut self) -> Option<()> {
        self.next().is_none().then_some(())
    }

    /// An object of at least one member; `member` takes each value.
    pub fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, &'a [u8]) -> Option<()>,
    ) -> Option<()> {
        self.take(b'{')?;
        loop {
            let key = self.string()?;
            self.take(b':')?;
            member(self, key)?;
            if self.take(b',').is_none() {
                return self.take(b'}');
            }
        }
    }

    /// A string's content.
    pub fn string(&mut self) -> Option<&'a [u8]> {
        self.take(b'"')?;
        let rest = &self.bytes[self.at..];
        let length = rest
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20 | 0x7f..))?;
        if rest[length] != b'"' {
            return None;
        }
        self.at += length + 1;
        Some(&rest[..length])
    }

    /// Decimal digits without a leading zero, few enough for 64 bits.
    pub fn digits(&mut self) -> Option<&'a [u8]> {
        self.next()?;
        let rest = &self.bytes[self.at..];
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        // What else a number may be made of (a point, an exponent) no separator begins with.
        if !(1..=18).contains(&length) || (rest[0] == b'0' && length > 1) {
            return None;
        }
        self.at += length;
        Some(&rest[..length])
    }

    /// A string with its quotes, or digits: an id, to be repeated as it is.
    pub fn string_or_digits_with_quotes(&mut self) -> Option<&'a [u8]> {
        if self.next()? != b'"' {
            return self.digits();
        }
        let start = self.at;
        self.string()?;
        Some(&self.bytes[start..self.at])
    }
}
