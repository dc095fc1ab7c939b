//! JSON as it was sent, with repeated keys and with numbers to their last digit, in memory that the body owns.
use std::{borrow::Cow, fmt};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Objects and arrays may be nested this deep.
pub(crate) const DEEPEST: usize = 32;

/// As many digits as the largest number has that can be [`Tree::Whole`].
const MOST_DIGITS: usize = 19;

/// One value.
#[derive(Debug, PartialEq)]
pub(crate) enum Tree<'a> {
    Null,
    Flag(bool),
    /// A whole number, however it is written: `5`, `5.0` or `0.5e1`.
    Whole(i64),
    /// A number with a fraction.
    Fraction,
    /// A number that is larger than any of ours can be.
    Huge,
    Text(Cow<'a, str>),
    List(Vec<Self>),
    Object(Vec<(Cow<'a, str>, Self)>),
}

impl<'a> Tree<'a> {
    /// Reads a whole document; says with line and column why it cannot.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let raw: &RawValue = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        Self::read(raw, DEEPEST).map_err(|Unreadable { part, why }| {
            let before = &bytes[..part.as_ptr().addr() - bytes.as_ptr().addr()];
            let mut lines = before.rsplit(|byte| *byte == b'\n');
            let column = lines.next().map_or(0, <[u8]>::len) + 1;
            format!("{why} in what begins at line {} column {column}", lines.count() + 1)
        })
    }

    /// Reads a value in which this many levels may lie. Its form has been looked at: only its texts can still be none.
    fn read(raw: &'a RawValue, levels: usize) -> Result<Self, Unreadable<'a>> {
        let why = || format!("nested deeper than {DEEPEST} levels");
        let inner =
            || levels.checked_sub(1).ok_or_else(|| Unreadable { part: raw.get(), why: why() });
        match raw.get().as_bytes().first() {
            Some(b'n') => Ok(Self::Null),
            Some(b't') => Ok(Self::Flag(true)),
            Some(b'f') => Ok(Self::Flag(false)),
            Some(b'"') => part::<Text<'a>>(raw).map(|Text(text)| Self::Text(text)),
            Some(b'[') => {
                let (inner, items) = (inner()?, part::<Vec<&RawValue>>(raw)?);
                items
                    .into_iter()
                    .map(|item| Self::read(item, inner))
                    .collect::<Result<_, _>>()
                    .map(Self::List)
            }
            Some(b'{') => {
                let (inner, Entries(entries)) = (inner()?, part::<Entries<'a>>(raw)?);
                let read = |(Text(key), value)| Ok((key, Self::read(value, inner)?));
                entries.into_iter().map(read).collect::<Result<_, _>>().map(Self::Object)
            }
            _ => Ok(Self::number(raw.get())),
        }
    }

    /// What a number is, which has the form of one (RFC 8259, 6): what was written, and not what is nearest to it.
    fn number(text: &str) -> Self {
        let (size, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = size.split_once('.').unwrap_or((size, ""));
        let fraction = fraction.trim_end_matches('0');
        let digits = [whole, fraction].concat();
        let digits = digits.trim_start_matches(['-', '0']);
        let significant = digits.trim_end_matches('0');
        if significant.is_empty() {
            return Self::Whole(0);
        }
        let beyond = if exponent.starts_with('-') { i64::MIN } else { i64::MAX };
        let zeros = exponent
            .parse()
            .unwrap_or(beyond)
            .saturating_sub_unsigned(fraction.len() as u64)
            .saturating_add_unsigned((digits.len() - significant.len()) as u64);
        match usize::try_from(zeros) {
            Err(_) => Self::Fraction,
            Ok(zeros) if significant.len().saturating_add(zeros) > MOST_DIGITS => Self::Huge,
            Ok(zeros) => {
                let sign = if text.starts_with('-') { "-" } else { "" };
                let plain = format!("{sign}{significant}{}", "0".repeat(zeros));
                plain.parse().map_or(Self::Huge, Self::Whole)
            }
        }
    }

    /// What it is, in words.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Flag(_) => "a boolean",
            Self::Whole(_) | Self::Huge => "a number",
            Self::Fraction => "a number with a fraction",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// Which part of a document cannot be read, and why.
struct Unreadable<'a> {
    part: &'a str,
    why: String,
}

fn part<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, Unreadable<'a>> {
    serde_json::from_str(raw.get()).map_err(|error| {
        let mut why = error.to_string();
        // The place in the part, which says nothing of that in the document.
        why.truncate(why.find(" at line ").unwrap_or(why.len()));
        Unreadable { part: raw.get(), why }
    })
}

/// A string, borrowed where it has no escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_str(AnyText)
    }
}

struct AnyText;

impl<'de> Visitor<'de> for AnyText {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

/// The entries of an object in their order, those with the same key too.
struct Entries<'a>(Vec<(Text<'a>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_map(AnyEntries)
    }
}

struct AnyEntries;

impl<'de> Visitor<'de> for AnyEntries {
    type Value = Entries<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Entries<'de>, A::Error> {
        let mut entries = vec![];
        while let Some(entry) = source.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_was_written_or_is_told_apart() {
        use Tree::{Fraction, Huge, Whole};
        for (text, expected) in [
            ("0", Whole(0)),
            ("-0", Whole(0)),
            ("-0.0", Whole(0)),
            ("9223372036854775807", Whole(i64::MAX)),
            ("-9223372036854775808", Whole(i64::MIN)),
            ("9223372036854775808", Huge),
            ("18446744073709551616", Huge),
            ("-9223372036854775809", Huge),
            ("9007199254740992.0", Whole(9_007_199_254_740_992)),
            ("9007199254740993.0", Whole(9_007_199_254_740_993)),
            ("9.007199254740992e15", Whole(9_007_199_254_740_992)),
            ("0.5e1", Whole(5)),
            ("5e-1", Fraction),
            ("1e-400", Fraction),
            ("0.1", Fraction),
            ("60.000000000000000000001", Fraction),
            ("60.000000000000000000000", Whole(60)),
            ("600e-1", Whole(60)),
            ("605e-1", Fraction),
            ("0.0e999999999999999999999", Whole(0)),
            ("9.223372036854775807E+18", Whole(i64::MAX)),
            ("9.223372036854775808E+18", Huge),
            ("-922337203685477580800e-2", Whole(i64::MIN)),
            ("-1e300", Huge),
            ("1e999", Huge),
            ("1e99999999999999999999", Huge),
            ("-1e-99999999999999999999", Fraction),
        ] {
            assert_eq!(Tree::parse(text.as_bytes()), Ok(expected), "{text}");
        }
        for text in ["01", "+1", "1.", ".5", "1e", "0x1", "1_000", "Infinity", "-"] {
            assert!(Tree::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_value_is_read_with_all_its_keys_and_escapes() {
        let text = |text: &'static str| Tree::Text(text.into());
        let parsed =
            Tree::parse(br#"{"a":[null,true,"\u00e4\ud83e\udd80"],"a":{},"\n":"\/"} "#).unwrap();
        let list = Tree::List(vec![Tree::Null, Tree::Flag(true), text("ä🦀")]);
        let object =
            vec![("a".into(), list), ("a".into(), Tree::Object(vec![])), ("\n".into(), text("/"))];
        assert_eq!(parsed, Tree::Object(object));
        let kinds = ["null", "true", "7", "1e99", "0.5", "\"\"", "[]", "{}"];
        let told = kinds.map(|text| Tree::parse(text.as_bytes()).unwrap().kind());
        let number = "a number";
        let fraction = "a number with a fraction";
        assert_eq!(
            told,
            ["null", "a boolean", number, number, fraction, "a string", "an array", "an object"]
        );
    }

    #[test]
    fn a_body_is_as_deep_as_is_allowed_in_objects_and_arrays_together() {
        let nested = |pairs: usize| format!("{}1{}", "[{\"a\":".repeat(pairs), "}]".repeat(pairs));
        assert!(Tree::parse(nested(DEEPEST / 2).as_bytes()).is_ok());
        let fault = Tree::parse(nested(DEEPEST / 2 + 1).as_bytes()).unwrap_err();
        assert!(fault.contains("nested deeper than 32 levels"), "{fault}");
        // It ends before the stack does.
        assert!(Tree::parse("[".repeat(1_000_000).as_bytes()).is_err());
    }
}
