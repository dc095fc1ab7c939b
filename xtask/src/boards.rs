//! Dashboards: what stands in `xtask/boards`, as Grafana reads it.
use anyhow::Context as _;

use crate::{
    catalogue::Catalogue,
    files::{self, Files},
};

mod board;
mod grafana;

pub(crate) use board::Board;

const FOLDER: &str = "helm/errand/dashboards";

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

#[cfg(test)]
mod tests {
    use super::*;

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
