//! The usual HTTP/1.1 request (RFC 9112), where it arrives whole and unadorned.

pub struct Request<'a> {
    pub is_post: bool,
    /// Path and query as they were sent.
    pub target: &'a [u8],
    pub path: &'a [u8],
    /// Without its question mark; empty where there is none.
    pub query: &'a [u8],
    /// Names in lower case, each once.
    pub headers: Vec<(Vec<u8>, &'a [u8])>,
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// A header's value by its name in lower case.
    pub fn header(&self, name: &[u8]) -> Option<&'a [u8]> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| *value)
    }
}

const VERSION: &[u8] = b" HTTP/1.1\r\n";
const HEADERS_MAX: usize = 32;

/// The request that these bytes are, all of them; None for anything that the server's own parser
/// has to look at: a part of a request, more than one, a path with escapes, what changes how the
/// body is framed or what becomes of the connection.
pub fn whole_request(data: &[u8]) -> Option<Request<'_>> {
    let (is_post, rest) = match data {
        [b'G', b'E', b'T', b' ', rest @ ..] => (false, rest),
        [b'P', b'O', b'S', b'T', b' ', rest @ ..] => (true, rest),
        _ => return None,
    };
    let end = rest.iter().position(|byte| *byte == b' ')?;
    let (target, rest) = rest.split_at(end);
    let mut rest = rest.strip_prefix(VERSION)?;
    let (path, query) = split(target)?;
    let mut headers = Vec::with_capacity(12);
    let mut length = None;
    loop {
        let end = rest.iter().position(|byte| *byte == b'\r')?;
        let (line, behind) = rest.split_at(end);
        rest = behind.strip_prefix(b"\r\n")?;
        if line.is_empty() {
            break;
        }
        let (name, value) = header(line)?;
        match name.as_slice() {
            b"content-length" => length = Some(number(value)?),
            b"connection" if !value.eq_ignore_ascii_case(b"keep-alive") => return None,
            b"transfer-encoding" | b"expect" | b"upgrade" => return None,
            _ => {}
        }
        if headers.len() == HEADERS_MAX || headers.iter().any(|(known, _)| *known == name) {
            return None;
        }
        headers.push((name, value));
    }
    let framed = match length {
        Some(length) => length == rest.len(),
        None => rest.is_empty() && !is_post,
    };
    let unadorned = framed && (is_post || rest.is_empty());
    unadorned.then_some(Request {
        is_post,
        target,
        path,
        query,
        headers,
        body: rest,
    })
}

/// Path and query of a target without escapes in its path, and without a fragment.
fn split(target: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_plain = |byte: &u8| matches!(byte, b'!'..=b'~') && *byte != b'#';
    if target.first() != Some(&b'/') || !target.iter().all(is_plain) {
        return None;
    }
    let mark = target.iter().position(|byte| *byte == b'?');
    let (path, query) = match mark {
        Some(at) => (&target[..at], &target[at + 1..]),
        None => (target, &b""[..]),
    };
    (!path.contains(&b'%')).then_some((path, query))
}

fn header(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~');
    let legal = !name.is_empty() && name.iter().all(is_name) && value.iter().all(is_plain);
    legal.then(|| (name.to_ascii_lowercase(), value))
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
