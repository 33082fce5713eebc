//! Requests whose signature is right: by a key that was met before, over the bytes that were sent.

use std::collections::HashMap;

use constant_time_eq::constant_time_eq;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::http::{Request, whole_request};

/// How far the time of a signature may be from the exchange's, in either direction.
pub const WINDOW_MS: i64 = 30_000;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SIGN_BYTES: usize = 44;

struct Signer<T> {
    mac: Hmac<Sha256>,
    passphrase: Box<[u8]>,
    caller: T,
}

/// The keys that requests may be signed by, each with what the gateway knows of its caller.
pub struct Signers<T> {
    named: HashMap<Box<[u8]>, Signer<T>>,
}

/// A request, who signed it, when it says so, the signature, and what a proxy says of the address.
pub struct Signed<'a, T> {
    pub request: Request<'a>,
    pub caller: &'a T,
    pub time_ms: i64,
    pub sign: &'a [u8],
    pub forwarded: Option<&'a [u8]>,
}

impl<T> Default for Signers<T> {
    fn default() -> Self {
        Self {
            named: HashMap::new(),
        }
    }
}

impl<T> Signers<T> {
    /// Takes a key's signatures from now on; False for a secret that no key can have.
    pub fn learn(&mut self, name: &[u8], secret: &[u8], passphrase: &[u8], caller: T) -> bool {
        let Ok(mac) = Hmac::new_from_slice(secret) else {
            return false;
        };
        let signer = Signer {
            mac,
            passphrase: passphrase.into(),
            caller,
        };
        self.named.insert(name.into(), signer);
        true
    }

    pub fn forget(&mut self) {
        self.named.clear();
    }

    pub fn callers(&self) -> impl Iterator<Item = &T> {
        self.named.values().map(|signer| &signer.caller)
    }

    /// The request that these bytes are, when everything about its signature is right at this
    /// moment; None, without a reason, for all that somebody else has to look at.
    pub fn read<'a>(&'a self, data: &'a [u8], now_ms: i64) -> Option<Signed<'a, T>> {
        let request = whole_request(data)?;
        let signer = self.named.get(request.header(b"ok-access-key")?)?;
        let time = request.header(b"ok-access-timestamp")?;
        let sign = request.header(b"ok-access-sign")?;
        let passphrase = request.header(b"ok-access-passphrase")?;
        let time_ms = timestamp_ms(time)?;
        if now_ms.abs_diff(time_ms) > WINDOW_MS.unsigned_abs() {
            return None;
        }
        // The full reader does not see a question mark without a query.
        if request.query.is_empty() && request.target != request.path {
            return None;
        }
        let method = if request.is_post { "POST" } else { "GET" };
        let mut mac = signer.mac.clone();
        for part in [time, method.as_bytes(), request.target, request.body] {
            mac.update(part);
        }
        let expected = base64(&mac.finalize().into_bytes().into());
        let right =
            constant_time_eq(&expected, sign) & constant_time_eq(&signer.passphrase, passphrase);
        if !right {
            return None;
        }
        Some(Signed {
            caller: &signer.caller,
            time_ms,
            sign,
            forwarded: request.header(b"x-forwarded-for"),
            request,
        })
    }
}

/// Base64 (RFC 4648) of a digest.
fn base64(digest: &[u8; 32]) -> [u8; SIGN_BYTES] {
    let mut text = [b'='; SIGN_BYTES];
    for (group, bytes) in text.chunks_exact_mut(4).zip(digest.chunks(3)) {
        let byte = |at: usize| u32::from(*bytes.get(at).unwrap_or(&0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (at, letter) in group.iter_mut().enumerate().take(bytes.len() + 1) {
            *letter = ALPHABET[(bits >> (18 - 6 * at)) as usize & 63];
        }
    }
    text
}

/// `2020-12-08T09:08:57.715Z` in ms since the epoch; None for any other form.
fn timestamp_ms(text: &[u8]) -> Option<i64> {
    let form = b"dddd-dd-ddTdd:dd:dd.dddZ";
    let is_of_form = |(byte, wanted): (&u8, &u8)| match wanted {
        b'd' => byte.is_ascii_digit(),
        _ => byte == wanted,
    };
    if text.len() != form.len() || !text.iter().zip(form).all(is_of_form) {
        return None;
    }
    let part = |from: usize, to: usize| {
        let digits = text[from..to].iter();
        digits.fold(0, |value, digit| value * 10 + i64::from(digit - b'0'))
    };
    let (year, month, day) = (part(0, 4), part(5, 7), part(8, 10));
    let (hour, minute, second) = (part(11, 13), part(14, 16), part(17, 19));
    // Days that only some months have are left to the full reader; nobody signs on them often.
    let is_plain = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_of(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !is_plain {
        return None;
    }
    let seconds = ((days_before(year, month) + day - 1) * 24 + hour) * 3600 + minute * 60 + second;
    Some(seconds * 1000 + part(20, 23))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from the epoch to a month's first, in the Gregorian calendar.
fn days_before(year: i64, month: i64) -> i64 {
    let before = year - 1;
    let years = before * 365 + before / 4 - before / 100 + before / 400 - 719_162;
    years + (1..month).map(|one| days_of(year, one)).sum::<i64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_607_418_537_715;

    fn signed(signers: &Signers<u8>, time: &str, sign: &str, passphrase: &str) -> bool {
        let head = format!(
            "GET /a?b=c HTTP/1.1\r\nOK-ACCESS-KEY: k\r\nOK-ACCESS-SIGN: {sign}\r\n\
             OK-ACCESS-TIMESTAMP: {time}\r\nOK-ACCESS-PASSPHRASE: {passphrase}\r\n\r\n"
        );
        signers.read(head.as_bytes(), NOW).is_some()
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        for (text, ms) in [
            ("1970-01-01T00:00:00.000Z", Some(0)),
            ("2020-12-08T09:08:57.715Z", Some(NOW)),
            ("2024-02-29T23:59:59.999Z", Some(1_709_251_199_999)),
            ("2023-02-29T00:00:00.000Z", None),
            ("2000-03-01T00:00:00.000Z", Some(951_868_800_000)),
            ("2100-03-01T00:00:00.000Z", Some(4_107_542_400_000)),
            ("2020-12-08T09:08:57Z", None),
            ("2020-12-08T24:08:57.715Z", None),
            ("2020-13-08T09:08:57.715Z", None),
        ] {
            assert_eq!(timestamp_ms(text.as_bytes()), ms, "{text}");
        }
    }

    #[test]
    fn only_the_right_signature_is_taken() {
        let mut signers = Signers::default();
        assert!(signers.learn(b"k", b"secret", b"phrase", 1));
        let mut mac = Hmac::<Sha256>::new_from_slice(b"secret").unwrap();
        mac.update(b"2020-12-08T09:08:57.715ZGET/a?b=c");
        let sign = base64(&mac.finalize().into_bytes().into());
        let sign = std::str::from_utf8(&sign).unwrap();
        let time = "2020-12-08T09:08:57.715Z";
        assert!(signed(&signers, time, sign, "phrase"));
        assert!(!signed(&signers, time, sign, "Phrase"));
        assert!(!signed(&signers, time, &sign.replace('=', "A"), "phrase"));
        assert!(!signed(&signers, time, "", "phrase"));
        assert!(!signed(
            &signers,
            "2020-12-08T09:08:57.716Z",
            sign,
            "phrase"
        ));
        signers.forget();
        assert!(!signed(&signers, time, sign, "phrase"));
    }
}
