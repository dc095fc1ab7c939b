//! The services of tasks, which the chart's route for gRPC names one by one.
use anyhow::Context as _;

use crate::files::{self, Files};

const CONTRACTS: &str = "proto/tasks/v1";

/// Adds the list, by the order of the contract's files.
///
/// # Errors
/// A contract that cannot be read, or none at all.
pub(crate) fn add(files: &mut Files) -> anyhow::Result<()> {
    let mut list = String::new();
    for name in files::list(CONTRACTS)?.iter().filter(|name| name.ends_with(".proto")) {
        let text = files::read(name)?;
        let services = text.lines().filter_map(|line| line.strip_prefix("service "));
        for service in services {
            let name = service.split_whitespace().next().context(name.clone())?;
            list.push_str(&format!("- tasks.v1.{name}\n"));
        }
    }
    anyhow::ensure!(!list.is_empty(), "{CONTRACTS} has no service");
    files.add("helm/errand/routes/tasks.yaml", list);
    Ok(())
}
