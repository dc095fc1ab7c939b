//! Alerts: what is wrong, for how long, and what to do. Those on objectives are made of these, the others stand in `xtask/alerts`.
use std::collections::BTreeSet;

use anyhow::Context as _;
use serde::Deserialize;

use crate::{catalogue::Catalogue, files, slos::Slo};

mod alert;
mod burn;

pub(crate) use alert::{Alert, Case};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    alert: Vec<Alert>,
}

/// # Errors
/// What cannot be read, asks for what nobody counts, or is not whole.
pub(crate) fn read(catalogue: &Catalogue, slos: &[Slo]) -> anyhow::Result<Vec<Alert>> {
    let mut alerts: Vec<Alert> = slos.iter().flat_map(burn::alerts).collect();
    for path in files::list("xtask/alerts")? {
        let group = path.rsplit('/').next().and_then(|name| name.strip_suffix(".toml"));
        let group = group.with_context(|| path.clone())?.to_owned();
        let Document { alert } =
            toml::from_str(&files::read(&path)?).with_context(|| path.clone())?;
        alerts.extend(alert.into_iter().map(|alert| Alert { group: group.clone(), ..alert }));
    }
    let mut names = BTreeSet::new();
    for alert in &alerts {
        alert.check(catalogue).with_context(|| alert.name.clone())?;
        anyhow::ensure!(names.insert(&alert.name), "{} stands twice", alert.name);
    }
    Ok(alerts)
}
