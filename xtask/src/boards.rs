//! Dashboards: what stands in `xtask/boards`, as Grafana reads it.
use std::collections::BTreeSet;

use anyhow::Context as _;
use serde::Deserialize;

use crate::{
    catalogue::Catalogue,
    files::{self, Files},
};

mod grafana;

const FOLDER: &str = "helm/errand/dashboards";

/// One dashboard.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Board {
    pub(crate) uid: String,
    pub(crate) title: String,
    /// How it is read, for who opens it for the first time.
    pub(crate) about: String,
    row: Vec<Row>,
}

/// Panels that belong together.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    title: String,
    panel: Vec<Panel>,
}

/// One panel.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Panel {
    pub(crate) title: String,
    /// What it shows, and when to worry.
    about: String,
    #[serde(default)]
    kind: Kind,
    #[serde(default = "short")]
    unit: String,
    /// Of 24.
    #[serde(default = "third")]
    width: u32,
    #[serde(default)]
    height: Option<u32>,
    /// What is asked, each with the names of its lines.
    ask: Vec<[String; 2]>,
    /// Whether its lines lead to traces.
    #[serde(default)]
    exemplars: bool,
    /// Why nothing may be there to see, where that is so.
    #[serde(default)]
    empty: String,
}

/// How a panel shows what it has.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Kind {
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

/// # Errors
/// What cannot be read, asks for what nobody counts, or stands twice.
pub(crate) fn read(catalogue: &Catalogue) -> anyhow::Result<Vec<Board>> {
    let mut boards = vec![];
    for path in files::list("xtask/boards")? {
        let board: Board = toml::from_str(&files::read(&path)?).with_context(|| path.clone())?;
        board.check(catalogue).with_context(|| path.clone())?;
        boards.push(board);
    }
    Ok(boards)
}

/// Adds the boards.
///
/// # Errors
/// What cannot be written as JSON.
pub(crate) fn add(files: &mut Files, boards: &[Board]) -> anyhow::Result<()> {
    files.own(FOLDER);
    for board in boards {
        let name = board.uid.trim_start_matches("errand-");
        let json = serde_json::to_string_pretty(&grafana::board(board))?;
        files.add(format!("{FOLDER}/{name}.json"), format!("{json}\n"));
    }
    Ok(())
}

/// Which series the variables of a board choose.
const CHOSEN: &str = r#"cluster=~"$cluster",namespace=~"$namespace",job=~"$job",pod=~"$pod""#;

impl Board {
    pub(crate) fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.row.iter().flat_map(|row| &row.panel)
    }

    fn check(&self, catalogue: &Catalogue) -> anyhow::Result<()> {
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
fn chosen(expression: &str) -> String {
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

    #[test]
    fn panels_stand_beside_each_other_as_far_as_they_fit() {
        let panel = |title: &str, width: u32| {
            format!(
                "[[row.panel]]\ntitle = '{title}'\nabout = 'a'\nwidth = {width}\nask = [['up', '']]\n"
            )
        };
        let rows = ["one", "two"].map(|row| {
            let panels = [(12, 'a'), (12, 'b'), (8, 'c')]
                .map(|(width, name)| panel(&format!("{row}{name}"), width));
            format!("[[row]]\ntitle = '{row}'\n{}", panels.concat())
        });
        let board: Board = toml::from_str(&format!(
            "uid = 'errand-x'\ntitle = 'X'\nabout = 'a'\n{}",
            rows.concat()
        ))
        .unwrap();
        board.check(&Catalogue::new()).unwrap();
        let written = grafana::board(&board);
        let places = written["panels"].as_array().unwrap().iter().map(|panel| {
            let number = |name: &str| panel["gridPos"][name].as_u64().unwrap();
            (number("x"), number("y"), number("w"))
        });
        let expected = [
            (0, 0, 24),
            (0, 1, 12),
            (12, 1, 12),
            (0, 9, 8),
            (0, 17, 24),
            (0, 18, 12),
            (12, 18, 12),
            (0, 26, 8),
        ];
        assert_eq!(places.collect::<Vec<_>>(), expected);
    }
}
