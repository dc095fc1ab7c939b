//! docs/runbooks: a page for each alert, for who is woken by it.
use std::fmt::Write as _;

use anyhow::Context as _;

use crate::{alerts::Alert, boards::Board, files::Files, rules::RUNBOOKS};

/// Adds a page for each alert, and one that lists them.
///
/// # Errors
/// A page that names a panel that no board has, or a board that there is not.
pub(crate) fn add(files: &mut Files, alerts: &[Alert], boards: &[Board]) -> anyhow::Result<()> {
    files.own(RUNBOOKS);
    let mut list = "# Runbooks\n\nA page for each alert, written from what stands in `xtask/alerts` and `xtask/slos.toml`. Where nothing works, begin with the \
                    [fault tree](../fault-tree.md).\n\n| Alert | Severity | What is wrong |\n|---|---|---|\n"
        .to_owned();
    for alert in alerts {
        files.add(
            format!("{RUNBOOKS}/{}.md", alert.name),
            page(alert, boards).with_context(|| alert.name.clone())?,
        );
        let (name, severity, summary) = (&alert.name, alert.severity.name(), &alert.summary);
        _ = writeln!(list, "| [{name}]({name}.md) | {severity} | {summary} |");
    }
    files.add(format!("{RUNBOOKS}/README.md"), list);
    Ok(())
}

fn page(alert: &Alert, boards: &[Board]) -> anyhow::Result<String> {
    for text in [&alert.act, &alert.over] {
        for name in panels(text) {
            let known = boards.iter().flat_map(Board::panels).any(|panel| panel.title == name);
            anyhow::ensure!(known, "no board has a panel {name:?}");
        }
    }
    let board = boards.iter().find(|board| board.uid == alert.board);
    let board = board.with_context(|| format!("there is no board {}", alert.board))?;
    let Alert { name, summary, means, act, over, .. } = alert;
    let (threshold, needs) = (threshold(alert), needs(alert));
    Ok(format!(
        "# {name}\n\n{summary}. Severity {}, when it has been so for {}.{threshold}{needs}\n\n## What it means\n\n{}\n\n## How to see it\n\nOn the board *{}*; \
         or ask Prometheus:\n\n```promql\n{}\n```\n\n## What to do\n\n{}\n\n## How to know that it is over\n\n{}\n",
        alert.severity.name(),
        alert.lasting,
        means.trim(),
        board.title,
        alert.expression().trim(),
        act.trim(),
        over.trim(),
    ))
}

fn threshold(Alert { name, threshold, unit, .. }: &Alert) -> String {
    if threshold.is_empty() {
        return String::new();
    }
    format!(
        " It is held against {threshold} ({unit}): `metrics.rules.alerts.{name}.threshold` of the chart."
    )
}

fn needs(Alert { needs, .. }: &Alert) -> String {
    if needs.is_empty() {
        return String::new();
    }
    format!(" It needs {needs}: `metrics.rules.kubernetes` of the chart.")
}

/// Names between single asterisks.
fn panels(text: &str) -> impl Iterator<Item = &str> {
    text.split('*').skip(1).step_by(2).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::generate;

    #[test]
    fn a_page_names_panels_by_what_stands_between_asterisks() {
        let named: Vec<_> = super::panels("1. *One panel*: see **.\n2. *Another*?").collect();
        assert_eq!(named, ["One panel", "Another"]);
    }

    #[test]
    fn everything_that_is_written_follows_from_what_stands_here() {
        generate().and_then(|files| files.check()).unwrap();
    }
}
