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

/// Whom a metric is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Who runs the process: the machine, the runtime, the database's connections, files.
    Infrastructure,
    /// Who answers for the service: requests and calls, and what is done to go on under load.
    Application,
    /// Who answers for the product: what people do with it.
    Business,
}

/// One metric of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name in Prometheus; the suffix is its unit.
    pub name: &'static str,
    /// What it is to Prometheus.
    pub kind: Kind,
    /// Whom it is for.
    pub layer: Layer,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says, in one sentence.
    pub help: &'static str,
    /// Upper bounds of a histogram's buckets.
    pub buckets: &'static [f64],
    /// The values of the labels of those series that are there from the start: where a rate begins with the first of its kind.
    pub series: &'static [&'static [&'static str]],
}

/// What is measured by a metric of this name, without `_total`; none for a plain number.
pub(super) fn unit(name: &str) -> Option<&'static str> {
    let is_of = |unit: &&str| name.strip_suffix(*unit).is_some_and(|rest| rest.ends_with('_'));
    ["seconds", "bytes"].into_iter().find(is_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_says_its_unit_by_the_end_of_its_name() {
        for (name, told) in [
            ("http_request_duration_seconds", Some("seconds")),
            ("http_request_body_size_bytes", Some("bytes")),
            ("errand_auth_lockouts", None),
            ("seconds_behind", None),
            ("of_milliseconds", None),
        ] {
            assert_eq!(unit(name), told, "{name}");
        }
    }
}
