//! The query of a request, read strictly: what is unknown, repeated or malformed is told at once.
mod decode;

use std::{
    borrow::Cow, cell::RefCell, convert::Infallible, str::FromStr, sync::Arc, time::Duration,
};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};
use kit_base::{Timestamp, page::MAX_LIMIT};
use proto::tasks::v1::limits::{FILTER, FIRST_DAY, LAST_DAY};

use self::decode::Pair;
use crate::{
    edge::visit::Visit,
    problem::{Fault, Problem},
};

/// The parameters of a request. Each is asked for by its name; [`Query::end`] tells what was wrong with them.
pub(crate) struct Query {
    given: Vec<Pair>,
    found: RefCell<Findings>,
    visit: Option<Arc<Visit>>,
}

#[derive(Default)]
struct Findings {
    known: Vec<&'static str>,
    faults: Vec<Fault>,
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let visit = parts.extensions.get().cloned();
        Ok(Self { visit, ..Self::parse(parts.uri.query().unwrap_or_default()) })
    }
}

impl Query {
    /// The parameters of `query`.
    pub(crate) fn parse(query: &str) -> Self {
        let (given, faults) = decode::pairs(query);
        Self { given, found: RefCell::new(Findings { known: vec![], faults }), visit: None }
    }

    /// All values of `name` in order, each in its parts.
    fn values(&self, name: &'static str) -> impl Iterator<Item = &[String]> {
        self.found.borrow_mut().known.push(name);
        self.given.iter().filter(move |pair| pair.name == name).map(|pair| pair.parts.as_slice())
    }

    fn fault(&self, name: &str, code: &'static str, message: impl Into<Cow<'static, str>>) {
        self.found.borrow_mut().faults.push(Fault::query(name, code, message));
    }

    /// The one value of `name`.
    pub(crate) fn text(&self, name: &'static str) -> Option<String> {
        let mut values = self.values(name);
        let first = values.next()?;
        if values.next().is_some() {
            self.fault(name, "REPEATED_PARAMETER", "this parameter may be there once");
        }
        Some(first.join(","))
    }

    fn read<T>(
        &self,
        name: &'static str,
        expected: impl Into<Cow<'static, str>>,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(name)?;
        let value = read(&text);
        if value.is_none() {
            self.fault(name, "INVALID_PARAMETER", expected);
        }
        value
    }

    /// An id.
    pub(crate) fn id(&self, name: &'static str) -> Option<String> {
        self.read(name, "this is a UUID", |text| {
            let id = uuid::Uuid::try_parse(text).ok().filter(|_| text.len() == 36);
            id.map(|id| id.to_string())
        })
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, name: &'static str) -> Option<bool> {
        self.read(name, "this is true or false", |text| text.parse().ok())
    }

    /// A moment of a day that can be kept.
    pub(crate) fn moment(&self, name: &'static str) -> Option<prost_types::Timestamp> {
        let read = |text: &str| {
            let moment: Timestamp = text.parse().ok()?;
            let day = text.get(..LAST_DAY.len())?;
            let has_room = text.ends_with('Z') || ![FIRST_DAY, LAST_DAY].contains(&day);
            (has_room && (FIRST_DAY..=LAST_DAY).contains(&day)).then(|| moment.to_proto())
        };
        let expected = format!(
            "this is a time from {FIRST_DAY} to {LAST_DAY}, as 2026-09-01T09:00:00Z, with up to six decimals of the second; in the place \
             of `Z` may stand an offset as +02:00 (`%2B02:00` here), which the first and the last day have no room for"
        );
        let (seconds, nanos) = self.read(name, expected, read)?;
        Some(prost_types::Timestamp { seconds, nanos })
    }

    /// A length of time in whole seconds, as `30s` or `30`, at most `longest`.
    pub(crate) fn seconds(&self, name: &'static str, longest: u64) -> Duration {
        let read = |text: &str| {
            number(text.strip_suffix('s').unwrap_or(text)).filter(|seconds| *seconds <= longest)
        };
        let expected = format!("this is a number of seconds from 0s to {longest}s");
        Duration::from_secs(self.read(name, expected, read).unwrap_or(0))
    }

    /// Several values, separated by commas or each in a parameter of its own; `%2C` is a comma of the value itself.
    pub(crate) fn list(&self, name: &'static str) -> Vec<String> {
        let values = self.values(name).flatten().cloned().collect();
        self.bounded(name, values)
    }

    fn bounded(&self, name: &'static str, values: Vec<String>) -> Vec<String> {
        if values.iter().any(String::is_empty) {
            self.fault(name, "INVALID_PARAMETER", "no value of a list is empty");
        }
        if values.len() > FILTER {
            self.fault(name, "TOO_MANY", format!("this has at most {FILTER} values"));
        }
        values
    }

    /// Several words out of a closed set. None has a comma, so that many clients' `%2C` separates them too.
    pub(crate) fn words<T>(
        &self,
        name: &'static str,
        words: &[String],
        parse: impl Fn(&str) -> Option<T>,
    ) -> Vec<T> {
        let words_given = self.values(name).flatten().flat_map(|part| part.split(','));
        let given = self.bounded(name, words_given.map(str::to_owned).collect());
        let read: Vec<_> = given.iter().filter_map(|word| parse(word)).collect();
        if read.len() < given.len() {
            self.fault(name, "NOT_ONE_OF", format!("this is one of {}", words.join(", ")));
        }
        read
    }

    /// One word out of a closed set; empty when it is absent.
    pub(crate) fn word(&self, name: &'static str, words: &[&str]) -> String {
        let Some(word) = self.text(name) else { return String::new() };
        if !words.contains(&word.as_str()) {
            self.fault(name, "NOT_ONE_OF", format!("this is one of {}", words.join(", ")));
        }
        word
    }

    /// `limit` and `cursor`.
    pub(crate) fn page(&self) -> (i32, String) {
        let limit =
            |text: &str| number(text).filter(|limit| (1..=MAX_LIMIT).contains(&i64::from(*limit)));
        let expected = format!("this is a number from 1 to {MAX_LIMIT}");
        let limit: Option<i32> = self.read("limit", expected, limit);
        (limit.unwrap_or(0), self.text("cursor").unwrap_or_default())
    }

    /// Ends the reading where a service is asked for what the rest says: what it finds wrong there is told with what is wrong here.
    /// Says whether that is all that was asked for.
    pub(crate) fn ask(mut self) -> Result<bool, Problem> {
        let visit = self.visit.take();
        let head = visit.as_ref().and_then(|visit| visit.refusal.get().cloned());
        let Some(wrong) = Problem::of_both(head, self.end().err()) else { return Ok(true) };
        let Some(visit) = visit else { return Err(wrong) };
        _ = visit.found.set(wrong);
        Ok(false)
    }

    /// What was wrong with the parameters, those included that nobody asked for.
    pub(crate) fn end(self) -> Result<(), Problem> {
        let Findings { known, mut faults } = self.found.into_inner();
        let allowed = known.join(", ");
        for Pair { name, .. } in
            self.given.iter().filter(|pair| !known.contains(&pair.name.as_str()))
        {
            let message = match known.as_slice() {
                [] => "no parameter is known here".to_owned(),
                _ => format!("this parameter is not known; known are {allowed}"),
            };
            faults.push(Fault::query(
                &name.chars().take(64).collect::<String>(),
                "UNKNOWN_PARAMETER",
                message,
            ));
        }
        if faults.is_empty() {
            return Ok(());
        }
        Err(Problem::new(StatusCode::BAD_REQUEST, "INVALID_QUERY", "the query is not acceptable")
            .with_faults(faults))
    }
}

/// A whole number as it is written: without a plus, and without zeros before it.
fn number<T: FromStr + ToString>(text: &str) -> Option<T> {
    text.parse().ok().filter(|number: &T| number.to_string() == text)
}

#[cfg(test)]
mod tests;
