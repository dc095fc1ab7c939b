//! A small picture: how many requests came, bar by bar, and how many of them failed.
use std::fmt::Write as _;

use errand::objectives::AVAILABILITY;
use kit_base::Timestamp;

use crate::command::{period::Period, prometheus::Prometheus, scope::Scope};

/// How many bars the time is cut into.
const BARS: u64 = 24;
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 80.0;

/// The requests of a part of the time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Bar {
    pub(super) all: f64,
    pub(super) bad: f64,
}

/// # Errors
/// What Prometheus does not answer.
pub(super) async fn bars(
    prometheus: &Prometheus,
    scope: &Scope,
    now: Timestamp,
) -> anyhow::Result<Vec<Bar>> {
    let length = scope.window.duration();
    let step = (length.as_secs() / BARS).max(1);
    let scope = Scope::new(&scope.matcher, None, &Period::from_seconds(step));
    let from = now.minus(length).as_seconds() + i64::try_from(step).unwrap_or_default();
    let ask = async |query: &str| prometheus.range(query, (from, now.as_seconds()), step).await;
    let all = ask(&scope.all(&AVAILABILITY)).await?;
    let bad = ask(&scope.bad(&AVAILABILITY)).await?;
    let bar = |(time, all): (&i64, &f64)| Bar {
        all: *all,
        bad: bad.get(time).copied().unwrap_or_default(),
    };
    Ok(all.iter().map(bar).collect())
}

/// The bars beside each other; nothing where there are none.
pub(super) fn svg(bars: &[Bar]) -> String {
    let highest = bars.iter().map(|bar| bar.all).fold(0.0, f64::max);
    if highest <= 0.0 {
        return String::new();
    }
    let width = WIDTH / bars.len() as f64;
    let mut written = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"100%\" role=\"img\" aria-label=\"Requests over the time, and those that failed\">"
    );
    for (place, Bar { all, bad }) in bars.iter().enumerate() {
        for (value, color) in [(all, "#9db4c0"), (bad, "#b00020")] {
            let height = value / highest * HEIGHT;
            let (left, top) = (place as f64 * width, HEIGHT - height);
            _ = write!(
                written,
                "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{height:.1}\" fill=\"{color}\"/>",
                width - 2.0
            );
        }
    }
    written + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_high_as_its_requests_and_red_as_far_as_they_failed() {
        assert_eq!(svg(&[]), "");
        assert_eq!(svg(&[Bar::default()]), "");
        let drawn = svg(&[Bar { all: 100.0, bad: 0.0 }, Bar { all: 50.0, bad: 25.0 }]);
        for part in [
            "x=\"0.0\" y=\"0.0\" width=\"358.0\" height=\"80.0\" fill=\"#9db4c0\"",
            "x=\"360.0\" y=\"40.0\" width=\"358.0\" height=\"40.0\" fill=\"#9db4c0\"",
            "x=\"360.0\" y=\"60.0\" width=\"358.0\" height=\"20.0\" fill=\"#b00020\"",
        ] {
            assert!(drawn.contains(part), "{part} in {drawn}");
        }
    }
}
