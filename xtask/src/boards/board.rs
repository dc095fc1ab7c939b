//! What a dashboard is, and whether it asks for what there is.
use std::collections::BTreeSet;

use anyhow::Context as _;
use serde::Deserialize;

use crate::catalogue::Catalogue;

/// One dashboard.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Board {
    pub(crate) uid: String,
    pub(crate) title: String,
    /// How it is read, for who opens it for the first time.
    pub(crate) about: String,
    pub(super) row: Vec<Row>,
}

/// Panels that belong together.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) title: String,
    pub(super) panel: Vec<Panel>,
}

/// One panel.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Panel {
    pub(crate) title: String,
    /// What it shows, and when to worry.
    pub(super) about: String,
    #[serde(default)]
    pub(super) kind: Kind,
    #[serde(default = "short")]
    pub(super) unit: String,
    /// Of 24.
    #[serde(default = "third")]
    pub(super) width: u32,
    #[serde(default)]
    pub(super) height: Option<u32>,
    /// What is asked, each with the names of its lines.
    pub(super) ask: Vec<[String; 2]>,
    /// Whether its lines lead to traces.
    #[serde(default)]
    pub(super) exemplars: bool,
    /// Why nothing may be there to see, where that is so.
    #[serde(default)]
    pub(super) empty: String,
}

/// How a panel shows what it has.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    #[default]
    Timeseries,
    Stat,
    Table,
    Heatmap,
    Logs,
    Traces,
}

fn short() -> String {
    "short".to_owned()
}

fn third() -> u32 {
    8
}

/// Which series the variables of a board choose.
const CHOSEN: &str = r#"cluster=~"$cluster",namespace=~"$namespace",job=~"$job",pod=~"$pod""#;

impl Board {
    pub(crate) fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.row.iter().flat_map(|row| &row.panel)
    }

    /// # Errors
    /// It asks for what nobody counts, or has a panel twice.
    pub(super) fn check(&self, catalogue: &Catalogue) -> anyhow::Result<()> {
        anyhow::ensure!(self.uid.starts_with("errand-"), "its uid has to begin with errand-");
        let mut titles = BTreeSet::new();
        for panel in self.panels() {
            anyhow::ensure!(titles.insert(&panel.title), "{} stands twice", panel.title);
            panel.check(catalogue).with_context(|| panel.title.clone())?;
        }
        Ok(())
    }
}

impl Panel {
    fn check(&self, catalogue: &Catalogue) -> anyhow::Result<()> {
        anyhow::ensure!(!self.about.is_empty() && !self.ask.is_empty(), "it says or asks nothing");
        for [expression, _] in &self.ask {
            if self.asks_prometheus() {
                catalogue.check(&chosen(expression))?;
                let fixed =
                    expression.contains("rate(") && !expression.contains("$__rate_interval");
                anyhow::ensure!(!fixed, "a rate over a fixed interval");
            }
        }
        Ok(())
    }

    fn asks_prometheus(&self) -> bool {
        !matches!(self.kind, Kind::Logs | Kind::Traces)
    }
}

/// The expression with what the variables choose.
pub(super) fn chosen(expression: &str) -> String {
    expression.replace("$chosen", CHOSEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(panel: &str) -> String {
        let panel: Panel = toml::from_str(panel).unwrap();
        panel.check(&Catalogue::new()).err().map_or_else(String::new, |error| error.to_string())
    }

    #[test]
    fn a_panel_asks_for_what_there_is_over_the_time_that_is_shown() {
        for (ask, kind, fault) in [
            ("sum(rate(errand_auth_logins_total{$chosen}[$__rate_interval]))", "timeseries", ""),
            (
                "sum(rate(errand_auth_logins_total{$chosen}[5m]))",
                "stat",
                "a rate over a fixed interval",
            ),
            ("errand_auth_login_total{$chosen}", "table", "nobody counts errand_auth_login_total"),
            ("{namespace=\"a\"} | json", "logs", ""),
        ] {
            let said =
                said(&format!("title = 't'\nabout = 'a'\nkind = '{kind}'\nask = [['{ask}', '']]"));
            assert!(
                said.starts_with(fault) && said.is_empty() == fault.is_empty(),
                "{ask}: {said}"
            );
        }
        assert_eq!(said("title = 't'\nabout = 'a'\nask = []"), "it says or asks nothing");
    }
}
