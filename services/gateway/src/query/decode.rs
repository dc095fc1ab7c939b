use crate::problem::Fault;

/// A parameter and its value, which lies between commas in parts: a comma that was percent-encoded is no separator (RFC 3986, 2.2).
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) parts: Vec<String>,
}

/// The pairs of a query (application/x-www-form-urlencoded, URL Standard 5.1), but strict: what cannot be decoded is a fault.
pub(super) fn pairs(query: &str) -> Result<Vec<Pair>, Fault> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(pair).collect()
}

fn pair(pair: &str) -> Result<Pair, Fault> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let malformed =
        |name: &str| Fault::query(name, "INVALID_PARAMETER", "this is not percent-encoded UTF-8");
    let name = text(name).ok_or_else(|| malformed("?"))?;
    match value.split(',').map(text).collect() {
        Some(parts) => Ok(Pair { name, parts }),
        None => Err(malformed(&name)),
    }
}

/// Decodes one text; none when it is malformed, or holds the character that no database stores.
fn text(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hexadecimal(rest.next()?)? << 4 | hexadecimal(rest.next()?)?,
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
