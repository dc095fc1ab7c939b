use prometheus::{
    CounterVec, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, core::Collector,
};

/// What a metric is to Prometheus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only rises.
    Counter,
    /// It rises and falls.
    Gauge,
    /// It sorts values into buckets.
    Histogram,
}

/// One metric of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name in Prometheus; the suffix is its unit.
    pub name: &'static str,
    /// What it is to Prometheus.
    pub kind: Kind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says, in one sentence.
    pub help: &'static str,
    /// Upper bounds of a histogram's buckets.
    pub buckets: &'static [f64],
}

impl Metric {
    /// A metric that only rises.
    pub const fn counter(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self { name, kind: Kind::Counter, labels, help, buckets: &[] }
    }

    /// A metric that rises and falls.
    pub const fn gauge(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self { name, kind: Kind::Gauge, labels, help, buckets: &[] }
    }

    /// A metric that sorts values into `buckets`.
    pub const fn histogram(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
        buckets: &'static [f64],
    ) -> Self {
        Self { name, kind: Kind::Histogram, labels, help, buckets }
    }

    /// What its values are measured in; empty for a plain number.
    pub fn unit(&self) -> &'static str {
        let name = self.name.trim_end_matches("_total");
        ["seconds", "bytes"].into_iter().find(|unit| name.ends_with(unit)).unwrap_or("")
    }

    /// Registers a counter. Each metric is registered once a process, from a static.
    pub fn register_counter(&self) -> IntCounterVec {
        registered(IntCounterVec::new(Opts::new(self.name, self.help), self.labels))
    }

    /// Registers a counter of seconds. Each metric is registered once a process, from a static.
    pub fn register_seconds(&self) -> CounterVec {
        registered(CounterVec::new(Opts::new(self.name, self.help), self.labels))
    }

    /// Registers a gauge. Each metric is registered once a process, from a static.
    pub fn register_gauge(&self) -> IntGaugeVec {
        registered(IntGaugeVec::new(Opts::new(self.name, self.help), self.labels))
    }

    /// Registers a histogram. Each metric is registered once a process, from a static.
    pub fn register_histogram(&self) -> HistogramVec {
        let options = HistogramOpts::new(self.name, self.help).buckets(self.buckets.to_vec());
        registered(HistogramVec::new(options, self.labels))
    }
}

fn registered<C: Collector + Clone + 'static>(metric: prometheus::Result<C>) -> C {
    let metric = metric.expect("names in the catalogue are valid");
    prometheus::register(Box::new(metric.clone())).expect("a static registers its metric once");
    metric
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_says_its_unit_by_the_end_of_its_name() {
        for (name, unit) in [
            ("http_request_duration_seconds", "seconds"),
            ("process_cpu_seconds_total", "seconds"),
            ("http_request_body_size_bytes", "bytes"),
            ("db_bytes_total", "bytes"),
            ("errand_auth_lockouts_total", ""),
            ("seconds_behind", ""),
        ] {
            assert_eq!(Metric::counter(name, &[], "").unit(), unit, "{name}");
        }
    }
}
