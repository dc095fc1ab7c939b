//! The last trace that fell into each bucket of a histogram: from a slow bucket one gets to a request that was that slow.
use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use super::{labels::labels, metric::Metric};
use crate::{Clock, Timestamp, trace::TraceContext};

/// Those of all series that have any, by how the series is written.
static KEPT: LazyLock<Mutex<HashMap<String, Arc<Slots>>>> = LazyLock::new(Mutex::default);

fn kept() -> MutexGuard<'static, HashMap<String, Arc<Slots>>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether traces are exported: whoever asks can say that theirs is.
static EXPORTED: AtomicBool = AtomicBool::new(false);

/// Keeps exemplars from now on: traces are exported.
pub fn keep_exemplars() {
    EXPORTED.store(true, Relaxed);
}

/// One value, and the trace that it was measured in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exemplar {
    value: f64,
    trace: TraceContext,
    at: Timestamp,
}

impl fmt::Display for Exemplar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { value, trace, at } = self;
        let (trace_id, seconds) = (trace.trace_id_hex(), at.as_microseconds() as f64 / 1e6);
        write!(formatter, "{{trace_id=\"{trace_id}\"}} {value} {seconds:.3}")
    }
}

/// The exemplars of a series, one a bucket.
#[derive(Debug)]
pub(super) struct Slots(Vec<Mutex<Option<Exemplar>>>);

impl Slots {
    pub(super) fn get(&self, bucket: usize) -> Option<Exemplar> {
        *self.0.get(bucket)?.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Those of the series with these labels, as they are written.
pub(super) fn slots(name: &str, labels: &str) -> Option<Arc<Slots>> {
    kept().get(&format!("{name}{{{labels}}}")).cloned()
}

/// A series of a histogram that keeps exemplars; hold on to it.
#[derive(Clone, Debug)]
pub struct Traced {
    histogram: prometheus::Histogram,
    buckets: &'static [f64],
    slots: Arc<Slots>,
}

impl Traced {
    pub(super) fn new(histogram: prometheus::Histogram, metric: &Metric, values: &[&str]) -> Self {
        let (name, buckets) = (metric.name, metric.buckets);
        let written = labels(metric.labels.iter().copied().zip(values.iter().copied()));
        let none = || Arc::new(Slots((0..=buckets.len()).map(|_| Mutex::default()).collect()));
        let slots = kept().entry(format!("{name}{{{written}}}")).or_insert_with(none).clone();
        Self { histogram, buckets, slots }
    }

    /// Sorts a value in. Where its trace is kept, it is the example of its bucket from now on.
    pub fn observe(&self, value: f64, trace: Option<TraceContext>) {
        self.histogram.observe(value);
        if let Some(trace) = trace.filter(|trace| trace.sampled && EXPORTED.load(Relaxed)) {
            let bucket = self.buckets.partition_point(|bound| *bound < value);
            let exemplar = Exemplar { value, trace, at: Clock::system().now() };
            // Whoever comes at the same time is as good an example.
            if let Ok(mut slot) = self.slots.0[bucket].try_lock() {
                *slot = Some(exemplar);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Histogram, Layer};

    static TIMES: Histogram = Histogram::with_buckets(
        Layer::Application,
        "exemplified_seconds",
        &["route"],
        "Tested.",
        &[0.25, 1.0],
    );

    #[test]
    fn a_bucket_shows_the_last_trace_that_is_kept() {
        let times = TIMES.traced(&["/x"]);
        let [kept, newer] = [(); 2].map(|()| TraceContext::random(true));
        times.observe(0.1, Some(kept));
        assert!(!crate::metrics::openmetrics().contains("trace_id"), "nobody can look it up");
        keep_exemplars();
        times.observe(0.1, Some(TraceContext::random(false)));
        times.observe(0.3, Some(kept));
        times.observe(1.0, Some(newer));
        times.observe(2.0, None);
        let text = crate::metrics::openmetrics();
        let of_bucket = |bound: &str| {
            let begin = format!("exemplified_seconds_bucket{{route=\"/x\",le=\"{bound}\"}} ");
            text.lines().find_map(|line| line.strip_prefix(&begin)).unwrap().to_owned()
        };
        assert_eq!(of_bucket("0.25"), "2", "its trace is not kept");
        let shown = of_bucket("1.0");
        let begin = format!("4 # {{trace_id=\"{}\"}} 1 ", newer.trace_id_hex());
        let at: f64 =
            shown.strip_prefix(&begin).unwrap_or_else(|| panic!("{shown}")).parse().unwrap();
        assert!(at > 1.7e9, "{at}");
        assert_eq!(of_bucket("+Inf"), "5");
        assert!(!crate::metrics::text().contains("trace_id"), "the plain text has no place for it");
    }
}
