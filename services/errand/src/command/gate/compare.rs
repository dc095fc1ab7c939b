//! Whether one release does worse than another, and how surely that is known.
use errand::objectives::{AVAILABILITY, LATENCY};

use super::verdict::{Finding, Verdict};
use crate::command::{
    figures::percent,
    prometheus::Prometheus,
    scope::{Counted, Scope},
};

/// Of a normal distribution 95 % lie within so many deviations.
const SURE: f64 = 1.959_964;

impl Counted {
    /// Where the true share is, with 95 % certainty (E. B. Wilson, 1927).
    fn interval(self) -> (f64, f64) {
        let (share, square) = (self.share(), SURE * SURE);
        let center = (share + square / (2.0 * self.all)) / (1.0 + square / self.all);
        let spread = SURE / (1.0 + square / self.all)
            * (share * (1.0 - share) / self.all + square / (4.0 * self.all * self.all)).sqrt();
        (center - spread, center + spread)
    }
}

/// By how much the second share is above the first, at the least and at the most, with 95 % certainty (R. G. Newcombe, 1998, method 10).
fn difference(old: Counted, new: Counted) -> (f64, f64) {
    let (from, to) = (old.interval(), new.interval());
    let between = new.share() - old.share();
    let root = |one: f64, other: f64| one.hypot(other);
    let least = between - root(new.share() - to.0, from.1 - old.share());
    let most = between + root(to.1 - new.share(), old.share() - from.0);
    (least, most)
}

/// The new release fails where it is surely worse by more than `most`, passes where it is surely not, and else nobody can tell.
fn verdict((lower, upper): (f64, f64), most: f64) -> Verdict {
    if lower > most {
        Verdict::Fail
    } else if upper <= most {
        Verdict::Pass
    } else {
        Verdict::Unknown
    }
}

/// What is found of two releases, in what both are held against.
///
/// # Errors
/// What Prometheus does not answer.
pub(super) async fn findings(
    prometheus: &Prometheus,
    scopes: &[Scope; 2],
    most: f64,
) -> anyhow::Result<Vec<Finding>> {
    let mut findings = vec![];
    for (what, objective) in [("failed", AVAILABILITY), ("took longer than 250 ms", LATENCY)] {
        let [old, new] = [&scopes[0], &scopes[1]];
        let old = old.counted(prometheus, &objective).await?;
        let new = new.counted(prometheus, &objective).await?;
        let told = |counted: Counted| format!("{} of {:.0}", percent(counted.share()), counted.all);
        let [first, second] =
            scopes.each_ref().map(|scope| scope.version.as_deref().unwrap_or_default());
        let mut text =
            format!("requests that {what}: {first} {}, {second} {}", told(old), told(new));
        let verdict = if old.all > 0.0 && new.all > 0.0 {
            let bounds = difference(old, new);
            let [lower, upper, most] = [bounds.0, bounds.1, most].map(|share| share * 100.0);
            text += &format!(
                ": {lower:+.2} to {upper:+.2} % with 95 % certainty (at most {most:+.2} %)"
            );
            verdict(bounds, most / 100.0)
        } else {
            Verdict::Unknown
        };
        findings.push(Finding { verdict, text });
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(bad: f64, all: f64) -> Counted {
        Counted { bad, all }
    }

    fn close(found: (f64, f64), expected: (f64, f64)) -> bool {
        (found.0 - expected.0).abs() < 0.000_06 && (found.1 - expected.1).abs() < 0.000_06
    }

    #[test]
    fn the_interval_of_a_difference_is_that_of_newcombes_paper() {
        // Table II: 56/70 and 48/80, 9/10 and 3/10, 0/10 and 0/20.
        for (new, old, expected) in [
            (counted(56.0, 70.0), counted(48.0, 80.0), (0.0524, 0.3339)),
            (counted(9.0, 10.0), counted(3.0, 10.0), (0.1705, 0.8090)),
            (counted(0.0, 10.0), counted(0.0, 20.0), (-0.1611, 0.2775)),
        ] {
            let found = difference(old, new);
            assert!(close(found, expected), "{new:?} {old:?}: {found:?}");
        }
    }

    #[test]
    fn a_release_fails_where_it_is_surely_worse_and_passes_where_it_is_surely_not() {
        for (old, new, expected) in [
            (counted(10.0, 10_000.0), counted(10.0, 10_000.0), Verdict::Pass),
            (counted(10.0, 10_000.0), counted(200.0, 10_000.0), Verdict::Fail),
            (counted(0.0, 10_000.0), counted(20.0, 1_000.0), Verdict::Fail),
            (counted(0.0, 200.0), counted(1.0, 200.0), Verdict::Unknown),
            // Surely worse, and nobody knows whether by more than it may be.
            (counted(100.0, 100_000.0), counted(10.0, 2_500.0), Verdict::Unknown),
            // Surely worse, and by so little that it is let through.
            (counted(100.0, 1_000_000.0), counted(1_000.0, 1_000_000.0), Verdict::Pass),
        ] {
            assert_eq!(verdict(difference(old, new), 0.005), expected, "{old:?} {new:?}");
        }
    }
}
