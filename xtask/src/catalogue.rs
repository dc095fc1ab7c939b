//! What may be asked for: what the code declares, and what those bring who watch it.
use std::collections::{BTreeMap, BTreeSet};

use kit_base::metrics::Kind;

use crate::expression::Use;

/// Names of series with the labels that each may have.
pub(crate) struct Catalogue(BTreeMap<String, BTreeSet<String>>);

/// What Prometheus gives to each target.
const TARGET: [&str; 7] =
    ["cluster", "namespace", "pod", "job", "instance", "container", "rollouts_pod_template_hash"];

/// What others export, with the labels that are asked for here: Prometheus itself, every client of it, kube-state-metrics, and the kubelet.
const OTHERS: [(&str, &[&str]); 22] = [
    ("up", &[]),
    ("ALERTS", &["alertname", "alertstate", "severity"]),
    ("process_cpu_seconds_total", &[]),
    ("process_resident_memory_bytes", &[]),
    ("process_open_fds", &[]),
    ("process_max_fds", &[]),
    ("process_start_time_seconds", &[]),
    ("process_threads", &[]),
    ("kube_deployment_spec_replicas", &["deployment"]),
    ("kube_deployment_status_replicas_available", &["deployment"]),
    ("kube_horizontalpodautoscaler_status_current_replicas", &["horizontalpodautoscaler"]),
    ("kube_horizontalpodautoscaler_spec_max_replicas", &["horizontalpodautoscaler"]),
    ("kube_horizontalpodautoscaler_spec_min_replicas", &["horizontalpodautoscaler"]),
    ("kube_pod_container_status_restarts_total", &[]),
    ("kube_pod_container_status_waiting_reason", &["reason"]),
    ("kube_pod_container_resource_limits", &["resource"]),
    ("kube_pod_container_resource_requests", &["resource"]),
    ("kube_job_status_failed", &["job_name"]),
    ("container_memory_working_set_bytes", &[]),
    ("container_cpu_usage_seconds_total", &[]),
    ("container_cpu_cfs_throttled_periods_total", &[]),
    ("container_cpu_cfs_periods_total", &[]),
];

impl Catalogue {
    pub(crate) fn new() -> Self {
        let mut series = BTreeMap::new();
        for metric in errand::metrics::catalogue() {
            let labels = || metric.labels.iter().chain(&TARGET).map(|label| (*label).to_owned());
            if metric.kind == Kind::Histogram {
                let with_bound = labels().chain(["le".to_owned()]).collect();
                series.insert(format!("{}_bucket", metric.name), with_bound);
                for part in ["sum", "count"] {
                    series.insert(format!("{}_{part}", metric.name), labels().collect());
                }
            } else {
                series.insert(metric.name.to_owned(), labels().collect());
            }
        }
        for (name, labels) in OTHERS {
            let labels = labels.iter().chain(&TARGET).map(|label| (*label).to_owned());
            series.insert(name.to_owned(), labels.collect());
        }
        Self(series)
    }

    /// Takes in what a rule records.
    pub(crate) fn record(&mut self, name: String, labels: &[&str]) {
        self.0.insert(name, labels.iter().map(|label| (*label).to_owned()).collect());
    }

    /// # Errors
    /// A name that nobody counts, or a label that what is asked for does not have.
    pub(crate) fn check(&self, expression: &str) -> anyhow::Result<()> {
        let Use { metrics, labels } = crate::expression::used(expression)?;
        anyhow::ensure!(!metrics.is_empty(), "it asks for nothing: {expression}");
        let mut known: BTreeSet<&str> = BTreeSet::new();
        for (name, matched) in &metrics {
            let has = self.0.get(name).ok_or_else(|| anyhow::anyhow!("nobody counts {name}"))?;
            if let Some(label) = matched.iter().find(|label| !has.contains(*label)) {
                anyhow::bail!("{name} has no {label}");
            }
            known.extend(has.iter().map(String::as_str));
        }
        match labels.iter().find(|label| !known.contains(label.as_str())) {
            Some(label) => anyhow::bail!("nothing in it has {label}: {expression}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_counts_is_refused_by_its_name() {
        let mut catalogue = Catalogue::new();
        catalogue.record("errand:x:rate5m".to_owned(), &["namespace"]);
        for (expression, fault) in [
            ("rate(errand_auth_logins_total{result=\"failure\"}[5m])", ""),
            ("sum by (pod, result) (errand_auth_logins_total) / on (pod) up", ""),
            ("sum by (le) (rate(http_server_request_duration_seconds_bucket[5m]))", ""),
            ("errand:x:rate5m{namespace=\"a\"}", ""),
            ("errand_auth_login_total", "nobody counts errand_auth_login_total"),
            (
                "http_server_request_duration_seconds",
                "nobody counts http_server_request_duration_seconds",
            ),
            (
                "errand_auth_logins_total{outcome=\"failure\"}",
                "errand_auth_logins_total has no outcome",
            ),
            ("errand:x:rate5m{pod=\"a\"}", "errand:x:rate5m has no pod"),
            ("sum by (outcome) (errand_auth_logins_total)", "nothing in it has outcome"),
            ("sum by (le) (http_server_request_duration_seconds_count)", "nothing in it has le"),
            ("vector(1)", "it asks for nothing"),
        ] {
            let said = catalogue
                .check(expression)
                .err()
                .map_or_else(String::new, |error| error.to_string());
            assert!(
                said.starts_with(fault) && said.is_empty() == fault.is_empty(),
                "{expression}: {said}"
            );
        }
    }
}
