//! Objectives: what is promised over 30 days, and how fast the rest of it may be spent.
use std::fmt::Write as _;

use anyhow::Context as _;
use serde::Deserialize;

use crate::{
    catalogue::Catalogue,
    files::{self, Files},
    yaml::{HEAD, block, text},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    slo: Vec<Slo>,
}

/// One objective.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Slo {
    pub(crate) name: String,
    /// What its alerts are called.
    pub(crate) alert: String,
    /// Where it is seen.
    pub(crate) board: String,
    /// In percent.
    pub(crate) objective: String,
    /// Whatever is counted, as a sentence goes on after "so many percent of".
    pub(crate) what: String,
    /// The histogram that counts it.
    series: String,
    /// Which of its series, as matchers of labels.
    of: String,
    /// What breaks the promise, as matchers of labels; or what takes longer than `within`.
    errors: Option<String>,
    /// In seconds, as the bound of the bucket is written.
    within: Option<String>,
    /// Labels of a series that keeps the promise, and of one that breaks it, or of the bucket that keeps it.
    examples: [String; 2],
    /// What to do when its budget is spent too fast.
    pub(crate) act: String,
}

/// Windows of the recording rules: the alerts go by all but the last, which is the promise's own.
pub(crate) const WINDOWS: [&str; 8] = ["5m", "30m", "1h", "2h", "6h", "1d", "3d", PERIOD];
const PERIOD: &str = "30d";

/// # Errors
/// What cannot be read, or asks for what nobody counts.
pub(crate) fn read(catalogue: &mut Catalogue) -> anyhow::Result<Vec<Slo>> {
    let Document { slo } = toml::from_str(&files::read("xtask/slos.toml")?).context("slos.toml")?;
    for each in &slo {
        anyhow::ensure!(
            each.errors.is_some() != each.within.is_some(),
            "{}: either errors or within",
            each.name
        );
        for window in WINDOWS {
            catalogue.record(each.ratio(window), &["namespace"]);
            catalogue.check(&each.expression(window)).with_context(|| each.name.clone())?;
        }
    }
    Ok(slo)
}

impl Slo {
    /// The series of the share that went wrong.
    pub(crate) fn ratio(&self, window: &str) -> String {
        format!("errand:{}:errors_ratio_rate{window}", self.name)
    }

    /// Series for a test, of which so many in a thousand go wrong, by how much each grows in a minute.
    pub(crate) fn examples(&self, wrong: u32) -> Vec<(String, u32)> {
        let series = |part: &str, labels: &str, rate: u32| {
            (format!("{}_{part}{{namespace=\"errand\",{labels}}}", self.series), rate)
        };
        let [right, broken] = &self.examples;
        match &self.within {
            Some(_) => vec![series("count", right, 1_000), series("bucket", broken, 1_000 - wrong)],
            None => vec![series("count", right, 1_000 - wrong), series("count", broken, wrong)],
        }
    }

    /// All that is counted.
    fn metric(&self) -> String {
        format!("{}_count{{{}}}", self.series, self.of)
    }

    /// What of it went wrong, or well: Prometheus has a bucket of what was fast enough.
    fn part(&self) -> String {
        match (&self.errors, &self.within) {
            (Some(errors), _) => format!("{}_count{{{},{errors}}}", self.series, self.of),
            (None, Some(bound)) => format!("{}_bucket{{{},le=\"{bound}\"}}", self.series, self.of),
            (None, None) => self.metric(),
        }
    }

    fn all(&self, window: &str) -> String {
        rate(&self.metric(), window)
    }

    fn bad(&self, window: &str) -> String {
        let part = rate(&self.part(), window);
        if self.errors.is_some() { part } else { format!("{} - {part}", self.all(window)) }
    }

    /// The rule's expression. Where nothing went wrong the share is 0, and where nothing came there is none.
    fn expression(&self, window: &str) -> String {
        if window == PERIOD {
            // So long a window over all series is too much at once: the mean of the short ones.
            return format!("avg_over_time({}[{PERIOD}])", self.ratio("5m"));
        }
        let (bad, all) = (self.bad(window), self.all(window));
        format!("({bad} or 0 * {all})\n  / ({all} > 0)")
    }
}

fn rate(metric: &str, window: &str) -> String {
    format!("sum by (namespace) (rate({metric}[{window}]))")
}

/// The recording rules, as groups of Prometheus.
pub(crate) fn groups(slos: &[Slo]) -> String {
    let mut written = String::new();
    for slo in slos {
        _ = write!(written, "- name: errand-slo-{}\n  rules:\n", slo.name.replace('_', "-"));
        for window in WINDOWS {
            let expression = block(&slo.expression(window), 8);
            _ = writeln!(written, "    - record: {}\n      expr: |{expression}", slo.ratio(window));
        }
    }
    written
}

/// The same for the operators of Sloth and Pyrra, which make rules and alerts of their own.
pub(crate) fn add(files: &mut Files, slos: &[Slo]) {
    let sloth: String = slos.iter().map(sloth).collect();
    let head = "apiVersion: sloth.slok.dev/v1\nkind: PrometheusServiceLevel\nmetadata:\n  name: errand\nspec:\n  service: errand\n  slos:\n";
    files.add("manifests/slo/sloth.yaml", format!("{HEAD}{head}{sloth}"));
    let pyrra: Vec<_> = slos.iter().map(pyrra).collect();
    files.add("manifests/slo/pyrra.yaml", format!("{HEAD}{}", pyrra.join("---\n")));
}

fn sloth(slo: &Slo) -> String {
    let window = "{{.window}}";
    format!(
        "    - name: {}\n      objective: {}\n      description: {}\n      sli:\n        events:\n          errorQuery: |{}\n          \
         totalQuery: |{}\n      alerting:\n        name: {}\n        pageAlert:\n          labels: {{severity: critical}}\n        \
         ticketAlert:\n          labels: {{severity: warning}}\n",
        slo.name.replace('_', "-"),
        slo.objective,
        text(&sentence(slo)),
        block(&slo.bad(window), 12),
        block(&slo.all(window), 12),
        slo.alert,
    )
}

fn pyrra(slo: &Slo) -> String {
    let (kind, part) =
        if slo.errors.is_some() { ("ratio", "errors") } else { ("latency", "success") };
    format!(
        "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata:\n  name: errand-{}\nspec:\n  description: {}\n  \
         target: {}\n  window: 30d\n  alerting:\n    name: {}\n  indicator:\n    {kind}:\n      {part}:\n        metric: {}\n      total:\n        \
         metric: {}\n      grouping: [namespace]\n",
        slo.name.replace('_', "-"),
        text(&sentence(slo)),
        text(&slo.objective),
        slo.alert,
        text(&slo.part()),
        text(&slo.metric()),
    )
}

/// What is promised.
pub(crate) fn sentence(slo: &Slo) -> String {
    format!("{} % of {}", slo.objective, slo.what)
}
