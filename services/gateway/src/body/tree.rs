//! JSON as it was sent, with repeated keys, in memory that the body owns.
use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Objects and arrays may be nested this deep.
pub(crate) const DEEPEST: usize = 32;

/// Up to here a number with a point or an exponent is exactly what was written.
const EXACT: f64 = 9_007_199_254_740_992.0;

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

/// Why a body cannot be read, in words.
#[derive(Debug, PartialEq)]
pub(crate) enum Unreadable {
    /// It is not JSON, or more of it than we take.
    Text(String),
    /// It is JSON with a number beyond all that a computer counts with.
    Number(String),
}

impl<'a> Tree<'a> {
    /// Reads a whole document; says with line and column why it cannot.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let mut source = serde_json::Deserializer::from_slice(bytes);
        let tree = Level(0).deserialize(&mut source).and_then(|tree| source.end().map(|()| tree));
        tree.map_err(|error| match error.to_string().strip_prefix("number out of range") {
            Some(place) => Unreadable::Number(format!("the number{place} is too large to be kept")),
            None => Unreadable::Text(format!("the body cannot be read as JSON: {error}")),
        })
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

/// How deep the value is that comes next.
#[derive(Clone, Copy)]
struct Level(usize);

impl Level {
    fn down<E: Error>(self) -> Result<Self, E> {
        if self.0 < DEEPEST {
            Ok(Self(self.0 + 1))
        } else {
            Err(E::custom(format!("nested deeper than {DEEPEST} levels")))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Tree<'de>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Tree<'de>, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Tree<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree<'de>, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Tree<'de>, E> {
        Ok(Tree::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree<'de>, E> {
        Ok(Tree::Whole(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree<'de>, E> {
        Ok(i64::try_from(number).map_or(Tree::Huge, Tree::Whole))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Tree<'de>, E> {
        Ok(match number {
            _ if number.abs() > EXACT => Tree::Huge,
            _ if number.fract() != 0.0 => Tree::Fraction,
            _ => Tree::Whole(number as i64),
        })
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Tree<'de>, E> {
        Ok(Tree::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree<'de>, E> {
        Ok(Tree::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree<'de>, A::Error> {
        let inner = self.down()?;
        let mut list = vec![];
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree<'de>, A::Error> {
        let inner = self.down()?;
        let mut object = vec![];
        while let Some(key) = entries.next_key_seed(Key)? {
            object.push((key, entries.next_value_seed(inner)?));
        }
        Ok(Tree::Object(object))
    }
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Cow<'de, str>, D::Error> {
        source.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(key.to_owned()))
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
            ("9007199254740994.0", Huge),
            ("9.007199254740992e15", Whole(9_007_199_254_740_992)),
            ("0.5e1", Whole(5)),
            ("5e-1", Fraction),
            ("1e-400", Whole(0)),
            ("0.1", Fraction),
            ("-1e300", Huge),
        ] {
            assert_eq!(Tree::parse(text.as_bytes()), Ok(expected), "{text}");
        }
        for text in ["01", "+1", "1.", ".5", "1e", "0x1", "1_000", "Infinity", "-", "1e999"] {
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
        let Unreadable::Text(fault) = fault else { panic!("{fault:?}") };
        assert!(fault.contains("nested deeper than 32 levels"), "{fault}");
        // It ends before the stack does.
        assert!(Tree::parse("[".repeat(1_000_000).as_bytes()).is_err());
    }
}
