//! Checks of one's own.
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use super::checks::{Check, Unit};
use crate::command;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    check: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    query: String,
    at_most: Option<f64>,
    at_least: Option<f64>,
}

/// # Errors
/// A file that cannot be read, with the place that is wrong; a check without a bound.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Check>> {
    parse(&command::read(path)?).with_context(|| path.display().to_string())
}

fn parse(text: &str) -> anyhow::Result<Vec<Check>> {
    let Document { check } = toml::from_str(text)?;
    let whole = |Entry { name, query, at_most, at_least }| {
        let bounded = at_most.is_some() || at_least.is_some();
        ensure!(bounded, "check {name:?}: give at_most, at_least, or both");
        Ok(Check { name, query, at_most, at_least, unit: Unit::Plain })
    };
    check.into_iter().map(whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_list_of_checks_and_what_is_wrong_is_told_with_its_place() {
        let checks = parse("[[check]]\nname = 'queue'\nquery = 'max(x)'\nat_most = 5\n").unwrap();
        assert_eq!(
            (&*checks[0].query, checks[0].at_most, checks[0].at_least),
            ("max(x)", Some(5.0), None)
        );
        for (text, fault) in [
            ("[[check]]\nname = 'queue'\nquery = 'max(x)'\n", "check \"queue\": give at_most"),
            ("[[check]]\nname = 'queue'\nat_most = 5\n", "line 1"),
            ("[[check]]\nname = 'queue'\nquery = 'x'\nat_mots = 5\n", "line 4"),
            ("[[check]\n", "line 1"),
        ] {
            let said = format!("{:#}", parse(text).unwrap_err());
            assert!(said.contains(fault), "{text}: {said}");
        }
    }
}
