//! What is looked at: one release in a namespace, or all that run, over a time.
use errand::objectives::{AVAILABILITY, LATENCY, Objective};

use super::{
    period::Period,
    prometheus::{Prometheus, quoted},
};

pub(crate) struct Scope {
    pub(crate) version: Option<String>,
    /// Chooses the namespace.
    pub(crate) matcher: String,
    pub(crate) window: Period,
}

/// How many of how many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    pub(crate) bad: f64,
    pub(crate) all: f64,
}

impl Counted {
    pub(crate) fn share(self) -> f64 {
        if self.all > 0.0 { self.bad / self.all } else { 0.0 }
    }
}

impl Scope {
    /// `matcher` chooses the namespace, as a matcher of labels.
    pub(crate) fn new(matcher: &str, version: Option<&String>, window: &Period) -> Self {
        Self { version: version.cloned(), matcher: matcher.to_owned(), window: window.clone() }
    }

    /// A series, where matchers of its own end in a comma.
    pub(crate) fn series(&self, name: &str, matchers: &str) -> String {
        format!("{name}{{{matchers}{}}}", self.matcher)
    }

    /// How much a counter has grown, in all.
    pub(crate) fn grown(&self, series: &str) -> String {
        format!("sum(increase({series}[{}]){})", self.window, self.of_version())
    }

    /// Leaves in what the release's own processes have counted: a target that ran two releases in that time counts for both.
    fn of_version(&self) -> String {
        let Some(version) = &self.version else { return String::new() };
        let info = self.series("errand_build_info", &format!("version={},", quoted(version)));
        // Those that have ended since count too.
        format!(" and on (job, instance) last_over_time({info}[{}])", self.window)
    }

    /// What an objective's series have to be beside.
    pub(crate) fn more(&self) -> String {
        format!(",{}", self.matcher)
    }

    /// How many requests came.
    pub(crate) fn requests(&self) -> String {
        self.all(&AVAILABILITY)
    }

    /// How many an objective counts.
    pub(crate) fn all(&self, objective: &Objective) -> String {
        self.grown(&objective.all(&self.more()))
    }

    /// How many of them broke its promise; 0 where none is known.
    pub(crate) fn bad(&self, objective: &Objective) -> String {
        let bad = objective.bad(&self.more(), |series| self.grown(&series));
        format!("({bad} or vector(0))")
    }

    /// How many requests failed, the first of a process that has just begun too: its series of that status was not there before, and does
    /// not grow for Prometheus.
    pub(crate) fn failed(&self) -> String {
        let (bad, all) = (
            self.bad(&AVAILABILITY),
            self.grown(&self.series("errand_http_server_errors_total", "")),
        );
        format!("({bad} > {all} or {all} or {bad})")
    }

    /// # Errors
    /// What Prometheus does not answer.
    pub(crate) async fn counted(
        &self,
        prometheus: &Prometheus,
        objective: &Objective,
    ) -> anyhow::Result<Counted> {
        let bad = prometheus.number(&self.bad(objective)).await?.unwrap_or_default();
        let all = prometheus.number(&self.all(objective)).await?.unwrap_or_default();
        Ok(Counted { bad: bad.clamp(0.0, all), all })
    }

    /// The buckets of how long requests take.
    pub(crate) fn times(&self) -> String {
        format!("{}_bucket{{{}{}}}", LATENCY.series, LATENCY.of, self.more())
    }

    /// Within which time such a share of requests is answered.
    pub(crate) fn within(&self, share: &str) -> String {
        let (times, window, of_version) = (self.times(), &self.window, self.of_version());
        format!("histogram_quantile({share}, sum by (le) (rate({times}[{window}]){of_version}))")
    }

    /// The largest share of their time that a process' threads work.
    pub(crate) fn busy(&self) -> String {
        let busy = self.series("errand_runtime_tokio_worker_busy_seconds_total", "");
        let threads = self.series("errand_runtime_tokio_workers", "");
        format!("max(rate({busy}[{}]) / {threads}{})", self.window, self.of_version())
    }
}
