//! Rules: as data that the chart makes rules of by an operator's wishes, and as they are by default for who has no chart.
use std::fmt::Write as _;

use crate::{
    alerts::Alert,
    files::Files,
    slos::{self, Slo},
    yaml::{HEAD, block, text},
};

/// Where runbooks and dashboards are found unless someone says otherwise.
pub(crate) const RUNBOOKS: &str = "docs/runbooks";
pub(crate) const DASHBOARDS: &str = "/d";

/// Names that are known elsewhere for what is told here by other means.
const CERTIFICATES: &str = r#"- name: errand-certificates
  rules:
    - record: cert_expires_soon
      expr: |
        (errand_tls_certificate_not_after_timestamp_seconds - time())
          / (errand_tls_certificate_not_after_timestamp_seconds - errand_tls_certificate_not_before_timestamp_seconds) < bool 0.3
    - record: renewal_failure_count
      expr: |
        sum without (result) (errand_tls_reloads_total{result="failure"})
"#;

/// Adds the chart's rules and the plain ones.
pub(crate) fn add(files: &mut Files, slos: &[Slo], alerts: &[Alert]) {
    let recording = slos::groups(slos) + CERTIFICATES;
    files.add("helm/errand/rules/recording.yaml", format!("{HEAD}{recording}"));
    let data: String = alerts.iter().map(data).collect();
    files.add("helm/errand/rules/alerts.yaml", format!("{HEAD}{data}"));
    let groups = format!("{recording}{}", groups(alerts));
    files.add("manifests/prometheus/rules.yaml", format!("{HEAD}groups:{}\n", block(&groups, 2)));
}

/// An alert as the chart reads it.
fn data(alert: &Alert) -> String {
    let mut written = String::new();
    for (key, value) in [
        ("- name", &alert.name),
        ("  group", &alert.group),
        ("  threshold", &alert.threshold),
        ("  for", &alert.lasting),
        ("  needs", &alert.needs),
        ("  board", &alert.board),
        ("  summary", &alert.summary),
        ("  description", &alert.description),
    ] {
        _ = writeln!(written, "{key}: {}", text(value));
    }
    let (severity, expression) = (alert.severity.name(), block(&alert.expression, 4));
    let slo = &alert.slo;
    written + &format!("  severity: {severity}\n  slo: {}\n  expr: |{expression}\n", text(slo))
}

/// The groups of Prometheus, as they are by default.
fn groups(alerts: &[Alert]) -> String {
    let (mut written, mut group) = (String::new(), "");
    for alert in alerts {
        if group != alert.group {
            group = &alert.group;
            _ = write!(written, "- name: errand-{group}\n  rules:\n");
        }
        written += &rule(alert);
    }
    written
}

fn rule(alert: &Alert) -> String {
    let slo = match &*alert.slo {
        "" => String::new(),
        slo => format!(", slo: {slo}"),
    };
    let lasting = match &*alert.lasting {
        "0m" => String::new(),
        lasting => format!("\n      for: {lasting}"),
    };
    format!(
        "    - alert: {}\n      expr: |{}{lasting}\n      labels: {{severity: {}{slo}}}\n      annotations:\n        summary: {}\n        description: {}\n        \
         runbook_url: {}\n        dashboard_url: {}\n",
        alert.name,
        block(&alert.expression(), 8),
        alert.severity.name(),
        text(&alert.summary),
        text(&alert.with_threshold(&alert.description)),
        text(&runbook(alert)),
        text(&dashboard(alert)),
    )
}

/// Where an alert's runbook is by default.
pub(crate) fn runbook(alert: &Alert) -> String {
    format!("{RUNBOOKS}/{}.md", alert.name)
}

/// Where an alert's dashboard is by default.
pub(crate) fn dashboard(alert: &Alert) -> String {
    format!("{DASHBOARDS}/{}", alert.board)
}
