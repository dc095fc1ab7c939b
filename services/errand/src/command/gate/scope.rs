//! What is looked at: one release, or all that run.
use errand::objectives::{AVAILABILITY, LATENCY, Objective};

use crate::command::{period::Period, prometheus::quoted};

/// A release in a namespace, over a time.
pub(crate) struct Scope {
    pub(super) version: Option<String>,
    matcher: String,
    window: String,
}

impl Scope {
    /// `matcher` chooses the namespace, as a comma and a matcher of labels.
    pub(crate) fn new(matcher: &str, version: Option<&String>, window: &Period) -> Self {
        Self { version: version.cloned(), matcher: matcher.to_owned(), window: window.to_string() }
    }

    /// How much a counter has grown, in all.
    fn grown(&self, series: &str) -> String {
        format!("sum(increase({series}[{}]){})", self.window, self.of_version())
    }

    /// Leaves in what the release's own processes have counted: a target that ran two releases in that time counts for both.
    fn of_version(&self) -> String {
        let Some(version) = &self.version else { return String::new() };
        let matcher = format!("version={}{}", quoted(version), self.matcher);
        // Those that have ended since count too.
        let window = &self.window;
        format!(" and on (job, instance) last_over_time(errand_build_info{{{matcher}}}[{window}])")
    }

    /// How many requests came.
    pub(super) fn requests(&self) -> String {
        self.all(&AVAILABILITY)
    }

    /// How many an objective counts.
    pub(crate) fn all(&self, objective: &Objective) -> String {
        self.grown(&objective.all(&self.matcher))
    }

    /// How many of them broke its promise; 0 where none is known.
    pub(crate) fn bad(&self, objective: &Objective) -> String {
        let bad = objective.bad(&self.matcher, |series| self.grown(&series));
        format!("({bad} or vector(0))")
    }

    /// How long a request in twenty takes.
    pub(crate) fn latency(&self) -> String {
        let series = format!("{}_bucket{{{}{}}}", LATENCY.series, LATENCY.of, self.matcher);
        let (window, of_version) = (&self.window, self.of_version());
        format!("histogram_quantile(0.95, sum by (le) (rate({series}[{window}]){of_version}))")
    }

    /// The largest share of their time that a process' threads work.
    pub(super) fn busy(&self) -> String {
        let matcher = self.matcher.trim_start_matches(',');
        let (window, of_version) = (&self.window, self.of_version());
        format!(
            "max(rate(errand_runtime_tokio_worker_busy_seconds_total{{{matcher}}}[{window}]) / errand_runtime_tokio_workers{{{matcher}}}{of_version})"
        )
    }
}
