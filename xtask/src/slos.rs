//! Objectives: what is promised over 30 days, and how fast the rest of it may be spent.
use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::Context as _;
use errand::objectives::{Broken, OBJECTIVES, Objective};
use serde::Deserialize;

use crate::{
    catalogue::Catalogue,
    files::{self, Files},
    yaml::{HEAD, block, text},
};

/// One objective, and what is to be done about it.
pub(crate) struct Slo {
    pub(crate) objective: Objective,
    pub(crate) response: Response,
}

/// What is to be done about an objective.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Response {
    /// What its alerts are called.
    pub(crate) alert: String,
    /// Where it is seen.
    pub(crate) board: String,
    /// Labels of a series that keeps the promise, and of one that breaks it, or of the bucket that keeps it.
    examples: [String; 2],
    /// What to do when its budget is spent too fast.
    pub(crate) act: String,
}

/// Windows of the recording rules: the alerts go by all but the last, which is the promise's own.
pub(crate) const WINDOWS: [&str; 8] = ["5m", "30m", "1h", "2h", "6h", "1d", "3d", PERIOD];
const PERIOD: &str = "30d";

/// # Errors
/// What cannot be read, or asks for what nobody counts; an objective without a response, or the other way round.
pub(crate) fn read(catalogue: &mut Catalogue) -> anyhow::Result<Vec<Slo>> {
    let mut responses: BTreeMap<String, Response> =
        toml::from_str(&files::read("xtask/slos.toml")?).context("slos.toml")?;
    let mut slos = vec![];
    for objective in OBJECTIVES {
        let response = responses.remove(objective.name);
        let response = response.with_context(|| format!("slos.toml has no {}", objective.name))?;
        let slo = Slo { objective, response };
        for name in slo.rates() {
            catalogue.record(name, &["namespace"]);
        }
        for window in WINDOWS {
            catalogue.record(slo.ratio(window), &["namespace"]);
            catalogue.check(&slo.expression(window)).with_context(|| objective.name)?;
        }
        slos.push(slo);
    }
    let stranger = responses.keys().next();
    anyhow::ensure!(stranger.is_none(), "slos.toml: there is no objective {stranger:?}");
    Ok(slos)
}

impl Slo {
    /// The series of the share that went wrong.
    pub(crate) fn ratio(&self, window: &str) -> String {
        format!("errand:{}:errors_ratio_rate{window}", self.objective.name)
    }

    /// Series for a test, of which so many in a thousand go wrong, by how much each grows in a minute.
    pub(crate) fn examples(&self, wrong: u32) -> Vec<(String, u32)> {
        let series = |part: &str, labels: &str, rate: u32| {
            (format!("{}_{part}{{namespace=\"errand\",{labels}}}", self.objective.series), rate)
        };
        let [right, broken] = &self.response.examples;
        match self.objective.broken {
            Broken::Slower(_) => {
                vec![series("count", right, 1_000), series("bucket", broken, 1_000 - wrong)]
            }
            Broken::Chosen(_) => {
                vec![series("count", right, 1_000 - wrong), series("count", broken, wrong)]
            }
        }
    }

    /// The rule's expression. Where nothing went wrong the share is 0, and where nothing came there is none.
    fn expression(&self, window: &str) -> String {
        if window == PERIOD {
            // So long a window over all series is too much at once: the sums of the short ones.
            let [bad, all] = self.rates();
            return format!(
                "sum_over_time({bad}[{PERIOD}]) / (sum_over_time({all}[{PERIOD}]) > 0)"
            );
        }
        let (bad, all) = self.sides(window);
        format!("({bad} or 0 * {all})\n  / ({all} > 0)")
    }

    /// The series of how much goes wrong, and comes, a second.
    fn rates(&self) -> [String; 2] {
        ["errors", "events"].map(|what| format!("errand:{}:{what}_rate5m", self.objective.name))
    }

    /// How much comes, a second.
    pub(crate) fn events(&self, window: &str) -> String {
        self.sides(window).1
    }

    /// What went wrong, and all.
    fn sides(&self, window: &str) -> (String, String) {
        let rate = |series| format!("sum by (namespace) (rate({series}[{window}]))");
        (self.objective.bad("", rate), rate(self.objective.all("")))
    }
}

/// The recording rules, as groups of Prometheus.
pub(crate) fn groups(slos: &[Slo]) -> String {
    let mut written = String::new();
    for slo in slos {
        _ = write!(
            written,
            "- name: errand-slo-{}\n  rules:\n",
            slo.objective.name.replace('_', "-")
        );
        let (bad, all) = slo.sides("5m");
        for (name, expression) in slo.rates().into_iter().zip([format!("{bad} or 0 * {all}"), all])
        {
            let expression = block(&expression, 8);
            _ = writeln!(written, "    - record: {name}\n      expr: |{expression}");
        }
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
    let (bad, all) = slo.sides("{{.window}}");
    format!(
        "    - name: {}\n      objective: {}\n      description: {}\n      sli:\n        events:\n          errorQuery: |{}\n          \
         totalQuery: |{}\n      alerting:\n        name: {}\n        pageAlert:\n          labels: {{severity: critical}}\n        \
         ticketAlert:\n          labels: {{severity: warning}}\n",
        slo.objective.name.replace('_', "-"),
        slo.objective.percent,
        text(&sentence(slo)),
        block(&bad, 12),
        block(&all, 12),
        slo.response.alert,
    )
}

fn pyrra(slo: &Slo) -> String {
    let (kind, part) = match slo.objective.broken {
        Broken::Chosen(_) => ("ratio", "errors"),
        Broken::Slower(_) => ("latency", "success"),
    };
    format!(
        "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata:\n  name: errand-{}\nspec:\n  description: {}\n  \
         target: {}\n  window: 30d\n  alerting:\n    name: {}\n  indicator:\n    {kind}:\n      {part}:\n        metric: {}\n      total:\n        \
         metric: {}\n      grouping: [namespace]\n",
        slo.objective.name.replace('_', "-"),
        text(&sentence(slo)),
        text(slo.objective.percent),
        slo.response.alert,
        text(&slo.objective.part("")),
        text(&slo.objective.all("")),
    )
}

/// What is promised.
pub(crate) fn sentence(slo: &Slo) -> String {
    format!("{} % of {}", slo.objective.percent, slo.objective.what)
}
