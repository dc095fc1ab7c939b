//! The switchboard: what an operator makes fail or refuses, in one process and in three, and that it is over when it says so.
use std::time::Duration;

use http::Method;
use kit_base::testing::eventually;
use kit_db::testing::Backend;
use serde_json::{Value, json};

use super::{
    fleet::{Fleet, addresses},
    heavy,
    process::Process,
};
use crate::{
    http::{Http, Reply},
    storage::{self, Variables},
    user::{User, path_of},
};

fn on() -> Variables {
    vec![("SWITCHBOARD", "on".to_owned())]
}

async fn three() -> Fleet {
    let shared = storage::variables(Backend::Postgres).await;
    Fleet::start_with(&shared, [1, 1, 1], |_| on(), addresses).await
}

fn board(process: &Process) -> Http {
    Http::new(format!("http://{}", process.admin_address()))
}

/// Switches this and nothing else.
async fn switch(process: &Process, document: Value) -> Reply {
    let reply = board(process).ask(Method::PUT, "/switches").json(&document).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply
}

async fn counted(process: &Process, line: &str) -> bool {
    let text = String::from_utf8(board(process).get("/metrics").await.body.to_vec());
    text.expect("a text").lines().any(|told| told == line)
}

#[test]
fn nothing_can_be_switched_where_the_switchboard_is_off() {
    heavy(async {
        let fleet = Fleet::in_one_process().await;
        let reply = board(&fleet.processes[0]).ask(Method::PUT, "/switches").json(&json!({})).await;
        assert_eq!(reply.status, 404);
        assert_eq!(board(&fleet.processes[0]).get("/work").await.status, 404);
    });
}

#[test]
fn a_place_that_there_is_not_is_refused_with_those_that_there_are() {
    heavy(async {
        let fleet = Fleet::in_one_process_with(on()).await;
        let process = &fleet.processes[0];
        for (fault, instead) in [
            (json!({ "route": "GET /v1/taks", "kind": "error", "seconds": 9 }), "GET /v1/tasks"),
            (json!({ "dependency": "databse", "kind": "down", "seconds": 9 }), "database"),
        ] {
            let document = json!({ "faults": [fault] });
            let reply = board(process).ask(Method::PUT, "/switches").json(&document).await;
            let said = String::from_utf8_lossy(&reply.body).into_owned();
            assert!(reply.status == 400 && said.contains(instead), "{said}");
        }
        assert_eq!(board(process).get("/switches").await.json(), json!({}));
    });
}

#[test]
fn while_writes_are_refused_reads_go_on_and_a_write_is_told_when_to_come_again() {
    heavy(async {
        let fleet = Fleet::in_one_process_with(on()).await;
        let process = &fleet.processes[0];
        let alice = User::joins(&fleet.edges()[0], "alice").await;
        let task = alice.creates("Ship it").await;
        switch(process, json!({ "read_only": { "seconds": 3 } })).await;
        assert!(counted(process, r#"errand_switch_active{switch="read_only"} 1"#).await);
        let refused = alice.patch(&path_of(&task), &json!({ "title": "Sail it" })).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (503, &json!("READ_ONLY")));
        let wait: u64 = refused.header("retry-after").parse().expect("seconds");
        assert!((1..=3).contains(&wait), "{wait}");
        assert_eq!(
            alice.reads(&path_of(&task)).await,
            task,
            "reads go on, and nothing was written"
        );
        let again = async || alice.patch(&path_of(&task), &json!({ "title": "Sail it" })).await;
        eventually("it is over", async || again().await.status == 200).await;
        assert!(counted(process, r#"errand_switch_active{switch="read_only"} 0"#).await);
    });
}

#[test]
fn a_route_fails_as_often_and_as_long_as_it_is_switched() {
    heavy(async {
        let fleet = Fleet::in_one_process_with(on()).await;
        let process = &fleet.processes[0];
        let alice = User::joins(&fleet.edges()[0], "alice").await;
        let list = async || alice.get("/v1/tasks").await.status.as_u16();
        let fault = |kind: &str, more: Value| {
            let mut fault = json!({ "route": "GET /v1/tasks", "kind": kind, "seconds": 30 });
            fault.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({ "faults": [fault] })
        };
        switch(process, fault("error", json!({}))).await;
        assert_eq!(list().await, 500);
        assert_eq!(alice.get("/v1/me").await.status, 200, "no other route");
        assert!(counted(process, r#"errand_faults_injected_total{kind="error"} 1"#).await);
        switch(process, fault("error", json!({ "share": 0.5 }))).await;
        let mut failed = 0;
        for _ in 0..60 {
            failed += usize::from(list().await == 500);
        }
        assert!((10..=50).contains(&failed), "{failed} of 60");
        switch(process, fault("latency", json!({ "milliseconds": 300 }))).await;
        let began = std::time::Instant::now();
        assert_eq!(list().await, 200);
        assert!(began.elapsed() >= Duration::from_millis(300));
        switch(process, fault("abort", json!({}))).await;
        assert!(alice.get("/v1/tasks").attempt().await.is_err(), "it breaks off");
        let reply = board(process).ask(Method::DELETE, "/switches").await;
        assert_eq!((reply.status.as_u16(), reply.json()), (200, json!({})));
        assert_eq!(list().await, 200);
    });
}

#[test]
#[ignore = "needs PostgreSQL: scripts/test"]
fn every_layer_of_three_processes_does_what_is_switched_in_it() {
    heavy(async {
        let fleet = three().await;
        let [auth, tasks, gateway] = &fleet.processes[..] else { panic!("three") };
        let alice = User::joins(&fleet.edges()[0], "alice").await;
        let task = alice.creates("Ship it").await;
        let told = async |path: &str| {
            let reply = alice.get(path).await;
            let code = if reply.status == 200 { json!(null) } else { reply.json()["code"].clone() };
            (reply.status.as_u16(), code)
        };
        let down = |name: &str| json!({ "faults": [{ "dependency": name, "kind": "down", "seconds": 30 }] });
        switch(tasks, down("database")).await;
        assert_eq!(told(&path_of(&task)).await, (503, json!("DATABASE_UNAVAILABLE")));
        assert_eq!(told("/v1/me").await, (200, json!(null)), "auth has its own");
        assert!(counted(tasks, r#"errand_dependency_up{dependency="tasks-database"} 0"#).await);
        switch(tasks, json!({ "read_only": { "seconds": 30 } })).await;
        let refused = alice.patch(&path_of(&task), &json!({ "title": "Sail it" })).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["code"]), (503, &json!("READ_ONLY")));
        assert_eq!(told(&path_of(&task)).await.0, 200);
        switch(tasks, json!({ "faults": [{ "method": "*", "kind": "error", "seconds": 30 }] }))
            .await;
        assert_eq!(told(&path_of(&task)).await, (500, json!("INTERNAL")));
        switch(tasks, json!({})).await;
        switch(gateway, down("tasks")).await;
        assert_eq!(told(&path_of(&task)).await, (503, json!("PEER_UNAVAILABLE")));
        switch(gateway, json!({})).await;
        switch(auth, json!({ "unready": { "seconds": 2 } })).await;
        let ready = async || board(auth).get("/readyz").await.status.as_u16();
        assert_eq!(ready().await, 503);
        eventually("it is ready again", async || ready().await == 200).await;
        assert_eq!(told(&path_of(&task)).await.0, 200);
    });
}

#[test]
#[ignore = "needs PostgreSQL: scripts/test"]
fn what_hangs_is_listed_with_what_it_waits_for() {
    heavy(async {
        let fleet = three().await;
        let [_, tasks, gateway] = &fleet.processes[..] else { panic!("three") };
        let alice = User::joins(&fleet.edges()[0], "alice").await;
        let task = alice.creates("Ship it").await;
        let slow = json!({ "dependency": "database", "kind": "latency", "milliseconds": 900, "seconds": 30 });
        switch(tasks, json!({ "faults": [slow] })).await;
        let listed = async |process: &Process, what: &str| {
            let document = board(process).get("/work").await.json();
            let mut work = document["work"].as_array().expect("a list").iter();
            work.find(|work| work["what"] == what).cloned()
        };
        let method = "tasks.v1.TaskService/GetTask";
        let look = async || {
            loop {
                let (outer, inner) =
                    (listed(gateway, "GET /v1/tasks/{id}").await, listed(tasks, method).await);
                match (outer, inner) {
                    // The edge's is there before it has asked anybody.
                    (Some(outer), Some(inner)) if outer["waits_for"] != json!([]) => {
                        return (outer, inner);
                    }
                    _ => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        };
        let path = path_of(&task);
        let (reply, (outer, inner)) = tokio::join!(alice.get(&path), look());
        let id = reply.header("x-request-id");
        assert_eq!((&outer["request_id"], &inner["request_id"]), (&json!(id), &json!(id)));
        assert_eq!(outer["waits_for"][0]["what"], method, "{outer}");
        assert!(inner["waits_for"][0]["seconds"].as_f64().is_some(), "{inner}");
        assert!(listed(gateway, "GET /v1/tasks/{id}").await.is_none(), "it is done");
    });
}

#[test]
fn who_has_no_token_switches_nothing_where_there_is_one() {
    heavy(async {
        let token = "a token of the operator's own";
        let more = [on(), vec![("ADMIN_TOKEN", token.to_owned())]].concat();
        let fleet = Fleet::in_one_process_with(more).await;
        let put = || {
            let document = json!({ "unready": { "seconds": 30 } });
            board(&fleet.processes[0]).ask(Method::PUT, "/switches").json(&document)
        };
        assert_eq!(put().await.status, 401);
        assert_eq!(board(&fleet.processes[0]).get("/work").await.status, 401);
        assert_eq!(
            put().with("authorization", "Bearer a token of somebody else's").await.status,
            401
        );
        assert_eq!(board(&fleet.processes[0]).get("/readyz").await.status, 200);
        assert_eq!(put().with("authorization", format!("Bearer {token}")).await.status, 200);
        assert_eq!(board(&fleet.processes[0]).get("/readyz").await.status, 503);
        assert!(!fleet.processes[0].log().contains(token));
    });
}
