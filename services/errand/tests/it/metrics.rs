//! The metrics of the chassis, put together from the lists of its crates.
use std::collections::BTreeSet;

use kit_base::metrics::{Kind, Metric};

fn catalogue() -> impl Iterator<Item = &'static Metric> {
    let lists =
        [kit_process::metrics::CATALOGUE, kit_rpc::metrics::CATALOGUE, kit_db::metrics::CATALOGUE];
    lists.into_iter().flatten()
}

#[test]
fn names_are_a_contract_with_rules_and_dashboards() {
    let mut listed: Vec<_> =
        catalogue().map(|m| format!("{:?} {}{:?}", m.kind, m.name, m.labels)).collect();
    listed.sort();
    assert_eq!(listed.join("\n"), include_str!("metrics.txt").trim_end());
}

#[test]
fn every_metric_follows_the_naming_rules_of_prometheus() {
    let mut names = BTreeSet::new();
    for Metric { name, kind, labels, help, buckets } in catalogue() {
        assert!(names.insert(name), "{name} stands twice");
        assert!(help.ends_with('.') && !labels.contains(&"le"), "{name}");
        assert_eq!(*kind == Kind::Counter, name.ends_with("_total"), "{name}");
        assert_eq!(*kind == Kind::Histogram, !buckets.is_empty(), "{name}");
        assert!(
            buckets.is_sorted() && !name.ends_with("_count") && !name.ends_with("_sum"),
            "{name}"
        );
    }
}
