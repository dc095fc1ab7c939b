//! What a number may be.
use clap::Args;

use super::verdict::{Finding, Verdict};
use crate::command::{figures, scope::Scope};

/// What every release is held against: shares are parts of 1, times are in seconds.
#[derive(Args)]
pub(super) struct Bounds {
    /// The share of requests that may fail.
    #[arg(long, default_value_t = 0.005)]
    max_errors: f64,
    /// How long a request in twenty may take, but for those with a password and those that wait for changes.
    #[arg(long, default_value_t = 0.3)]
    max_latency: f64,
    /// The share of their time that the threads of a process may work.
    #[arg(long, default_value_t = 0.95)]
    max_busy: f64,
}

/// A number, and its bounds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) query: String,
    pub(super) at_most: Option<f64>,
    pub(super) at_least: Option<f64>,
    pub(super) unit: Unit,
}

/// How a number is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Share,
    Seconds,
    Plain,
}

impl Unit {
    pub(super) fn in_words(self, value: f64) -> String {
        match self {
            Self::Share => figures::percent(value),
            Self::Seconds => format!("{:.0} ms", value * 1000.0),
            Self::Plain => value.to_string(),
        }
    }
}

/// What every release is held against.
pub(super) fn standard(scope: &Scope, bounds: &Bounds) -> Vec<Check> {
    let check = |name: &str, query: String, most: f64, unit| Check {
        name: name.to_owned(),
        query,
        at_most: Some(most),
        at_least: None,
        unit,
    };
    let errors = format!("{} / {}", scope.failed(), scope.requests());
    vec![
        check("requests that failed", errors, bounds.max_errors, Unit::Share),
        check(
            "one request in twenty takes",
            scope.within("0.95"),
            bounds.max_latency,
            Unit::Seconds,
        ),
        check("busiest threads", scope.busy(), bounds.max_busy, Unit::Share),
    ]
}

impl Check {
    /// What comes of a number; without one nobody can tell.
    pub(super) fn finding(&self, found: Option<f64>) -> Finding {
        let bounds: Vec<_> = [("at least", self.at_least), ("at most", self.at_most)]
            .into_iter()
            .filter_map(|(word, bound)| Some(format!("{word} {}", self.unit.in_words(bound?))))
            .collect();
        let (name, bounds) = (&self.name, bounds.join(", "));
        let Some(value) = found else {
            let text = format!("{name}: there is no number ({bounds})");
            return Finding { verdict: Verdict::Unknown, text };
        };
        let holds = self.at_most.is_none_or(|most| value <= most)
            && self.at_least.is_none_or(|least| value >= least);
        let verdict = if holds { Verdict::Pass } else { Verdict::Fail };
        Finding { verdict, text: format!("{name}: {} ({bounds})", self.unit.in_words(value)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(at_least: Option<f64>, at_most: Option<f64>) -> Check {
        Check { name: "x".to_owned(), query: String::new(), at_most, at_least, unit: Unit::Share }
    }

    #[test]
    fn a_number_passes_within_its_bounds_and_nobody_can_tell_without_one() {
        for (at_least, at_most, value, verdict, text) in [
            (None, Some(0.005), Some(0.005), Verdict::Pass, "x: 0.50 % (at most 0.50 %)"),
            (None, Some(0.005), Some(0.0051), Verdict::Fail, "x: 0.51 % (at most 0.50 %)"),
            (Some(0.1), None, Some(0.1), Verdict::Pass, "x: 10.00 % (at least 10.00 %)"),
            (Some(0.1), None, Some(0.09), Verdict::Fail, "x: 9.00 % (at least 10.00 %)"),
            (
                Some(0.1),
                Some(0.2),
                Some(0.3),
                Verdict::Fail,
                "x: 30.00 % (at least 10.00 %, at most 20.00 %)",
            ),
            (None, Some(0.005), None, Verdict::Unknown, "x: there is no number (at most 0.50 %)"),
        ] {
            let finding = check(at_least, at_most).finding(value);
            assert_eq!((finding.verdict, &*finding.text), (verdict, text), "{value:?}");
        }
    }

    #[test]
    fn a_fault_outweighs_what_nobody_can_tell_and_that_what_is_well() {
        assert!(Verdict::Fail > Verdict::Unknown && Verdict::Unknown > Verdict::Pass);
    }
}
