//! What a key of a Secret has to hold.
use std::{collections::BTreeMap, fmt::Write as _, str::FromStr};

use anyhow::Context as _;

/// A key, and what it gets when it is not there.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key {
    name: String,
    value: Value,
}

#[derive(Clone, PartialEq, Eq)]
enum Value {
    Random,
    Text(Vec<Piece>),
}

#[derive(Clone, PartialEq, Eq)]
enum Piece {
    AsItStands(String),
    /// The value of the key of that name.
    Of(String),
}

impl FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "a key is written NAME=random or NAME=text:TEXT";
        let (name, value) = text.split_once('=').ok_or(expected)?;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || !name.bytes().all(allowed) {
            return Err(format!(
                "{name:?} is no name for a key: letters, digits, '-', '_' and '.'"
            ));
        }
        let value = match value.split_once(':') {
            None if value == "random" => Value::Random,
            Some(("text", text)) => Value::Text(pieces(text)?),
            _ => return Err(expected.to_owned()),
        };
        Ok(Self { name: name.to_owned(), value })
    }
}

fn pieces(mut text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = vec![];
    while let Some((before, rest)) = text.split_once('{') {
        let (name, after) = rest.split_once('}').ok_or("a '{' is not closed")?;
        pieces.push(Piece::AsItStands(before.to_owned()));
        pieces.push(Piece::Of(name.to_owned()));
        text = after;
    }
    pieces.push(Piece::AsItStands(text.to_owned()));
    Ok(pieces)
}

/// The keys that are not in `present`, with what they get.
pub(super) fn absent(
    keys: &[Key],
    present: &BTreeMap<String, Vec<u8>>,
    mut random: impl FnMut() -> String,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut made = BTreeMap::new();
    for Key { name, value } in keys {
        if present.contains_key(name) || made.contains_key(name) {
            continue;
        }
        let value = match value {
            Value::Random => random(),
            Value::Text(pieces) => {
                filled(pieces, present, &made).with_context(|| format!("the key {name}"))?
            }
        };
        made.insert(name.clone(), value);
    }
    Ok(made)
}

fn filled(
    pieces: &[Piece],
    present: &BTreeMap<String, Vec<u8>>,
    made: &BTreeMap<String, String>,
) -> anyhow::Result<String> {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::AsItStands(piece) => text.push_str(piece),
            Piece::Of(name) => {
                let made = made.get(name).map(String::as_bytes);
                let value = made.or_else(|| present.get(name).map(Vec::as_slice));
                let value = value.with_context(|| {
                    format!("{{{name}}} is neither in the Secret nor a --key before this one")
                })?;
                value.iter().for_each(|byte| escape(&mut text, *byte));
            }
        }
    }
    Ok(text)
}

/// Percent-encodes what is not unreserved (RFC 3986, 2.3): a password may hold what would end it in a URL.
fn escape(text: &mut String, byte: u8) {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        text.push(char::from(byte));
    } else {
        write!(text, "%{byte:02X}").expect("a string takes any text");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(written: &[&str]) -> Vec<Key> {
        written.iter().map(|text| text.parse().unwrap_or_else(|fault| panic!("{fault}"))).collect()
    }

    fn make_keys(
        written: &[&str],
        present: &[(&str, &str)],
    ) -> anyhow::Result<BTreeMap<String, String>> {
        let present = present
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
            .collect();
        let mut count = 0;
        absent(&keys(written), &present, || {
            count += 1;
            format!("random-{count}")
        })
    }

    #[test]
    fn a_text_holds_the_values_of_other_keys() {
        let made = make_keys(
            &["password=random", "url=text:postgres://u:{password}@h:5432/{name}?a=b:c"],
            &[("name", "db")],
        )
        .expect("all keys are there");
        assert_eq!(made["url"], "postgres://u:random-1@h:5432/db?a=b:c");
        assert_eq!(made["password"], "random-1");
    }

    #[test]
    fn what_is_there_is_used_and_not_made_again() {
        let made = make_keys(
            &["password=random", "kek=random", "url=text:u:{password}@h"],
            &[("password", "p@ss/1"), ("kek", "")],
        )
        .expect("all keys are there");
        assert_eq!(
            made.into_iter().collect::<Vec<_>>(),
            [("url".to_owned(), "u:p%40ss%2F1@h".to_owned())]
        );
    }

    #[test]
    fn a_text_about_a_key_that_is_nowhere_is_refused() {
        let fault = format!(
            "{:#}",
            make_keys(&["url=text:{password}", "password=random"], &[])
                .expect_err("it comes later")
        );
        assert!(fault.starts_with("the key url: {password} is neither"), "{fault}");
    }

    #[test]
    fn only_what_is_a_key_is_taken_for_one() {
        for text in
            ["", "kek", "kek=", "kek=Random", "=random", "k k=random", "k=text", "k=text:{a"]
        {
            assert!(text.parse::<Key>().is_err(), "{text}");
        }
    }
}
