use crate::problem::Fault;

/// A parameter and its value, which lies between commas in parts: a comma that was percent-encoded is no separator (RFC 3986, 2.2).
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) parts: Vec<String>,
}

/// The pairs of a query (application/x-www-form-urlencoded, URL Standard 5.1), but strict: each that cannot be decoded is a fault.
pub(super) fn pairs(query: &str) -> (Vec<Pair>, Vec<Fault>) {
    let (mut pairs, mut faults) = (vec![], vec![]);
    for text in query.split('&').filter(|text| !text.is_empty()) {
        match pair(text) {
            Ok(pair) => pairs.push(pair),
            Err(fault) => faults.push(fault),
        }
    }
    (pairs, faults)
}

fn pair(pair: &str) -> Result<Pair, Fault> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let malformed = |name: &str, message| Fault::query(name, "INVALID_PARAMETER", message);
    let name = text(name).map_err(|message| malformed("?", message))?;
    let parts: Result<_, _> = value.split(',').map(text).collect();
    match parts {
        Ok(parts) => Ok(Pair { name, parts }),
        Err(message) => Err(malformed(&name, message)),
    }
}

/// Decodes one text; why not when it is malformed, or holds the character that no database stores.
fn text(encoded: &str) -> Result<String, &'static str> {
    match bytes(encoded).map(String::from_utf8) {
        Some(Ok(text)) if text.contains('\0') => Err("a text has no character U+0000"),
        Some(Ok(text)) => Ok(text),
        _ => Err("this is not percent-encoded UTF-8"),
    }
}

fn bytes(encoded: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hexadecimal(rest.next()?)? << 4 | hexadecimal(rest.next()?)?,
            plain => plain,
        });
    }
    Some(bytes)
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each name with its parts.
    fn read(query: &str) -> Option<Vec<(String, Vec<String>)>> {
        let (pairs, faults) = pairs(query);
        faults
            .is_empty()
            .then(|| pairs.into_iter().map(|Pair { name, parts }| (name, parts)).collect())
    }

    fn pair_of(name: &str, parts: &[&str]) -> (String, Vec<String>) {
        (name.to_owned(), parts.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_query_is_cut_at_what_is_not_encoded() {
        for (query, expected) in [
            ("", vec![]),
            ("&&", vec![]),
            ("a", vec![pair_of("a", &[""])]),
            ("a=", vec![pair_of("a", &[""])]),
            ("=b", vec![pair_of("", &["b"])]),
            ("a=b=c", vec![pair_of("a", &["b=c"])]),
            ("a%3Db=c%26d", vec![pair_of("a=b", &["c&d"])]),
            ("a=b,c%2Cd,,e", vec![pair_of("a", &["b", "c,d", "", "e"])]),
            ("a+b=c+d%2B", vec![pair_of("a b", &["c d+"])]),
            ("a=1&b=2&a=3", vec![pair_of("a", &["1"]), pair_of("b", &["2"]), pair_of("a", &["3"])]),
            ("q=%C3%a4%F0%9F%A6%80", vec![pair_of("q", &["ä🦀"])]),
        ] {
            assert_eq!(read(query), Some(expected), "{query}");
        }
    }

    #[test]
    fn what_is_no_text_is_refused_wherever_it_is() {
        for query in [
            "a=%",
            "a=%4",
            "a=%4g",
            "a=%g4",
            "a=%+1",
            "a=%c3",
            "a=%c3,%a4",
            "%ff=a",
            "a=b&%00",
            "a=%ed%a0%80",
        ] {
            assert_eq!(read(query), None, "{query}");
        }
    }

    #[test]
    fn every_text_can_be_asked_for() {
        let texts = (1..=u32::from('\u{10ffff}')).step_by(97).filter_map(char::from_u32);
        for character in texts.chain('\u{1}'..='\u{7f}') {
            let mut utf8 = [0; 4];
            let bytes = character.encode_utf8(&mut utf8).bytes();
            let encoded: String = bytes.map(|byte| format!("%{byte:02x}")).collect();
            let part = character.to_string();
            assert_eq!(
                read(&format!("q={encoded}")),
                Some(vec![pair_of("q", &[&part])]),
                "{encoded}"
            );
        }
    }
}
