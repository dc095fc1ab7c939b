use kit_base::metrics::Metric;
use prometheus::IntCounterVec;

/// Registers a counter whose series begin at 0, so that the first rise of each is seen.
pub(crate) fn counter(metric: Metric, series: &[&[&str]]) -> IntCounterVec {
    let counter = metric.register_counter();
    series.iter().for_each(|labels| drop(counter.with_label_values(labels)));
    counter
}
