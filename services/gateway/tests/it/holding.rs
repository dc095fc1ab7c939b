//! Large answers, and clients that do not take them.
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
    let bearer = format!("Bearer {}", edge.token);
    edge.peers.next(outcome);
    let reply = edge.open("GET", path, &[("authorization", &bearer)], Bytes::new()).await;
    assert_eq!(reply.status(), 200);
    reply
}

#[tokio::test]
async fn who_does_not_take_a_large_answer_gets_no_other_and_is_in_nobody_elses_way() {
    let edge = Edge::start().await;
    let path = format!("/v1/tasks/{ID}");
    for (path, outcome) in [("/v1/tasks", page()), (&path, Outcome::Gives(Box::new(large())))] {
        let held = unread(&edge, path, outcome).await;
        assert_eq!(edge.get("/v1/tasks").await.refusal(), "429 TOO_MANY_AT_ONCE", "{path}");
        let other = token(&edge.key, Uuid::now_v7(), Uuid::now_v7(), 600);
        let bearer = format!("Bearer {other}");
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
