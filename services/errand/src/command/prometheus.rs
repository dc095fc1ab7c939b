//! What an operator's commands ask of Prometheus.
use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use http::Method;
use kit_process::client::Client;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::read;

/// Where Prometheus is, and who asks.
#[derive(Args)]
pub(crate) struct Source {
    /// Prometheus, or what speaks as it does (Thanos, Mimir, VictoriaMetrics).
    #[arg(long, default_value = "http://127.0.0.1:9090")]
    prometheus: String,
    /// A file with the token that it wants.
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// A file with the authorities that its certificate comes from, in place of the public ones.
    #[arg(long)]
    ca_file: Option<PathBuf>,
    /// The namespace to look at; all when left out.
    #[arg(long)]
    namespace: Option<String>,
}

/// A Prometheus that can be asked.
pub(crate) struct Prometheus {
    url: String,
    client: Client,
    authorization: Option<String>,
}

/// A series' labels, and its value now.
pub(crate) type Row = (BTreeMap<String, String>, f64);

/// An answer of the API.
#[derive(Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
enum Answer<T> {
    Success { data: T },
    Error { error: String },
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Vector(Vec<Sample>),
    Matrix(Vec<Series>),
    Scalar((f64, String)),
}

#[derive(Deserialize)]
struct Sample {
    metric: BTreeMap<String, String>,
    value: (f64, String),
}

#[derive(Deserialize)]
struct Series {
    values: Vec<(f64, String)>,
}

/// A value that a trace stands behind.
#[derive(Debug)]
pub(crate) struct Exemplar {
    /// Who was asked.
    pub(crate) instance: String,
    pub(crate) trace_id: String,
    pub(crate) value: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Traced {
    series_labels: BTreeMap<String, String>,
    exemplars: Vec<Value>,
}

impl Source {
    /// # Errors
    /// A URL that is none, or a file that cannot be read.
    pub(crate) fn open(&self) -> anyhow::Result<Prometheus> {
        let client = match &self.ca_file {
            Some(path) => Client::trusting(&self.prometheus, read(path)?.as_bytes())?,
            None => Client::new(&self.prometheus)?,
        };
        let token = self.token_file.as_deref().map(read).transpose()?;
        let authorization = token.map(|token| format!("Bearer {}", token.trim()));
        Ok(Prometheus { url: self.prometheus.clone(), client, authorization })
    }

    /// A matcher of labels for what is looked at: where that is all, for those without a namespace too.
    pub(crate) fn matcher(&self) -> String {
        match &self.namespace {
            Some(name) => format!("namespace={}", quoted(name)),
            None => r#"namespace=~".*""#.to_owned(),
        }
    }
}

/// A text as PromQL has it.
pub(crate) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

impl Prometheus {
    /// All series of an expression now, but those whose value is no number.
    ///
    /// # Errors
    /// Nothing answers, or not what Prometheus would; or it refuses the expression.
    pub(crate) async fn rows(&self, expression: &str) -> anyhow::Result<Vec<Row>> {
        let samples = match self.ask("query", expression, "").await? {
            Data::Vector(samples) => samples,
            Data::Scalar(value) => vec![Sample { metric: BTreeMap::new(), value }],
            Data::Matrix(_) => bail!("{expression:?} gives ranges where values are wanted"),
        };
        let number = |Sample { metric, value: (_, text) }| Some((metric, text.parse().ok()?));
        Ok(samples
            .into_iter()
            .filter_map(number)
            .filter(|(_, value): &Row| !value.is_nan())
            .collect())
    }

    /// The one value of an expression; none where there is none.
    ///
    /// # Errors
    /// As [`rows`](Self::rows), and more than one value.
    pub(crate) async fn number(&self, expression: &str) -> anyhow::Result<Option<f64>> {
        match &*self.rows(expression).await? {
            [] => Ok(None),
            [(_, value)] => Ok(Some(*value)),
            rows => bail!("{expression:?} gives {} values where one is wanted", rows.len()),
        }
    }

    /// The values of the one series of an expression, by the second, each `step` seconds.
    ///
    /// # Errors
    /// As [`rows`](Self::rows).
    pub(crate) async fn range(
        &self,
        expression: &str,
        (from, to): (i64, i64),
        step: u64,
    ) -> anyhow::Result<BTreeMap<i64, f64>> {
        let more = format!("&start={from}&end={to}&step={step}");
        let Data::Matrix(series) = self.ask("query_range", expression, &more).await? else {
            bail!("{expression:?} gives values where ranges are wanted");
        };
        let values = series.into_iter().flat_map(|Series { values }| values);
        let number = |(time, text): (f64, String)| Some((time as i64, text.parse().ok()?));
        Ok(values.filter_map(number).filter(|(_, value): &(i64, f64)| !value.is_nan()).collect())
    }

    /// The exemplars of a series.
    ///
    /// # Errors
    /// As [`rows`](Self::rows).
    pub(crate) async fn exemplars(
        &self,
        series: &str,
        (from, to): (i64, i64),
    ) -> anyhow::Result<Vec<Exemplar>> {
        let more = format!("&start={from}&end={to}");
        let traced: Vec<Traced> = self.ask("query_exemplars", series, &more).await?;
        let mut found = vec![];
        for Traced { series_labels, exemplars } in traced {
            let instance = series_labels.get("instance").cloned().unwrap_or_default();
            found.extend(exemplars.iter().filter_map(|exemplar| {
                let trace_id = exemplar["labels"]["trace_id"].as_str()?.to_owned();
                let value = exemplar["value"].as_str()?.parse().ok()?;
                Some(Exemplar { instance: instance.clone(), trace_id, value })
            }));
        }
        Ok(found)
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        what: &str,
        expression: &str,
        more: &str,
    ) -> anyhow::Result<T> {
        let query = utf8_percent_encode(expression, NON_ALPHANUMERIC);
        let path = format!("/api/v1/{what}?query={query}{more}");
        let authorization = self.authorization.as_deref().map(|value| ("authorization", value));
        let reply = self.client.ask(Method::GET, &path, authorization.as_slice(), None).await;
        let reply = reply.with_context(|| format!("Prometheus at {} cannot be asked", self.url))?;
        let answer = serde_json::from_str::<Answer<T>>(&reply.text()).map_err(|_| {
            let begins: String = reply.text().chars().take(80).collect();
            anyhow!("{} does not answer as Prometheus: {} {begins:?}", self.url, reply.status)
        })?;
        match answer {
            Answer::Success { data } => Ok(data),
            Answer::Error { error } => bail!("Prometheus refuses {expression:?}: {error}"),
        }
    }
}
