//! Each release beside the one before it.
use std::{cmp::Ordering, collections::BTreeSet};

use errand::objectives::AVAILABILITY;
use kit_base::Timestamp;

use super::page::{Row, Section};
use crate::command::{
    figures::{number, percent, time},
    prometheus::{Exemplar, Prometheus, Row as Found},
    scope::{Counted, Scope},
};

/// A release grows slower than this before someone has to look.
const SLOWER: f64 = 0.25;

/// # Errors
/// What Prometheus does not answer.
pub(super) async fn section(
    prometheus: &Prometheus,
    whole: &Scope,
    now: Timestamp,
) -> anyhow::Result<Section> {
    let (info, window) = (whole.series("errand_build_info", ""), &whole.window);
    let query = format!("count by (version, instance) (last_over_time({info}[{window}]))");
    let found = prometheus.rows(&query).await?;
    let place = |(labels, _): &Found| {
        Some((labels.get("version")?.clone(), labels.get("instance")?.clone()))
    };
    let places: BTreeSet<_> = found.iter().filter_map(place).collect();
    let mut versions: Vec<_> = places.iter().map(|(version, _)| version).collect();
    versions.dedup();
    versions.sort_by(|one, other| by_number(one, other));
    let from = now.minus(window.duration()).as_seconds();
    let exemplars = prometheus.exemplars(&whole.times(), (from, now.as_seconds())).await?;
    let (mut rows, mut before) = (vec![], None);
    for version in versions {
        let scope = Scope::new(&whole.matcher, Some(version), window);
        let counted = scope.counted(prometheus, &AVAILABILITY).await?;
        let latency = prometheus.number(&scope.within("0.95")).await?;
        let own =
            |exemplar: &&Exemplar| places.contains(&(version.clone(), exemplar.instance.clone()));
        let slowest =
            exemplars.iter().filter(own).max_by(|one, other| one.value.total_cmp(&other.value));
        rows.push(row(version, counted, latency, before, slowest));
        before = latency.or(before);
    }
    Ok(Section { title: "Releases", rows })
}

fn row(
    version: &str,
    counted: Counted,
    latency: Option<f64>,
    before: Option<f64>,
    slowest: Option<&Exemplar>,
) -> Row {
    let (requests, share) = (counted.all, counted.share());
    let mut text = format!("{} requests, {} failed", number(requests), percent(share));
    let growth = latency.zip(before).map(|(now, before)| now / before - 1.0);
    if let Some(latency) = latency {
        text += &format!(", one in twenty takes longer than {}", time(latency));
    }
    if let Some(growth) = growth {
        text += &format!(" ({:+.0} % beside the one before)", growth * 100.0);
    }
    if let Some(Exemplar { trace_id, value, .. }) = slowest {
        text += &format!(", the slowest is trace {trace_id} ({})", time(*value));
    }
    let bad = share > 1.0 - 0.995 || growth.is_some_and(|growth| growth > SLOWER);
    Row::new(version, requests, text, bad)
}

/// 0.9 comes before 0.10.
fn by_number(one: &str, other: &str) -> Ordering {
    let parts = |version: &str| -> Vec<(u64, String)> {
        let parts = version.split(['.', '-', '+']);
        parts.map(|part| (part.parse().unwrap_or(u64::MAX), part.to_owned())).collect()
    };
    parts(one).cmp(&parts(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_stand_in_the_order_of_their_numbers() {
        let mut versions = ["0.10.0", "0.9.1", "1.0.0", "0.9.0", "next"];
        versions.sort_by(|one, other| by_number(one, other));
        assert_eq!(versions, ["0.9.0", "0.9.1", "0.10.0", "1.0.0", "next"]);
    }

    #[test]
    fn a_release_is_told_with_what_became_of_it_beside_the_one_before() {
        let slowest =
            Exemplar { instance: "a".to_owned(), trace_id: "abc".to_owned(), value: 1.25 };
        let worse =
            row("2", Counted { bad: 40.0, all: 2_000.0 }, Some(0.15), Some(0.1), Some(&slowest));
        let text = "2,000 requests, 2.00 % failed, one in twenty takes longer than 150 ms (+50 % beside the one before), the slowest is trace abc (1.2 s)";
        assert_eq!((&*worse.text, worse.bad), (text, true));
        let first = row("1", Counted { bad: 0.0, all: 10.0 }, Some(0.1), None, None);
        assert_eq!(
            first.text,
            "10 requests, 0.00 % failed, one in twenty takes longer than 100 ms"
        );
        assert!(!first.bad && !row("3", Counted { bad: 0.0, all: 0.0 }, None, Some(0.1), None).bad);
    }
}
