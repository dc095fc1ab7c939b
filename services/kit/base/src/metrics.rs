//! What a process counts and times, for Prometheus. Each metric is declared once, as a `static`, and stands in the `CATALOGUE` of its
//! crate: rules, dashboards and documentation follow what those say.
mod declared;
mod exemplars;
mod handles;
mod labels;
mod metric;
mod openmetrics;
mod shared;

use std::sync::{Mutex, PoisonError};

pub use self::{
    declared::{Counter, Declared, Gauge, Histogram, Seconds, Series, Vector, begin},
    exemplars::{Traced, keep_exemplars},
    handles::Handles,
    metric::{Kind, Layer, Metric},
    shared::{CATALOGUE, CacheRequests, dependency_up},
};

/// Seconds; the OpenTelemetry bounds and, below them, what an efficient service needs. No SLO sits on a whole number, which
/// text and OpenMetrics spell differently.
pub const DURATION_BUCKETS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0,
    7.5, 10.0,
];

type Tell = Box<dyn FnMut() -> bool + Send>;

static TELL: Mutex<Vec<Tell>> = Mutex::new(vec![]);

/// Has `tell` bring its gauges up to date before all that was counted is read, for as long as it gives true: what it tells of is gone
/// then. It must not wait.
pub fn before_scrape(tell: impl FnMut() -> bool + Send + 'static) {
    TELL.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(tell));
}

/// All that was counted, in Prometheus' text format.
pub fn text() -> String {
    let mut text = String::new();
    let written = prometheus::TextEncoder::new().encode_utf8(&gathered(), &mut text);
    written.expect("the registry holds only valid metrics");
    text
}

/// The same as OpenMetrics 1.0.0 has it, with exemplars.
pub fn openmetrics() -> String {
    openmetrics::encode(&gathered())
}

fn gathered() -> Vec<prometheus::proto::MetricFamily> {
    TELL.lock().unwrap_or_else(PoisonError::into_inner).retain_mut(|tell| tell());
    prometheus::gather()
}
