//! What was counted in the format of OpenMetrics 1.0.0, which the prometheus crate does not write: it has room for exemplars.
use std::fmt::Write as _;

use prometheus::proto::{Bucket, LabelPair, Metric, MetricFamily, MetricType};

use super::{
    exemplars::{self, Slots},
    labels::{escaped, labels},
    metric::unit,
};

const WRITTEN: &str = "a string takes any text";

/// Writes all families, and that there are no more.
pub(super) fn encode(families: &[MetricFamily]) -> String {
    let mut text = String::with_capacity(256 * 1024);
    families.iter().for_each(|family| write_family(&mut text, family));
    text.push_str("# EOF\n");
    text
}

fn write_family(text: &mut String, family: &MetricFamily) {
    let (full, kind) = (family.name(), family.get_field_type());
    let (name, word) = match kind {
        MetricType::COUNTER => (full.trim_end_matches("_total"), "counter"),
        MetricType::HISTOGRAM => (full, "histogram"),
        _ => (full, "gauge"),
    };
    writeln!(text, "# TYPE {name} {word}").expect(WRITTEN);
    if let Some(unit) = unit(name) {
        writeln!(text, "# UNIT {name} {unit}").expect(WRITTEN);
    }
    writeln!(text, "# HELP {name} {}", escaped(family.help())).expect(WRITTEN);
    for metric in family.get_metric() {
        let labels = labels(
            metric
                .get_label()
                .iter()
                .map(|label| (LabelPair::name(label), LabelPair::value(label))),
        );
        match kind {
            MetricType::COUNTER => {
                write_sample(text, name, "_total", &labels, metric.get_counter().get_value())
            }
            MetricType::HISTOGRAM => write_histogram(text, name, &labels, metric),
            _ => write_sample(text, name, "", &labels, metric.get_gauge().get_value()),
        }
    }
}

fn write_sample(text: &mut String, name: &str, suffix: &str, labels: &str, value: f64) {
    let (open, close) = if labels.is_empty() { ("", "") } else { ("{", "}") };
    writeln!(text, "{name}{suffix}{open}{labels}{close} {value}").expect(WRITTEN);
}

fn write_histogram(text: &mut String, name: &str, labels: &str, metric: &Metric) {
    let (histogram, slots) = (metric.get_histogram(), exemplars::slots(name, labels));
    let comma = if labels.is_empty() { "" } else { "," };
    let bounds = histogram.get_bucket().iter().map(|bucket| {
        // A whole number is spelled as a number that need not be one.
        (format!("{:?}", Bucket::upper_bound(bucket)), bucket.cumulative_count())
    });
    let all = ("+Inf".to_owned(), histogram.get_sample_count());
    for (at, (bound, count)) in bounds.chain([all]).enumerate() {
        write!(text, "{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {count}").expect(WRITTEN);
        if let Some(exemplar) = slots.as_deref().and_then(|slots| Slots::get(slots, at)) {
            write!(text, " # {exemplar}").expect(WRITTEN);
        }
        text.push('\n');
    }
    write_sample(text, name, "_sum", labels, histogram.get_sample_sum());
    write_sample(text, name, "_count", labels, histogram.get_sample_count() as f64);
}

#[cfg(test)]
mod tests {
    use prometheus::{Gauge, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};

    use super::*;

    #[test]
    fn each_kind_is_written_as_the_format_has_it() {
        let registry = Registry::new();
        let counter =
            IntCounterVec::new(Opts::new("om_things_total", "Things \"seen\"."), &["b", "a"])
                .unwrap();
        let gauge = Gauge::new("om_age_seconds", "Age.").unwrap();
        let options = HistogramOpts::new("om_time_seconds", "Time.").buckets(vec![0.25, 1.0]);
        let histogram = HistogramVec::new(options, &["route"]).unwrap();
        registry.register(Box::new(counter.clone())).unwrap();
        registry.register(Box::new(gauge.clone())).unwrap();
        registry.register(Box::new(histogram.clone())).unwrap();
        counter.with_label_values(&["line\nend", "quote\"back\\"]).inc();
        gauge.set(1.5);
        [0.2, 0.5, 7.0]
            .iter()
            .for_each(|value| histogram.with_label_values(&["/x"]).observe(*value));
        let expected = r#"# TYPE om_age_seconds gauge
# UNIT om_age_seconds seconds
# HELP om_age_seconds Age.
om_age_seconds 1.5
# TYPE om_things counter
# HELP om_things Things \"seen\".
om_things_total{a="quote\"back\\",b="line\nend"} 1
# TYPE om_time_seconds histogram
# UNIT om_time_seconds seconds
# HELP om_time_seconds Time.
om_time_seconds_bucket{route="/x",le="0.25"} 1
om_time_seconds_bucket{route="/x",le="1.0"} 2
om_time_seconds_bucket{route="/x",le="+Inf"} 3
om_time_seconds_sum{route="/x"} 7.7
om_time_seconds_count{route="/x"} 3
# EOF
"#;
        assert_eq!(encode(&registry.gather()), expected);
    }
}
