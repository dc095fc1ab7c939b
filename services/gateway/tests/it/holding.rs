//! Large answers, and clients that do not take them.
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Response;
use hyper::body::Incoming;
use proto::tasks::v1::{
    Change, ChangeBatch, ListActivityResponse, ListChangesResponse, ListTasksResponse, Task,
};

use crate::{
    edge::{Edge, ID},
    peers::Outcome,
    streams,
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

/// One whose text has so many bytes.
fn change(bytes: usize) -> Change {
    let changes = format!(r#"{{"description":{{"to":"{}"}}}}"#, "x".repeat(bytes));
    Change { changes, operation: "update".to_owned(), ..Change::default() }
}

/// Asks, and reads the head of the answer alone.
async fn unread(edge: &Edge, path: &str, outcome: Outcome) -> Response<Incoming> {
    unread_by(edge, &edge.token, path, outcome).await
}

async fn unread_by(edge: &Edge, token: &str, path: &str, outcome: Outcome) -> Response<Incoming> {
    from(edge, "127.0.0.1", token, path, outcome).await
}

/// The same from an address, where the edge believes who says it.
async fn from(
    edge: &Edge,
    address: &str,
    token: &str,
    path: &str,
    outcome: Outcome,
) -> Response<Incoming> {
    let bearer = format!("Bearer {token}");
    edge.peers.next(outcome);
    let headers = [("authorization", &*bearer), ("x-forwarded-for", address)];
    let reply = edge.open("GET", path, &headers, Bytes::new()).await;
    assert_eq!(reply.status(), 200);
    reply
}

/// As many large answers as there is room for, each at an address of its own, and nobody takes them: of what is left of 32 MiB the next
/// would have a quarter.
async fn fill(edge: &Edge) -> Vec<Response<Incoming>> {
    let mut held = vec![];
    for number in 1..=5 {
        let address = format!("198.51.100.{number}");
        held.push(from(edge, &address, &edge.another(), "/v1/tasks", page()).await);
    }
    held
}

async fn behind_a_proxy() -> Edge {
    Edge::with(|config| config.trusted_proxies = vec!["127.0.0.0/8".to_owned()]).await
}

#[tokio::test]
async fn who_had_small_pages_gets_large_ones_one_after_the_other_all_the_same() {
    let edge = Edge::with(|config| config.rate_limit = kit_process::config::Switch::Off).await;
    for _ in 0..50 {
        assert_eq!(edge.get("/v1/tasks").await.status, 200);
    }
    let first = unread(&edge, "/v1/tasks", page()).await;
    edge.peers.next(page());
    assert_eq!(edge.get("/v1/tasks").await.refusal(), "429 TOO_MANY_AT_ONCE");
    drop(first);
}

#[tokio::test]
async fn who_does_not_take_a_large_answer_gets_no_other_and_is_in_nobody_elses_way() {
    let edge = Edge::start().await;
    let path = format!("/v1/tasks/{ID}");
    let changes = || {
        let changes = vec![change(3_900_000)];
        Outcome::Gives(Box::new(ListChangesResponse { changes, ..Default::default() }))
    };
    let activity = ListActivityResponse { changes: vec![change(3_900_000)], ..Default::default() };
    for (path, outcome) in [
        ("/v1/tasks", page()),
        (&*path, Outcome::Gives(Box::new(large()))),
        ("/v1/changes", changes()),
        ("/v1/changes?wait=1s", changes()),
        ("/v1/activity", Outcome::Gives(Box::new(activity))),
    ] {
        let held = unread(&edge, path, outcome).await;
        assert_eq!(edge.get("/v1/tasks").await.refusal(), "429 TOO_MANY_AT_ONCE", "{path}");
        let bearer = format!("Bearer {}", edge.another());
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
    let edge = behind_a_proxy().await;
    let mut held = fill(&edge).await;
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

#[tokio::test]
async fn who_takes_nothing_at_one_address_is_in_the_way_of_no_other() {
    let edge = behind_a_proxy().await;
    let mut held = vec![];
    for _ in 0..2 {
        held.push(from(&edge, "198.51.100.7", &edge.another(), "/v1/tasks", page()).await);
    }
    edge.peers.next(page());
    let bearer = format!("Bearer {}", edge.another());
    let headers = [("authorization", &*bearer), ("x-forwarded-for", "198.51.100.7")];
    let refused = edge.anonymous("GET", "/v1/tasks", &headers, "").await;
    assert_eq!(refused.refusal(), "503 SHED", "a third user, and the address has a quarter of all");
    let other = from(&edge, "198.51.100.8", &edge.another(), "/v1/tasks", page()).await;
    drop((held, other));
}

#[tokio::test]
async fn a_large_batch_of_a_stream_waits_for_room_and_where_there_is_none_its_client_comes_back() {
    let edge = behind_a_proxy().await;
    let sender = streams::batches(&edge);
    let (_, mut body) = streams::open(&edge, &[]).await;
    let held = fill(&edge).await;
    let batch = |bytes| ChangeBatch { changes: vec![change(bytes)], cursor: "c".to_owned() };
    sender.send(Ok(batch(1_000))).await.unwrap();
    assert!(streams::until(&mut body, "\n\n").await.contains("description"), "a small one");
    let began = Instant::now();
    sender.send(Ok(batch(3_900_000))).await.unwrap();
    let end = streams::until(&mut body, "retry").await;
    assert!(!end.contains("description"), "nothing of it is told");
    assert!(began.elapsed() >= Duration::from_secs(5), "{:?}", began.elapsed());
    drop(held);
    let sender = streams::batches(&edge);
    let (_, mut body) = streams::open(&edge, &[]).await;
    sender.send(Ok(batch(3_900_000))).await.unwrap();
    assert!(streams::until(&mut body, "\n\n").await.contains("description"));
}

#[tokio::test]
async fn a_large_answer_costs_as_many_requests_as_it_is_long() {
    // One is earned back each second.
    let edge = Edge::with(|config| config.rate_limit_user = 60).await;
    let left = async || {
        let reply = edge.get("/v1/projects").await;
        let left = reply.header("ratelimit").split("r=").nth(1).unwrap().split(';').next();
        left.unwrap().parse::<i64>().unwrap()
    };
    let before = left().await;
    let tasks = vec![Task { description: "x".repeat(900_000), ..large() }];
    let page = ListTasksResponse { tasks, next_cursor: String::new() };
    edge.peers.next(Outcome::Gives(Box::new(page)));
    assert_eq!(edge.get("/v1/tasks").await.status, 200);
    let spent = before - left().await;
    assert!((40..=60).contains(&spent), "{spent} for 54 times 16 KiB and two requests");
}
