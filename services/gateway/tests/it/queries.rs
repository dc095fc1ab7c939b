use kit_base::error::refuse;
use tonic::{Code, Status};

use crate::{
    edge::{Edge, ID},
    peers::{Outcome, invalid, invalid_as},
};

#[tokio::test]
async fn a_list_is_asked_for_as_the_query_says() {
    let edge = Edge::start().await;
    let query = format!(
        "project_id={ID}&status=needs_action,in_process&status=completed&priority=high&label=a,d&label=b%20c%2Ce&q=buy+milk\
         &due_before=2026-09-01T09:00:00Z&order_by=-due&limit=2&cursor=abc"
    );
    let reply = edge.get(&format!("/v1/tasks?{query}")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(
        (&reply.json()["next_cursor"], reply.json()["items"].as_array().unwrap().len()),
        (&"next".into(), 20)
    );
    let message = edge.peers.last().message;
    for part in [
        "status: [NeedsAction, InProcess, Completed]",
        "priority: [High]",
        r#"label: ["a", "d", "b c,e"]"#,
        r#"query: Some("buy milk")"#,
        r#"order_by: "-due", limit: 2, cursor: "abc""#,
        "seconds: 1788253200",
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }
}

#[tokio::test]
async fn a_parameter_that_is_not_known_is_refused_with_those_that_are() {
    let edge = Edge::start().await;
    let reply = edge.get("/v1/tasks?statsu=completed&limit=0&limit=1").await;
    assert_eq!(reply.refusal(), "400 INVALID_QUERY");
    let faults = reply.json();
    let told: Vec<_> = faults["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| (fault["parameter"].as_str().unwrap(), fault["code"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("limit", "REPEATED_PARAMETER"),
            ("limit", "INVALID_PARAMETER"),
            ("statsu", "UNKNOWN_PARAMETER")
        ]
    );
    let message = faults["errors"][2]["message"].as_str().unwrap();
    assert!(
        message.ends_with(
            "project_id, status, priority, label, due_before, q, order_by, limit, cursor"
        ),
        "{message}"
    );
}

#[tokio::test]
async fn what_a_service_finds_wrong_with_a_query_is_a_bad_request() {
    let edge = Edge::start().await;
    edge.peers.next(invalid(&[("order_by", "CONFLICT")]));
    let reply = edge.get("/v1/tasks?order_by=rank").await;
    assert_eq!(
        (reply.status, reply.faults("parameter")),
        (400, vec!["order_by CONFLICT".to_owned()])
    );
}

#[tokio::test]
async fn what_the_service_finds_is_told_with_what_the_edge_does() {
    let edge = Edge::start().await;
    let of_service = || invalid(&[("q", "TOO_MANY"), ("cursor", "CURSOR_MISMATCH")]);
    for (query, expected) in [
        ("x=1", &["x UNKNOWN_PARAMETER", "q TOO_MANY", "cursor CURSOR_MISMATCH"][..]),
        ("project_id=x&order_by=rank", &["project_id INVALID_PARAMETER", "q TOO_MANY"]),
        // With another state it is another list, whose cursor this may well be.
        ("status=lost", &["status NOT_ONE_OF", "q TOO_MANY"]),
        ("q=a&q=b", &["q REPEATED_PARAMETER"]),
    ] {
        edge.peers.next(of_service());
        let reply = edge.get(&format!("/v1/tasks?{query}")).await;
        assert_eq!(
            (reply.refusal().as_str(), reply.faults("parameter")),
            ("400 INVALID_QUERY", expected.iter().map(ToString::to_string).collect())
        );
        assert_eq!(reply.json()["detail"], "the query is not acceptable");
    }
    let conflict = || invalid_as("order_by", "CONFLICT", "`rank` needs a `project_id`");
    for (query, expected) in [
        ("limit=0&order_by=rank", vec!["limit INVALID_PARAMETER", "order_by CONFLICT"]),
        ("project_id=x&order_by=rank", vec!["project_id INVALID_PARAMETER"]),
    ] {
        edge.peers.next(conflict());
        assert_eq!(edge.get(&format!("/v1/tasks?{query}")).await.faults("parameter"), expected);
    }
    let lists = ["tasks", "projects", "trash", "activity", "changes", "sessions"];
    for list in lists {
        let unknown = refuse(Code::InvalidArgument, "INVALID_CURSOR", "start again");
        edge.peers.next(Outcome::Fails(unknown));
        let reply = edge.get(&format!("/v1/{list}?cursor=!!&limit=0")).await;
        let expected = ["limit INVALID_PARAMETER", "cursor INVALID_CURSOR"];
        assert_eq!(
            (reply.status, reply.faults("parameter")),
            (400, expected.map(str::to_owned).to_vec()),
            "{list}"
        );
        edge.peers.next(Outcome::Fails(Status::unavailable("down")));
        let reply = edge.get(&format!("/v1/{list}?limit=0")).await;
        assert_eq!(reply.refusal(), "400 INVALID_QUERY", "{list}: whatever the service says");
    }
}

#[tokio::test]
async fn who_waits_for_changes_with_a_query_that_is_wrong_is_told_so_at_once() {
    let edge = Edge::start().await;
    assert_eq!(edge.get("/v1/changes?wait=30s&colour=red").await.refusal(), "400 INVALID_QUERY");
    let message = edge.peers.last().message;
    assert!(message.contains("wait_milliseconds: 0"), "{message}");
}
