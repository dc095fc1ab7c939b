//! What the suite counts.
use kit_base::metrics::Metric;

/// All that any of its crates declares.
pub fn catalogue() -> impl Iterator<Item = &'static Metric> {
    let lists = [
        kit_base::metrics::CATALOGUE,
        kit_base::switches::CATALOGUE,
        kit_process::metrics::CATALOGUE,
        kit_rpc::metrics::CATALOGUE,
        kit_db::metrics::CATALOGUE,
        auth::metrics::CATALOGUE,
        gateway::metrics::CATALOGUE,
        tasks::metrics::CATALOGUE,
    ];
    lists.into_iter().flatten().map(|declared| declared.metric())
}
