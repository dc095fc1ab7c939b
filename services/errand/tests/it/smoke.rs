//! `errand smoke`, which is the test of an installation too: what it says, and that it leaves nothing.
use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
    time::Duration,
};

use kit_base::{Clock, testing::eventually};
use kit_db::testing::{Backend, contents, run_script};

use crate::{
    app::{App, Topology, alone},
    commands::{errand, said, succeeds},
    processes::{fleet::Fleet, heavy, process::path_of},
    storage,
};

kit_db::on_each_backend!(a_smoke_test_leaves_nothing_even_when_it_fails);

#[test]
fn a_smoke_test_says_each_step_and_what_failed() {
    alone(async {
        let fleet = Fleet::in_one_process().await;
        let smoke = |url: &str| errand(&["smoke", "--url", url], &vec![]);
        let output = succeeds(&smoke(&fleet.processes[0].address));
        assert_eq!(output.lines().filter(|line| line.starts_with("ok ")).count(), 10, "{output}");
        let output = smoke("http://127.0.0.1:1");
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).starts_with("FAILED  register a user: nothing listens"));
    });
}

#[test]
#[ignore = "needs PostgreSQL: scripts/test"]
fn a_smoke_test_passes_on_three_services_of_which_two_have_replicas() {
    heavy(async {
        let fleet = Fleet::split(1, 2, 2).await;
        for edge in fleet.edges() {
            succeeds(&errand(&["smoke", "--url", &edge.base], &vec![]));
        }
    });
}

#[test]
fn a_smoke_test_that_asks_too_often_waits_and_leaves_nobody() {
    alone(async {
        let mut variables = storage::variables(Backend::Sqlite).await;
        variables.retain(|(name, _)| *name != "RATE_LIMIT");
        // One is earned back each second.
        variables.push(("RATE_LIMIT_LOGIN", "60".to_owned()));
        let app = App::start_on(Topology::OneProcess, variables, Clock::system()).await;
        let nobody = serde_json::json!({});
        while app.http.post("/v1/auth/login", &nobody).await.status != 429 {}
        let output = succeeds(&errand(&["smoke", "--url", &app.http.base], &vec![]));
        assert!(output.contains("ok      delete the user"), "{output}");
        let accounts = counts(&app).await;
        let accounts = accounts.iter().find(|(table, _)| table.starts_with("accounts of"));
        assert_eq!(accounts.map(|(_, count)| *count), Some(0));
    });
}

#[test]
fn a_smoke_test_that_is_told_to_stop_leaves_nobody() {
    alone(async {
        let variables = storage::variables(Backend::Sqlite).await;
        let app = App::start_on(Topology::OneProcess, variables, Clock::system()).await;
        for milliseconds in [30, 90, 150, 210] {
            let mut smoke = Command::new(path_of("errand"))
                .args(["smoke", "--url", &app.http.base])
                .stdout(Stdio::null())
                .spawn()
                .expect("errand");
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            let kill = format!("kill -TERM {} || true", smoke.id());
            Command::new("sh").args(["-c", &kill]).status().expect("a shell");
            eventually("it ends", async || smoke.try_wait().expect("its state").is_some()).await;
            let accounts = counts(&app).await;
            let left: usize = accounts
                .iter()
                .filter_map(|(table, count)| table.starts_with("accounts of").then_some(*count))
                .sum();
            assert_eq!(left, 0, "after {milliseconds} ms");
        }
    });
}

/// How many rows each table has.
async fn counts(app: &App) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for url in &app.databases {
        let tables = contents(url).await.into_iter();
        counts.extend(tables.map(|(table, rows)| (format!("{table} of {url}"), rows.len())));
    }
    counts
}

async fn a_smoke_test_leaves_nothing_even_when_it_fails(backend: Backend) {
    let variables = storage::variables(backend).await;
    let app = App::start_on(Topology::OneProcess, variables, Clock::system()).await;
    let smoke = || errand(&["smoke", "--url", &app.http.base], &vec![]);
    // The first visitor of all makes what stays: how often its address has tried.
    succeeds(&smoke());
    let before = counts(&app).await;
    succeeds(&smoke());
    run_script(&app.databases[1], "ALTER TABLE tasks RENAME COLUMN title TO caption").await;
    let output = smoke();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("FAILED  create a task"), "{}", said(&output));
    // What tells for a while that something has ended.
    let marks = ["revocations of", "scopes of", "deletions of", "idempotency_keys of"];
    let grown = |counts: BTreeMap<String, usize>| {
        let mut grown = counts.into_iter().filter(|(table, count)| *count > before[table]);
        grown.find(|(table, _)| !marks.iter().any(|mark| table.starts_with(mark)))
    };
    eventually("nothing is left", async || grown(counts(&app).await).is_none()).await;
}
