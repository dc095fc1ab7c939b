use serde::{Deserialize, Serialize};

use super::filter::filter_of;
use crate::config::Settings;

/// What a process tells about itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Telemetry {
    /// `LOG_LEVEL`: `error`, `warn`, `info`, `debug`, `trace`, or by target, as `info,tasks=debug`.
    pub log_level: String,
    /// `LOG_FORMAT`: `json`, or `pretty` for people.
    pub log_format: Format,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: the collector, as `http://otel-collector:4318`; without it nothing is traced.
    pub otel_exporter_otlp_endpoint: Option<String>,
    /// `OTEL_TRACES_SAMPLER_ARG`: the part of new traces that is exported, from 0 to 1; the decision of a caller is kept that is one of ours.
    pub otel_traces_sampler_arg: f64,
    /// `ERRAND_REVISION`: the commit that was built; an image sets it.
    pub errand_revision: String,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object a line.
    #[default]
    Json,
    /// For people.
    Pretty,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            log_level: "info".to_owned(),
            log_format: Format::Json,
            otel_exporter_otlp_endpoint: None,
            otel_traces_sampler_arg: 1.0,
            errand_revision: "unknown".to_owned(),
        }
    }
}

impl Settings for Telemetry {
    const RELOADED: &'static [&'static str] = &["LOG_LEVEL"];

    fn faults(&self) -> Vec<String> {
        let mut faults = vec![];
        if filter_of(&self.log_level).is_err() {
            faults.push(format!("LOG_LEVEL is {:?}: it must be a level, as info, or levels by target, as info,tasks=debug", self.log_level));
        }
        let endpoint = self.otel_exporter_otlp_endpoint.as_deref();
        let reachable = |endpoint: &str| {
            endpoint
                .parse::<http::Uri>()
                .is_ok_and(|uri| uri.scheme_str() == Some("http") && uri.host().is_some())
        };
        if !endpoint.is_none_or(reachable) {
            faults.push("OTEL_EXPORTER_OTLP_ENDPOINT must be the http:// address of a collector, as http://otel-collector:4318".to_owned());
        }
        if !(0.0..=1.0).contains(&self.otel_traces_sampler_arg) {
            faults.push("OTEL_TRACES_SAMPLER_ARG must be from 0 to 1, as 0.1".to_owned());
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_traced_or_logged_is_refused() {
        assert_eq!(Telemetry::default().faults(), Vec::<String>::new());
        for log_level in ["loud", "=", "=info", "tasks=loud"] {
            let settings = Telemetry { log_level: log_level.to_owned(), ..Telemetry::default() };
            assert_eq!(settings.faults().len(), 1, "{log_level}");
        }
        let settings = Telemetry {
            log_level: "tasks=loud".to_owned(),
            otel_exporter_otlp_endpoint: Some("https://collector".to_owned()),
            otel_traces_sampler_arg: f64::NAN,
            ..Telemetry::default()
        };
        assert_eq!(settings.faults().len(), 3);
    }

    #[test]
    fn a_share_of_traces_is_from_none_to_all_and_a_collector_has_an_address() {
        for (share, faults) in
            [(0.0, 0), (0.25, 0), (1.0, 0), (1.01, 1), (-0.01, 1), (f64::INFINITY, 1)]
        {
            let settings = Telemetry { otel_traces_sampler_arg: share, ..Telemetry::default() };
            assert_eq!(settings.faults().len(), faults, "{share}");
        }
        for (endpoint, faults) in [
            ("http://otel-collector:4318", 0),
            ("http://otel-collector:4318/prefix/", 0),
            ("otel-collector:4318", 1),
            ("https://otel-collector", 1),
            ("http://", 1),
            ("not a url", 1),
        ] {
            let endpoint = Some(endpoint.to_owned());
            let settings =
                Telemetry { otel_exporter_otlp_endpoint: endpoint, ..Telemetry::default() };
            assert_eq!(settings.faults().len(), faults, "{settings:?}");
        }
    }
}
