use crate::edge::{Edge, ID};

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
    assert_eq!(edge.peers.count(), 0);
}

#[tokio::test]
async fn what_a_service_finds_wrong_with_a_query_is_a_bad_request() {
    use crate::peers::Outcome;
    use tonic::{Code, Status};
    use tonic_types::{ErrorDetails, StatusExt as _};
    let edge = Edge::start().await;
    let mut details = ErrorDetails::with_error_info(
        "VALIDATION_FAILED",
        "errand",
        std::collections::HashMap::new(),
    );
    details.add_bad_request_violation("order_by", "by rank only within a project");
    edge.peers.next(Outcome::Fails(Status::with_error_details(
        Code::InvalidArgument,
        "not acceptable",
        details,
    )));
    let reply = edge.get("/v1/tasks?order_by=rank").await;
    assert_eq!((reply.status, &reply.json()["errors"][0]["parameter"]), (400, &"order_by".into()));
}
