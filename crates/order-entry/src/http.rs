//! The usual HTTP/1.1 request (RFC 9112) that places an order, where it arrives whole.

/// A signed request; `expires` is empty where the client gave no `expTime`.
pub struct SignedOrder<'a> {
    pub key: &'a [u8],
    pub sign: &'a [u8],
    pub timestamp: &'a [u8],
    pub passphrase: &'a [u8],
    pub expires: &'a [u8],
    pub body: &'a [u8],
}

const REQUEST_LINE: &[u8] = b"POST /api/v5/trade/order HTTP/1.1\r\n";

/// The request that these bytes are, all of them; None for anything that the server's own parser
/// has to look at: a part of a request, more than one, what changes how the body is framed or what
/// becomes of the connection, a proxy's word on where it came from, a caller without a signature.
pub fn signed_order(data: &[u8]) -> Option<SignedOrder<'_>> {
    let mut rest = data.strip_prefix(REQUEST_LINE)?;
    let mut read = SignedOrder {
        key: b"",
        sign: b"",
        timestamp: b"",
        passphrase: b"",
        expires: b"",
        body: b"",
    };
    let mut length = None;
    loop {
        let end = rest.iter().position(|byte| *byte == b'\r')?;
        let (line, behind) = rest.split_at(end);
        rest = behind.strip_prefix(b"\r\n")?;
        if line.is_empty() {
            break;
        }
        let (name, value) = header(line)?;
        if name.eq_ignore_ascii_case(b"content-length") {
            if length.replace(number(value)?).is_some() {
                return None;
            }
        } else {
            take(&mut read, name, value)?;
        }
    }
    read.body = rest;
    let parts = [read.key, read.sign, read.timestamp, read.passphrase];
    let is_signed = parts.iter().all(|part| !part.is_empty());
    (is_signed && length? == rest.len()).then_some(read)
}

fn header(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~');
    let legal = !name.is_empty() && name.iter().all(is_name) && value.iter().all(is_plain);
    legal.then_some((name, value))
}

/// Keeps a header that counts, passes over one that does not; None for one of weight.
fn take<'a>(read: &mut SignedOrder<'a>, name: &'a [u8], value: &'a [u8]) -> Option<()> {
    let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
    let place = match name.len() {
        13 if is(b"ok-access-key") => &mut read.key,
        14 if is(b"ok-access-sign") => &mut read.sign,
        19 if is(b"ok-access-timestamp") => &mut read.timestamp,
        20 if is(b"ok-access-passphrase") => &mut read.passphrase,
        7 if is(b"exptime") => &mut read.expires,
        10 if is(b"connection") => {
            return value.eq_ignore_ascii_case(b"keep-alive").then_some(());
        }
        _ => {
            let of_weight: [&[u8]; 5] = [
                b"transfer-encoding",
                b"expect",
                b"upgrade",
                b"x-forwarded-for",
                b"cookie",
            ];
            return (!of_weight.iter().any(|known| is(known))).then_some(());
        }
    };
    if !place.is_empty() || value.is_empty() {
        return None;
    }
    *place = value;
    Some(())
}

fn number(text: &[u8]) -> Option<usize> {
    if text.is_empty() || text.len() > 6 || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(
        text.iter()
            .fold(0, |value, digit| value * 10 + usize::from(digit - b'0')),
    )
}
