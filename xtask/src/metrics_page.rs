//! docs/metrics.md: what is there for people, and behind it a table of each layer.
use errand::metrics::catalogue;
use kit_base::metrics::{Layer, Metric};

use crate::files::{self, Files};

const PAGE: &str = "docs/metrics.md";

/// Adds the page, whose beginning stays as it is.
pub(crate) fn add(files: &mut Files) -> anyhow::Result<()> {
    let page = files::read(PAGE)?;
    let before = page.split_once("\n## ").map_or(&*page, |(before, _)| before);
    let mut written = before.to_owned();
    for (layer, title) in [
        (Layer::Business, "What people do"),
        (Layer::Application, "How the services do"),
        (Layer::Infrastructure, "What they stand on"),
    ] {
        let mut rows: Vec<_> =
            catalogue().filter(|metric| metric.layer == layer).map(row).collect();
        rows.sort();
        let head = "| Metric | Type | Labels | What it says |\n|---|---|---|---|\n";
        written += &format!("\n## {title}\n\n{head}{}", rows.concat());
    }
    files.add(PAGE, written);
    Ok(())
}

fn row(Metric { name, kind, labels, help, layer: _, buckets: _, series: _ }: &Metric) -> String {
    let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
    let kind = format!("{kind:?}").to_lowercase();
    format!("| `{name}` | {kind} | {} | {help} |\n", labels.join(", "))
}
