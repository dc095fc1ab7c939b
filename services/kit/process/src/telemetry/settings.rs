use std::collections::HashMap;

use http::{HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use super::filter::filter_of;
use crate::config::{Period, Secret, Settings};

/// What a process tells about itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Telemetry {
    /// `LOG_LEVEL`: `error`, `warn`, `info`, `debug`, `trace`, or by target, as `info,tasks=debug`.
    pub log_level: String,
    /// `LOG_FORMAT`: `json` with OpenTelemetry's names, `ecs` with Elastic's, or `pretty` for people.
    pub log_format: Format,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: the collector, as `http://otel-collector:4318`, or `https://…`; without it nothing is traced.
    pub otel_exporter_otlp_endpoint: Option<String>,
    /// `OTEL_EXPORTER_OTLP_PROTOCOL`: `http/protobuf`, or `grpc`.
    pub otel_exporter_otlp_protocol: Protocol,
    /// `OTEL_EXPORTER_OTLP_HEADERS`: what each export says beside, as `authorization=Bearer%20…,x-scope=errand`; values are percent-encoded.
    pub otel_exporter_otlp_headers: Secret,
    /// `OTEL_EXPORTER_OTLP_CERTIFICATE`: a file with the authorities that the collector's certificate may come from; the public ones without it.
    pub otel_exporter_otlp_certificate: Option<String>,
    /// `OTEL_EXPORTER_OTLP_TIMEOUT`: how long an export may take, in milliseconds.
    pub otel_exporter_otlp_timeout: u64,
    /// `OTEL_SDK_DISABLED`: `true` exports nothing, whatever the others say.
    pub otel_sdk_disabled: bool,
    /// `OTEL_RESOURCE_ATTRIBUTES`: what each span says of where it comes from, as `deployment.environment.name=production`.
    pub otel_resource_attributes: Vec<String>,
    /// `OTEL_TRACES_SAMPLER_ARG`: the part of new traces that is exported, from 0 to 1; the decision of a caller is kept that is one of ours.
    pub otel_traces_sampler_arg: f64,
    /// `TRACES_SLOW`: a request that takes so long is exported in any case, as is one that fails.
    pub traces_slow: Period,
    /// `ERRAND_REVISION`: the commit that was built; an image sets it.
    pub errand_revision: String,
}

/// How spans are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protocol {
    /// OTLP/HTTP.
    #[default]
    #[serde(rename = "http/protobuf")]
    Http,
    /// OTLP/gRPC.
    #[serde(rename = "grpc")]
    Grpc,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object a line, as OpenTelemetry's log data model has it.
    #[default]
    Json,
    /// The same as the Elastic Common Schema has it.
    Ecs,
    /// For people.
    Pretty,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            log_level: "info".to_owned(),
            log_format: Format::Json,
            otel_exporter_otlp_endpoint: None,
            otel_exporter_otlp_protocol: Protocol::Http,
            otel_exporter_otlp_headers: Secret::default(),
            otel_exporter_otlp_certificate: None,
            otel_exporter_otlp_timeout: 2_000,
            otel_sdk_disabled: false,
            otel_resource_attributes: vec![],
            otel_traces_sampler_arg: 1.0,
            traces_slow: Period::from_millis(500),
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
            let scheme = |uri: &http::Uri| matches!(uri.scheme_str(), Some("http" | "https"));
            let uri = endpoint.parse::<http::Uri>();
            uri.is_ok_and(|uri| scheme(&uri) && uri.host().is_some() && uri.query().is_none())
        };
        if !endpoint.is_none_or(reachable) {
            faults.push("OTEL_EXPORTER_OTLP_ENDPOINT must be the http:// or https:// address of a collector, as http://otel-collector:4318".to_owned());
        }
        if self.headers().is_none() {
            faults.push("OTEL_EXPORTER_OTLP_HEADERS must be names and values, as authorization=Bearer%20abc,x-scope=errand".to_owned());
        }
        if !(1..=60_000).contains(&self.otel_exporter_otlp_timeout) {
            faults
                .push("OTEL_EXPORTER_OTLP_TIMEOUT must be from 1 to 60000 milliseconds".to_owned());
        }
        if self.attributes().is_none() {
            faults.push("OTEL_RESOURCE_ATTRIBUTES must be names and values, as deployment.environment.name=production".to_owned());
        }
        if !(0.0..=1.0).contains(&self.otel_traces_sampler_arg) {
            faults.push("OTEL_TRACES_SAMPLER_ARG must be from 0 to 1, as 0.1".to_owned());
        }
        faults
    }
}

impl Telemetry {
    /// What each export says beside; none where that cannot be read.
    pub(super) fn headers(&self) -> Option<HashMap<String, String>> {
        let listed = self.otel_exporter_otlp_headers.expose().split(',');
        let named = listed.map(str::trim).filter(|pair| !pair.is_empty()).map(pair);
        named
            .map(|pair| {
                let (name, value) = pair?;
                let fits = HeaderName::from_bytes(name.as_bytes()).is_ok()
                    && HeaderValue::from_str(&value).is_ok();
                fits.then_some((name, value))
            })
            .collect()
    }

    /// What each span says of where it comes from; none where that cannot be read.
    pub(super) fn attributes(&self) -> Option<Vec<(String, String)>> {
        self.otel_resource_attributes.iter().map(|text| pair(text)).collect()
    }
}

/// `name=value`, where the value is percent-encoded, as that of a baggage is (W3C Baggage, 3.3).
fn pair(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    let name = name.trim();
    (!name.is_empty()).then_some(())?;
    let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
    Some((name.to_owned(), value.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_attributes_are_pairs_whose_values_are_percent_encoded() {
        let headers = |text: &str| {
            let otel_exporter_otlp_headers = Secret::from(text);
            let settings = Telemetry { otel_exporter_otlp_headers, ..Telemetry::default() };
            settings
                .headers()
                .map(|headers| headers.into_iter().collect::<std::collections::BTreeMap<_, _>>())
        };
        let told = headers(" authorization=Basic%20YTpi==, x-scope = errand ,").unwrap();
        let told: Vec<_> = told.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        assert_eq!(told, ["authorization: Basic YTpi==", "x-scope: errand"]);
        assert_eq!(headers("").map(|headers| headers.len()), Some(0));
        for text in ["authorization", "=x", "a b=c", "a=%0a", "a=%ff"] {
            assert_eq!(headers(text), None, "{text}");
        }
        let settings = |text: &str| Telemetry {
            otel_resource_attributes: vec![text.to_owned()],
            ..Telemetry::default()
        };
        let told = settings("deployment.environment.name=a%2Cb").attributes().unwrap();
        assert_eq!(told, [("deployment.environment.name".to_owned(), "a,b".to_owned())]);
        assert_eq!(settings("name").faults().len(), 1);
    }

    #[test]
    fn what_could_not_be_traced_or_logged_is_refused() {
        assert_eq!(Telemetry::default().faults(), Vec::<String>::new());
        for log_level in ["loud", "=", "=info", "tasks=loud"] {
            let settings = Telemetry { log_level: log_level.to_owned(), ..Telemetry::default() };
            assert_eq!(settings.faults().len(), 1, "{log_level}");
        }
        let settings = Telemetry {
            log_level: "tasks=loud".to_owned(),
            otel_exporter_otlp_endpoint: Some("collector".to_owned()),
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
            ("https://otel-collector", 0),
            ("ftp://otel-collector", 1),
            ("http://otel-collector?x=1", 1),
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
