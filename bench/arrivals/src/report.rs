//! What came of a load.
use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

/// What came of one request.
pub(crate) struct Outcome {
    /// When it was due, from the beginning on.
    pub(crate) at: Duration,
    /// None when there was no answer.
    pub(crate) status: Option<u16>,
    pub(crate) took: Duration,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Report(Vec<Outcome>);

/// A report as it is printed. Times are in milliseconds.
#[derive(Serialize)]
pub(crate) struct Summary {
    /// Answers by status; `none` is no answer.
    statuses: BTreeMap<String, usize>,
    /// Answers a second that did what was asked for.
    served: f64,
    served_p50: f64,
    served_p99: f64,
    /// Requests a second that were told to come again: 429 and 503.
    shed: f64,
    shed_p99: f64,
    /// What 99 of 100 were served within, of those that were due in each second.
    p99_by_second: Vec<f64>,
}

impl Report {
    pub(crate) fn add(&mut self, outcome: Outcome) {
        self.0.push(outcome);
    }

    /// Of a load that lasted so many seconds.
    pub(crate) fn summary(&self, seconds: f64) -> Summary {
        let mut statuses = BTreeMap::<String, usize>::new();
        for outcome in &self.0 {
            let name = outcome.status.map_or("none".to_owned(), |status| status.to_string());
            *statuses.entry(name).or_default() += 1;
        }
        let served = |outcome: &&Outcome| outcome.status.is_some_and(|status| status < 400);
        let all: Vec<_> = self.0.iter().filter(served).collect();
        // What was under way at the end is not what was done in the time.
        let in_time = all.iter().filter(|one| (one.at + one.took).as_secs_f64() <= seconds).count();
        let refused = |outcome: &&Outcome| matches!(outcome.status, Some(429 | 503));
        let shed: Vec<_> = self.0.iter().filter(refused).collect();
        let p99_by_second = (0..).map_while(|second| {
            let due = all.iter().copied().filter(|outcome| outcome.at.as_secs() == second);
            ((second as f64) < seconds).then(|| share(due, 0.99))
        });
        Summary {
            statuses,
            served: in_time as f64 / seconds,
            served_p50: share(all.iter().copied(), 0.5),
            served_p99: share(all.iter().copied(), 0.99),
            shed: shed.len() as f64 / seconds,
            shed_p99: share(shed.iter().copied(), 0.99),
            p99_by_second: p99_by_second.collect(),
        }
    }
}

/// What such a share took at most, in milliseconds; 0 of none.
fn share<'o>(outcomes: impl Iterator<Item = &'o Outcome>, share: f64) -> f64 {
    let mut took: Vec<_> = outcomes.map(|outcome| outcome.took).collect();
    took.sort_unstable();
    let place = (took.len() as f64 * share) as usize;
    took.get(place.min(took.len().saturating_sub(1))).map_or(0.0, |took| took.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_served_and_what_was_shed_are_told_apart() {
        let mut report = Report::default();
        for (at, status, took) in [
            (0, Some(200), 1),
            (1, Some(201), 5),
            (1, Some(404), 6),
            (1, Some(503), 2),
            (2, Some(200), 600),
            (2, None, 9_000),
            (2, Some(500), 700),
        ] {
            let (at, took) = (Duration::from_secs(at), Duration::from_millis(took));
            report.add(Outcome { at, status, took });
        }
        let told = report.summary(2.5);
        assert_eq!((told.served, told.served_p50, told.served_p99), (0.8, 5.0, 600.0));
        assert_eq!((told.shed, told.shed_p99), (0.4, 2.0));
        assert_eq!(told.p99_by_second, [1.0, 5.0, 600.0]);
        let statuses: Vec<_> =
            told.statuses.iter().map(|(name, count)| (&**name, *count)).collect();
        let expected = [("200", 2), ("201", 1), ("404", 1), ("500", 1), ("503", 1), ("none", 1)];
        assert_eq!(statuses, expected);
    }
}
