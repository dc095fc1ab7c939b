//! What an alert is, and whether it is whole.
use std::collections::BTreeMap;

use serde::Deserialize;

use crate::catalogue::Catalogue;

/// One alert.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Alert {
    pub(crate) name: String,
    /// The file that it stands in.
    #[serde(skip)]
    pub(crate) group: String,
    pub(crate) severity: Severity,
    /// The objective that it is about, if any.
    #[serde(skip)]
    pub(crate) slo: String,
    /// In PromQL; `$threshold` stands for that.
    pub(crate) expression: String,
    /// What it is held against, where an operator may choose.
    #[serde(default)]
    pub(crate) threshold: String,
    /// What that is measured in, for who chooses.
    #[serde(default)]
    pub(crate) unit: String,
    /// How long it has to be so.
    #[serde(rename = "for")]
    pub(crate) lasting: String,
    /// Whose metrics it needs beside ours.
    #[serde(default)]
    pub(crate) needs: String,
    pub(crate) summary: String,
    /// With Prometheus' templates.
    pub(crate) description: String,
    /// The uid of the dashboard that shows it.
    pub(crate) board: String,
    /// What it means for users and for the suite.
    pub(crate) means: String,
    /// What to do, step by step.
    pub(crate) act: String,
    /// How to know that it is over, beside that it resolves.
    pub(crate) over: String,
    pub(crate) fires: Case,
    pub(crate) silent: Case,
}

/// How urgent it is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Somebody has to look now, at night too.
    Critical,
    /// Somebody has to look in the next working hours.
    Warning,
    /// Good to know.
    Info,
}

impl Severity {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// Series in which an alert fires, or does not.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// Values of series, a minute apart, in the notation of promtool.
    pub(crate) series: BTreeMap<String, String>,
    /// When to look.
    pub(crate) at: String,
    /// The labels of the alert that fires, beside its severity.
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    /// What it says then.
    #[serde(default)]
    pub(crate) says: String,
}

impl Alert {
    /// The expression with the threshold of its own.
    pub(crate) fn expression(&self) -> String {
        self.with_threshold(&self.expression)
    }

    /// A text of it with the threshold of its own.
    pub(crate) fn with_threshold(&self, text: &str) -> String {
        text.replace("$threshold", &self.threshold)
    }

    /// # Errors
    /// It asks for what nobody counts, or is not whole.
    pub(super) fn check(&self, catalogue: &Catalogue) -> anyhow::Result<()> {
        catalogue.check(&self.expression())?;
        anyhow::ensure!(self.name.starts_with("Errand"), "its name has to begin with Errand");
        let chosen = self.expression.contains("$threshold");
        anyhow::ensure!(
            chosen != self.threshold.is_empty(),
            "a threshold stands in both or neither"
        );
        anyhow::ensure!(chosen != self.unit.is_empty(), "a threshold has a unit");
        for (what, text) in [
            ("summary", &self.summary),
            ("description", &self.description),
            ("means", &self.means),
            ("act", &self.act),
            ("over", &self.over),
            ("fires.says", &self.fires.says),
        ] {
            anyhow::ensure!(!text.trim().is_empty(), "nothing is said in {what}");
        }
        anyhow::ensure!(self.silent.says.is_empty(), "who is silent says nothing");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One that is whole.
    const WHOLE: &str = r#"
        name = "ErrandX"
        severity = "warning"
        expression = "errand_auth_lockouts_total > $threshold"
        threshold = "1"
        unit = "attempts"
        for = "5m"
        summary = "s"
        description = "d"
        board = "errand-security"
        means = "m"
        act = "a"
        over = "o"
        fires = { at = "1m", says = "d", series = { errand_auth_lockouts_total = "2x5" } }
        silent = { at = "1m", series = { errand_auth_lockouts_total = "0x5" } }
    "#;

    fn said(text: &str) -> String {
        let checked = toml::from_str::<Alert>(text)
            .map_err(anyhow::Error::from)
            .and_then(|alert| alert.check(&Catalogue::new()));
        checked.err().map_or_else(String::new, |error| error.to_string())
    }

    #[test]
    fn an_alert_that_is_not_whole_is_refused() {
        assert_eq!(said(WHOLE), "");
        for (from, to, fault) in [
            ("lockouts_total > ", "lockout_total > ", "nobody counts errand_auth_lockout_total"),
            ("ErrandX", "X", "begin with Errand"),
            ("> $threshold", "> 1", "in both or neither"),
            ("threshold = \"1\"", "threshold = \"\"", "in both or neither"),
            ("unit = \"attempts\"", "unit = \"\"", "has a unit"),
            ("act = \"a\"", "act = \" \"", "nothing is said in act"),
            ("severity = \"warning\"", "severity = \"high\"", "unknown variant `high`"),
            ("over = \"o\"", "ovr = \"o\"", "unknown field `ovr`"),
            ("says = \"d\", ", "", "nothing is said in fires.says"),
            ("silent = { at", "silent = { says = \"d\", at", "who is silent says nothing"),
        ] {
            assert!(WHOLE.contains(from), "{from}");
            let said = said(&WHOLE.replacen(from, to, 1));
            assert!(said.contains(fault), "{to}: {said}");
        }
    }
}
