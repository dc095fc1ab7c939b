//! Alerts on an objective: its budget is spent so fast that someone has to look now, or soon. The windows and factors are those of
//! Google's SRE workbook (chapter 5, "Multiwindow, Multi-Burn-Rate Alerts"): a long window says that it matters, a short one that it is
//! still so.
use std::collections::BTreeMap;

use super::alert::{Alert, Case, Severity};
use crate::slos::{Slo, sentence};

/// One of an objective's alerts: how often the budget of 30 days is spent at such a rate, over which windows.
struct Pace {
    suffix: &'static str,
    severity: Severity,
    fast: (&'static str, &'static str, &'static str),
    slow: (&'static str, &'static str, &'static str),
    /// As the description goes on.
    left: &'static str,
}

const PACES: [Pace; 2] = [
    Pace {
        suffix: "",
        severity: Severity::Critical,
        fast: ("14.4", "5m", "1h"),
        slow: ("6", "30m", "6h"),
        left: "all of it is gone in two to five days",
    },
    Pace {
        suffix: "Slow",
        severity: Severity::Warning,
        fast: ("3", "2h", "1d"),
        slow: ("1", "6h", "3d"),
        left: "all of it is gone in ten to thirty days",
    },
];

pub(super) fn alerts(slo: &Slo) -> impl Iterator<Item = Alert> {
    PACES.iter().map(|pace| alert(slo, pace))
}

fn alert(slo: &Slo, pace: &Pace) -> Alert {
    Alert {
        name: format!("{}{}", slo.response.alert, pace.suffix),
        group: "slo".to_owned(),
        severity: pace.severity,
        slo: slo.objective.name.to_owned(),
        expression: expression(slo, pace),
        threshold: slo.objective.percent.to_owned(),
        unit: "percent, the objective".to_owned(),
        lasting: "2m".to_owned(),
        needs: String::new(),
        summary: format!("The error budget of {} is spent too fast", slo.objective.name),
        description: description(
            slo,
            pace,
            "{{ $labels.namespace }}",
            "{{ $value | humanizePercentage }}",
        ),
        board: slo.response.board.clone(),
        means: format!(
            "Promised are {} over 30 days. What may go wrong in that time is the budget, and it is being spent so fast that {}.",
            sentence(slo),
            pace.left
        ),
        act: slo.response.act.clone(),
        over: format!(
            "The panel *Burn* of the overview falls below 1, and `{}` stays there.",
            slo.ratio("1h")
        ),
        fires: fires(slo, pace),
        silent: Case {
            series: grown(slo, 0),
            at: "30m".to_owned(),
            labels: BTreeMap::new(),
            says: String::new(),
        },
    }
}

/// Of fewer than some seventy in an hour one tells too little to wake somebody.
fn expression(slo: &Slo, pace: &Pace) -> String {
    let (fast, slow) = (condition(slo, pace.fast), condition(slo, pace.slow));
    format!("({fast}\nor\n{slow})\nand on (namespace) {} > 0.02", slo.events("1h"))
}

fn condition(slo: &Slo, (factor, short, long): (&str, &str, &str)) -> String {
    let spent = |window| format!("{} > {factor} * (1 - $threshold / 100)", slo.ratio(window));
    format!("({} and {})", spent(long), spent(short))
}

fn description(slo: &Slo, pace: &Pace, namespace: &str, share: &str) -> String {
    let (what, left) = (slo.objective.what, pace.left);
    format!(
        "Promised are $threshold % of {what}. In {namespace} {share} are not: where it goes on so, {left}."
    )
}

/// Three of ten go wrong: more than any promise here allows.
fn fires(slo: &Slo, pace: &Pace) -> Case {
    let labels = BTreeMap::from([("namespace".to_owned(), "errand".to_owned())]);
    let says = description(slo, pace, "errand", "30%").replace("$threshold", slo.objective.percent);
    Case { series: grown(slo, 300), at: "30m".to_owned(), labels, says }
}

fn grown(slo: &Slo, wrong: u32) -> BTreeMap<String, String> {
    let grown = |(series, rate): (String, u32)| (series, format!("0+{rate}x60"));
    slo.examples(wrong).into_iter().map(grown).collect()
}
