use std::sync::OnceLock;

use prometheus::{
    CounterVec, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts,
    core::{Atomic, Collector, GenericCounterVec, MetricVec, MetricVecBuilder},
};

use super::{
    exemplars::Traced,
    metric::{Kind, Layer, Metric},
};

/// A metric in the catalogue of its crate.
pub trait Declared: Sync {
    /// What is known of it.
    fn metric(&self) -> &Metric;
    /// Shows the series that are there from the start.
    fn begin(&self);
}

/// Shows from now on what each metric of a catalogue begins with.
pub fn begin(catalogue: &[&dyn Declared]) {
    catalogue.iter().for_each(|declared| declared.begin());
}

/// A metric and its series, registered at its first use. It is a `static`, once for each name.
#[derive(Debug)]
pub struct Series<V> {
    metric: Metric,
    vector: OnceLock<V>,
}

/// What only rises.
pub type Counter = Series<IntCounterVec>;
/// Seconds that only rise.
pub type Seconds = Series<CounterVec>;
/// What rises and falls.
pub type Gauge = Series<IntGaugeVec>;
/// What sorts values into buckets.
pub type Histogram = Series<HistogramVec>;

impl<V> Series<V> {
    /// The same with these series from the start, each by the values of its labels.
    #[must_use]
    pub const fn from_start(mut self, series: &'static [&'static [&'static str]]) -> Self {
        self.metric.series = series;
        self
    }
}

impl<V: Vector> Series<V> {
    /// A metric of this kind.
    pub const fn new(
        layer: Layer,
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        // What has no labels has one series: from the start where it counts. What a gauge is nobody knows until it is set.
        let counts = !matches!(V::KIND, Kind::Gauge) && labels.is_empty();
        let series: &'static [&'static [&'static str]] = if counts { &[&[]] } else { &[] };
        let metric = Metric { name, kind: V::KIND, layer, labels, help, buckets: &[], series };
        Self { metric, vector: OnceLock::new() }
    }
}

impl Gauge {
    /// Sets the series with these labels, to what fits.
    pub fn set(&self, labels: &[&str], value: impl TryInto<i64>) {
        self.series(labels).set(value.try_into().unwrap_or(i64::MAX));
    }
}

impl Histogram {
    /// A metric that sorts values into buckets, each up to one of these.
    pub const fn with_buckets(
        layer: Layer,
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
        buckets: &'static [f64],
    ) -> Self {
        let mut histogram = Self::new(layer, name, labels, help);
        histogram.metric.buckets = buckets;
        histogram
    }

    /// The series with these values of its labels, that keeps exemplars.
    pub fn traced(&self, labels: &[&str]) -> Traced {
        Traced::new(self.series(labels), &self.metric, labels)
    }
}

impl<B> Series<MetricVec<B>>
where
    B: MetricVecBuilder,
    MetricVec<B>: Vector,
{
    /// The series with these values of its labels, in their order.
    ///
    /// # Panics
    /// When there are more, or fewer, than it has labels.
    pub fn series(&self, labels: &[&str]) -> B::M {
        self.vector().with_label_values(labels)
    }

    fn vector(&self) -> &MetricVec<B> {
        self.vector.get_or_init(|| {
            let vector = MetricVec::make(&self.metric).expect("what is declared is valid");
            let registered = prometheus::register(Box::new(vector.clone()));
            registered.expect("a static registers its metric once");
            vector
        })
    }
}

impl<B> Declared for Series<MetricVec<B>>
where
    B: MetricVecBuilder,
    MetricVec<B>: Vector,
{
    fn metric(&self) -> &Metric {
        &self.metric
    }

    fn begin(&self) {
        self.metric.series.iter().for_each(|labels| drop(self.series(labels)));
    }
}

/// The series of a metric, as the prometheus crate has them.
pub trait Vector: Collector + Clone + 'static {
    /// What they are to Prometheus.
    const KIND: Kind;

    /// Makes what is declared.
    ///
    /// # Errors
    /// Where Prometheus could not read a name.
    fn make(metric: &Metric) -> prometheus::Result<Self>;
}

impl<P: Atomic + 'static> Vector for GenericCounterVec<P> {
    const KIND: Kind = Kind::Counter;

    fn make(metric: &Metric) -> prometheus::Result<Self> {
        Self::new(Opts::new(metric.name, metric.help), metric.labels)
    }
}

impl Vector for IntGaugeVec {
    const KIND: Kind = Kind::Gauge;

    fn make(metric: &Metric) -> prometheus::Result<Self> {
        Self::new(Opts::new(metric.name, metric.help), metric.labels)
    }
}

impl Vector for HistogramVec {
    const KIND: Kind = Kind::Histogram;

    fn make(metric: &Metric) -> prometheus::Result<Self> {
        let options = HistogramOpts::new(metric.name, metric.help);
        Self::new(options.buckets(metric.buckets.to_vec()), metric.labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_from_the_start_is_shown_before_anything_was_counted() {
        static BEGUN: Counter =
            Counter::new(Layer::Business, "tested_begun_total", &["result"], "Tested.")
                .from_start(&[&["done"], &["failed"]]);
        static PLAIN: Gauge = Gauge::new(Layer::Business, "tested_plain", &[], "Tested.");
        static LATER: Counter =
            Counter::new(Layer::Business, "tested_later_total", &["a"], "Tested.");
        begin(&[&BEGUN, &PLAIN, &LATER]);
        BEGUN.series(&["failed"]).inc();
        let text = crate::metrics::text();
        let shown: Vec<_> = text.lines().filter(|line| line.starts_with("tested_")).collect();
        let expected =
            [r#"tested_begun_total{result="done"} 0"#, r#"tested_begun_total{result="failed"} 1"#];
        assert_eq!(shown, expected);
        LATER.series(&["x"]).inc();
        PLAIN.set(&[], 7_usize);
        let text = crate::metrics::text();
        assert!(text.contains(r#"tested_later_total{a="x"} 1"#), "{text}");
        assert!(text.contains("tested_plain 7\n"), "{text}");
    }
}
