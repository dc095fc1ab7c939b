//! What the suite counts.
use std::collections::BTreeSet;

use errand::metrics::catalogue;
use kit_base::metrics::{Kind, Metric};
use serde_json::json;

use crate::{
    http::Http,
    processes::{fleet::Fleet, heavy},
    user::{User, path_of},
};

#[test]
fn every_metric_follows_the_naming_rules_of_prometheus() {
    let mut names = BTreeSet::new();
    for Metric { name, kind, layer: _, labels, help, buckets, series } in catalogue() {
        assert!(names.insert(name), "{name} stands twice");
        assert!(help.ends_with('.') && !labels.contains(&"le"), "{name}");
        assert_eq!(*kind == Kind::Counter, name.ends_with("_total"), "{name}");
        assert_eq!(*kind == Kind::Histogram, !buckets.is_empty(), "{name}");
        assert!(series.iter().all(|values| values.len() == labels.len()), "{name}");
        assert!(
            buckets.is_sorted() && !name.ends_with("_count") && !name.ends_with("_sum"),
            "{name}"
        );
    }
}

/// What one process has no reason to show: it calls no peers and no database over
/// sockets, exports no traces, and has neither certificates nor a configuration file.
const ELSEWHERE: [&str; 11] = [
    "errand_circuit_breaker_state",
    "errand_client_retries_total",
    "errand_config_last_reload_success_timestamp_seconds",
    "errand_config_last_reload_successful",
    "errand_dependency_up",
    "errand_grpc_client_endpoints",
    "errand_spans_queued",
    "errand_tls_certificate_not_after_timestamp_seconds",
    "errand_tls_certificate_not_before_timestamp_seconds",
    "http_client_request_duration_seconds",
    "rpc_client_call_duration_seconds",
];

#[test]
fn what_a_process_shows_after_a_walk_is_what_the_catalogue_lists() {
    heavy(async {
        let fleet = Fleet::in_one_process().await;
        let alice = User::joins(&fleet.edges()[0], "alice").await.refreshes().await;
        let task = alice.creates("Ship it").await;
        alice.reads(&path_of(&task)).await;
        alice.delete(&path_of(&task)).await.expect(204);
        let done = alice.creates("Done").await;
        for _ in 0..2 {
            alice.post(&format!("{}/complete", path_of(&done)), &json!({})).await.expect(200);
        }
        alice.get("/v1/nothing").await.expect(404);
        let admin = Http::new(format!("http://{}", fleet.processes[0].admin_address()));
        let text = String::from_utf8(admin.get("/metrics").await.body.to_vec()).expect("a text");
        let shown: BTreeSet<(&str, &str)> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
            .filter(|(name, _)| !name.starts_with("process_"))
            .collect();
        let kind = |kind| match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let listed: BTreeSet<(&str, &str)> = catalogue()
            .filter(|metric| !ELSEWHERE.contains(&metric.name))
            .map(|metric| (metric.name, kind(metric.kind)))
            .collect();
        assert_eq!(shown, listed);
        for counted in [
            r#"errand_tasks_created_total{priority="none"} 2"#,
            r#"errand_tasks_created_total{priority="urgent"} 0"#,
            "errand_tasks_deleted_total 1",
            "errand_tasks_completed_total 1",
            r#"errand_task_transitions_total{from="needs_action",to="completed"} 1"#,
            "errand_task_cycle_time_seconds_count 1",
        ] {
            assert!(text.lines().any(|line| line == counted), "{counted} is not in\n{text}");
        }
    });
}

/// Where each operation was asked for by everyone who may and may not: what each process counts names nobody, and is not too much.
async fn all_that_can_be_asked(fleet: &Fleet) {
    crate::authorization::walk(&fleet.edges()[0]).await;
    for process in &fleet.processes {
        let admin = Http::new(format!("http://{}", process.admin_address()));
        let text = String::from_utf8(admin.get("/metrics").await.body.to_vec()).expect("a text");
        let series: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let mut families = std::collections::BTreeMap::<&str, usize>::new();
        for line in &series {
            *families.entry(line.split(['{', ' ']).next().unwrap_or(line)).or_default() += 1;
        }
        assert!((500..4_000).contains(&series.len()), "{} series: {families:?}", series.len());
        for line in series {
            let values = line.split('"').skip(1).step_by(2);
            let personal: Vec<_> = values.filter(|value| is_personal(value)).collect();
            assert!(personal.is_empty(), "{line}");
        }
    }
}

#[test]
fn all_that_can_be_asked_makes_no_more_series_than_a_process_may_have_and_names_nobody() {
    heavy(async {
        all_that_can_be_asked(&Fleet::in_one_process().await).await;
    });
}

#[test]
#[ignore = "needs PostgreSQL: scripts/test"]
fn none_of_three_processes_has_more_series_than_it_may_and_names_somebody() {
    heavy(async {
        all_that_can_be_asked(&Fleet::split(1, 1, 1).await).await;
    });
}

/// Whether a label names somebody, or something of theirs.
fn is_personal(value: &str) -> bool {
    value.contains('@') || value.split('/').any(|part| uuid::Uuid::try_parse(part).is_ok())
}

/// A request of HTTP/1 after which the connection ends.
fn request(method: &str, path: &str, more: &str) -> Vec<u8> {
    let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{more}\r\n");
    head.into_bytes()
}

#[test]
fn what_strangers_send_makes_no_series() {
    heavy(async {
        let fleet = Fleet::in_one_process().await;
        let process = &fleet.processes[0];
        let edge = Http::new(&process.address);
        let admin = Http::new(format!("http://{}", process.admin_address()));
        let shown = async || {
            let text = admin.get("/metrics").await.body;
            String::from_utf8(text.to_vec()).expect("a text")
        };
        let all_alike = |number: usize| {
            let word = format!("stranger{number}");
            [
                request(&word.to_uppercase(), "/v1/tasks", ""),
                request("GET", &format!("/v1/{word}"), ""),
                request("GET", &format!("/v1/tasks/{word}?{word}={word}"), ""),
                request(
                    "POST",
                    "/v1/auth/login",
                    &format!("grpc-timeout: {word}\r\nx-{word}: 1\r\n"),
                ),
                request("GET", "/v1/tasks", &format!("authorization: Bearer {word}\r\n")),
                request(
                    "POST",
                    &format!("/tasks.v1.TaskService/{word}"),
                    "content-type: application/grpc\r\n",
                ),
                format!("{word}\r\n\r\n").into_bytes(),
            ]
        };
        for bytes in all_alike(0) {
            edge.send(&bytes).await;
        }
        let before = shown().await;
        for bytes in (1..20).flat_map(all_alike) {
            edge.send(&bytes).await;
        }
        let after = shown().await;
        assert!(!after.to_lowercase().contains("stranger"), "a stranger's word is a label");
        let series = |text: &str| text.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(series(&before), series(&after), "it is what the first of them made");
        assert!(series(&after) < 4_000, "{} series", series(&after));
    });
}
