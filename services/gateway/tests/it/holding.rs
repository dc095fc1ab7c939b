//! Large answers, and clients that do not take them.
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Response;
use hyper::body::Incoming;
use proto::tasks::v1::{ListTasksResponse, Task};
use uuid::Uuid;

use crate::{
    edge::{Edge, ID, token},
    peers::Outcome,
};

/// More than the buffers of a connection hold, and less than a message may have.
fn large() -> Task {
    Task {
        id: ID.to_owned(),
        status: 1,
        priority: 1,
        description: "x".repeat(3_900_000),
        ..Task::default()
    }
}

fn page() -> Outcome {
    Outcome::Gives(Box::new(ListTasksResponse { tasks: vec![large()], next_cursor: String::new() }))
}

/// Asks, and reads the head of the answer alone.
async fn unread(edge: &Edge, path: &str, outcome: Outcome) -> Response<Incoming> {
    unread_by(edge, &edge.token, path, outcome).await
}

async fn unread_by(edge: &Edge, token: &str, path: &str, outcome: Outcome) -> Response<Incoming> {
    let bearer = format!("Bearer {token}");
    edge.peers.next(outcome);
    let reply = edge.open("GET", path, &[("authorization", &bearer)], Bytes::new()).await;
    assert_eq!(reply.status(), 200);
    reply
}

/// The token of somebody else each time.
fn another(edge: &Edge) -> String {
    token(&edge.key, Uuid::now_v7(), Uuid::now_v7(), 600)
}

#[tokio::test]
async fn who_does_not_take_a_large_answer_gets_no_other_and_is_in_nobody_elses_way() {
    let edge = Edge::start().await;
    let path = format!("/v1/tasks/{ID}");
    for (path, outcome) in [("/v1/tasks", page()), (&path, Outcome::Gives(Box::new(large())))] {
        let held = unread(&edge, path, outcome).await;
        assert_eq!(edge.get("/v1/tasks").await.refusal(), "429 TOO_MANY_AT_ONCE", "{path}");
        let bearer = format!("Bearer {}", another(&edge));
        let reply = edge.anonymous("GET", "/v1/tasks", &[("authorization", &bearer)], "").await;
        assert_eq!(reply.status, 200, "{path}: another user's");
        drop(held);
        let mut status = 429;
        for _ in 0..10 {
            status = edge.get("/v1/tasks").await.status;
            if status == 200 {
                break;
            }
        }
        assert_eq!(status, 200, "{path}: the room is free again");
    }
}

#[tokio::test]
async fn what_has_been_written_is_told_though_there_is_no_room() {
    let edge = Edge::start().await;
    let held = unread(&edge, "/v1/tasks", page()).await;
    edge.peers.next(Outcome::Gives(Box::new(large())));
    let reply = edge.send("PATCH", &format!("/v1/tasks/{ID}"), r#"{"title":"x"}"#).await;
    assert_eq!((reply.status, reply.body.len() > 3_900_000), (200, true));
    drop(held);
}

#[tokio::test]
async fn where_many_take_nothing_of_their_answers_the_next_large_one_is_shed_and_small_ones_are_not()
 {
    let edge = Edge::start().await;
    let mut held = vec![];
    // In 32 MiB there is room for eight of them.
    for _ in 0..8 {
        held.push(unread_by(&edge, &another(&edge), "/v1/tasks", page()).await);
    }
    let began = Instant::now();
    edge.peers.next(page());
    let refused = edge.get("/v1/tasks").await;
    assert_eq!((refused.refusal(), refused.header("retry-after")), ("503 SHED".to_owned(), "1"));
    let waited = began.elapsed();
    assert!(waited >= Duration::from_millis(300) && waited < Duration::from_secs(1), "{waited:?}");
    assert_eq!(edge.get("/v1/tasks").await.status, 200, "a small one");
    drop(held.pop());
    assert_eq!(unread(&edge, "/v1/tasks", page()).await.status(), 200, "room is free again");
}
