//! Tests of the alerts, for `promtool test rules`: each fires where it has to, says what it has to, and is silent elsewhere.
use std::fmt::Write as _;

use crate::{
    alerts::{Alert, Case},
    files::Files,
    rules::{dashboard, runbook},
    yaml::{HEAD, text},
};

/// Adds the tests.
pub(crate) fn add(files: &mut Files, alerts: &[Alert]) {
    let mut written = format!("{HEAD}rule_files: [rules.yaml]\nevaluation_interval: 1m\ntests:\n");
    for alert in alerts {
        written += &case(alert, &alert.fires, true);
        written += &case(alert, &alert.silent, false);
    }
    files.add("manifests/prometheus/tests.yaml", written);
}

fn case(alert: &Alert, Case { series, at, labels, says }: &Case, fires: bool) -> String {
    let verb = if fires { "fires" } else { "is silent" };
    let mut written =
        format!("  - name: {} {verb}\n    interval: 1m\n    input_series:\n", alert.name);
    for (series, values) in series {
        _ = writeln!(written, "      - {{series: {}, values: {}}}", text(series), text(values));
    }
    _ = write!(
        written,
        "    alert_rule_test:\n      - eval_time: {at}\n        alertname: {}\n        exp_alerts:",
        alert.name
    );
    if !fires {
        return written + " []\n";
    }
    written += "\n          - exp_labels:\n";
    _ = writeln!(written, "              severity: {}", alert.severity.name());
    if !alert.slo.is_empty() {
        _ = writeln!(written, "              slo: {}", alert.slo);
    }
    for (label, value) in labels {
        _ = writeln!(written, "              {label}: {}", text(value));
    }
    written += "            exp_annotations:\n";
    for (name, said) in [
        ("summary", &alert.summary),
        ("description", says),
        ("runbook_url", &runbook(alert)),
        ("dashboard_url", &dashboard(alert)),
    ] {
        _ = writeln!(written, "              {name}: {}", text(said));
    }
    written
}
