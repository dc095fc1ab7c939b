//! A report, whatever it is written as: sections of rows.
use std::fmt::Write as _;

use kit_base::Timestamp;
use serde_json::json;

use super::picture::{self, Bar};
use crate::command::period::Period;

/// All that is reported.
pub(super) struct Page {
    pub(super) window: String,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) sections: Vec<Section>,
    /// For the picture.
    pub(super) bars: Vec<Bar>,
}

/// Rows that belong together.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) rows: Vec<Row>,
}

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) name: String,
    /// As people read it.
    pub(super) text: String,
    /// As programs do; none where nothing is known.
    pub(super) value: Option<f64>,
    /// Whether someone has to look.
    pub(super) bad: bool,
}

impl Page {
    pub(super) fn new(window: &Period, now: Timestamp) -> Self {
        let from = now.minus(window.duration());
        Self { window: window.to_string(), from, to: now, sections: vec![], bars: vec![] }
    }

    /// What it is called, and what has to be looked at.
    pub(super) fn headline(&self) -> String {
        let rows = self.sections.iter().flat_map(|section| &section.rows);
        let bad = rows.filter(|row| row.bad).count();
        match bad {
            0 => format!("Errand, the last {}: all is well", self.window),
            _ => format!("Errand, the last {}: {bad} to look at", self.window),
        }
    }

    pub(super) fn text(&self) -> String {
        let mut written = format!("{}\n{} to {}\n", self.headline(), self.from, self.to);
        let rows = self.sections.iter().flat_map(|section| &section.rows);
        let widest = rows.map(|row| row.name.chars().count()).max().unwrap_or_default();
        for Section { title, rows } in &self.sections {
            _ = writeln!(written, "\n{title}");
            if rows.is_empty() {
                written += "  none\n";
            }
            for Row { name, text, bad, value: _ } in rows {
                let mark = if *bad { '!' } else { ' ' };
                _ = writeln!(written, "{mark} {name:widest$}  {text}");
            }
        }
        written
    }

    pub(super) fn markdown(&self) -> String {
        let mut written = format!("# {}\n\n{} to {}\n", self.headline(), self.from, self.to);
        for Section { title, rows } in &self.sections {
            _ = write!(written, "\n## {title}\n\n| | |\n|---|---|\n");
            for Row { name, text, bad, value: _ } in rows {
                let (name, text) = (name.replace('|', "\\|"), text.replace('|', "\\|"));
                let text = if *bad { format!("**{text}**") } else { text };
                _ = writeln!(written, "| {name} | {text} |");
            }
        }
        written
    }

    pub(super) fn json(&self) -> String {
        let row = |Row { name, text, value, bad }: &Row| json!({ "name": name, "text": text, "value": value, "bad": bad });
        let section = |Section { title, rows }: &Section| json!({ "title": title, "rows": rows.iter().map(row).collect::<Vec<_>>() });
        let sections: Vec<_> = self.sections.iter().map(section).collect();
        let whole = json!({
            "headline": self.headline(),
            "from": self.from.to_string(),
            "to": self.to.to_string(),
            "sections": sections,
        });
        format!("{whole:#}\n")
    }

    pub(super) fn html(&self) -> String {
        let escaped = |text: &str| {
            text.replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
        };
        let headline = escaped(&self.headline());
        let mut written = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{headline}</title>\n<style>body{{font:15px/1.5 sans-serif;max-width:46em;margin:2em \
             auto;padding:0 1em}}table{{border-collapse:collapse;width:100%}}td{{border-bottom:1px solid #ddd;padding:.2em .5em}}.bad{{color:#b00020;font-weight:bold}}</style></head>\n\
             <body><h1>{headline}</h1><p>{} to {}</p>\n{}",
            self.from,
            self.to,
            picture::svg(&self.bars)
        );
        for Section { title, rows } in &self.sections {
            _ = writeln!(written, "<h2>{title}</h2><table>");
            for Row { name, text, bad, value: _ } in rows {
                let class = if *bad { " class=\"bad\"" } else { "" };
                _ = writeln!(
                    written,
                    "<tr><td>{}</td><td{class}>{}</td></tr>",
                    escaped(name),
                    escaped(text)
                );
            }
            written += "</table>\n";
        }
        written + "</body></html>\n"
    }

    /// For chats, which have little room: of each section what has to be looked at first, and no row about which nothing is known.
    pub(super) fn lines(&self, strong: impl Fn(&str) -> String) -> String {
        let mut written = String::new();
        for Section { title, rows } in &self.sections {
            let mut known: Vec<_> = rows.iter().filter(|row| row.value.is_some()).collect();
            known.sort_by_key(|row| !row.bad);
            if known.is_empty() {
                continue;
            }
            _ = writeln!(written, "\n{}", strong(title));
            for Row { name, text, bad, value: _ } in known {
                let text = if *bad { strong(text) } else { text.clone() };
                _ = writeln!(written, "- {name}: {text}");
            }
        }
        written
    }
}

impl Row {
    /// One about which nothing is known.
    pub(super) fn unknown(name: &str) -> Self {
        Self { name: name.to_owned(), text: "unknown".to_owned(), value: None, bad: false }
    }

    pub(super) fn new(name: impl Into<String>, value: f64, text: String, bad: bool) -> Self {
        Self { name: name.into(), text, value: Some(value), bad }
    }
}
