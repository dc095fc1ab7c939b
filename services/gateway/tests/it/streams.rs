use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use kit_base::{error::refuse, testing::eventually};
use proto::{
    auth::v1::{Revocation, TrustUpdate},
    tasks::v1::{Change, ChangeBatch},
};
use tokio::sync::mpsc;
use tonic::{Code, Status};

use crate::{edge::Edge, peers::Outcome};

mod ends;

const PATH: &str = "/v1/changes/stream";

pub(crate) async fn open(
    edge: &Edge,
    headers: &[(&str, &str)],
) -> (http::response::Parts, Incoming) {
    let bearer = format!("Bearer {}", edge.token);
    let headers: Vec<_> =
        [("authorization", bearer.as_str())].iter().chain(headers).copied().collect();
    edge.open("GET", PATH, &headers, Bytes::new()).await.into_parts()
}

/// Reads until `end` was seen.
pub(crate) async fn until(body: &mut Incoming, end: &str) -> String {
    let mut text = String::new();
    let read = async {
        while !text.contains(end) {
            let Some(frame) = body.frame().await else { break };
            text.push_str(std::str::from_utf8(frame.unwrap().data_ref().unwrap()).unwrap());
        }
    };
    tokio::time::timeout(Duration::from_secs(10), read).await.expect("an event in time");
    text
}

pub(crate) fn batches(edge: &Edge) -> mpsc::Sender<Result<ChangeBatch, Status>> {
    let (sender, receiver) = mpsc::channel(8);
    *edge.peers.batches.lock().unwrap() = Some(receiver);
    sender
}

#[tokio::test]
async fn changes_arrive_with_the_cursor_to_go_on_from() {
    let edge = Edge::start().await;
    let sender = batches(&edge);
    let (head, mut body) =
        open(&edge, &[("last-event-id", "c0"), ("accept-encoding", "gzip")]).await;
    assert_eq!(
        (head.status.as_u16(), &head.headers["content-type"]),
        (200, &"text/event-stream".parse().unwrap())
    );
    assert_eq!(
        (&head.headers["x-accel-buffering"], head.headers.get("content-encoding")),
        (&"no".parse().unwrap(), None)
    );
    assert!(edge.peers.last().message.contains(r#"cursor: "c0""#));
    let change = Change {
        cursor: "c1".to_owned(),
        changes: r#"{"title":{"to":"x"}}"#.to_owned(),
        ..Change::default()
    };
    sender.send(Ok(ChangeBatch { changes: vec![change], cursor: "c1".to_owned() })).await.unwrap();
    let event = until(&mut body, "\n\n").await;
    assert!(event.contains("id: c1\n") && event.contains("event: change\n"), "{event}");
    assert!(event.contains(r#""changes":{"title":{"to":"x"}}"#), "{event}");
    sender.send(Ok(ChangeBatch { changes: vec![], cursor: "c2".to_owned() })).await.unwrap();
    let event = until(&mut body, "\n\n").await;
    assert!(event.contains("id: c2\n") && event.contains("event: bookmark\n"), "{event}");
}

#[tokio::test]
async fn a_user_has_so_many_streams_and_a_process_too() {
    let edge =
        Edge::with(|config| (config.max_streams, config.max_streams_per_user) = (2, 1)).await;
    let first = open(&edge, &[]).await;
    assert_eq!(edge.get(PATH).await.refusal(), "429 TOO_MANY_STREAMS");
    drop(first);
    let free = eventually("it is free", async || open(&edge, &[]).await.0.status == 200);
    tokio::time::timeout(Duration::from_secs(5), free)
        .await
        .expect("a place that was left is free");
}

#[tokio::test]
async fn a_cursor_that_is_no_longer_kept_is_gone() {
    let edge = Edge::start().await;
    edge.peers.next(Outcome::Fails(refuse(Code::OutOfRange, "CURSOR_EXPIRED", "begin again")));
    assert_eq!(
        edge.ask("GET", PATH, &[("last-event-id", "old")], "").await.refusal(),
        "410 CURSOR_EXPIRED"
    );
}

#[tokio::test]
async fn a_poll_may_wait_longer_than_other_reads() {
    let edge = Edge::start().await;
    edge.peers.next(Outcome::Takes(Duration::from_millis(2_300)));
    let reply = edge.get("/v1/changes?wait=3s&cursor=c1").await;
    assert_eq!((reply.status, &reply.json()["next_cursor"]), (200, &"here".into()));
    assert!(edge.peers.last().message.contains("wait_milliseconds: 3000"));
    assert_eq!(edge.get("/v1/changes?wait=31s").await.refusal(), "400 INVALID_QUERY");
}

#[tokio::test]
async fn each_change_of_a_batch_is_an_event_of_its_own_in_its_order() {
    let edge = Edge::start().await;
    let sender = batches(&edge);
    let (_, mut body) = open(&edge, &[]).await;
    assert!(edge.peers.last().message.contains(r#"cursor: """#), "it begins now");
    let change = |cursor: &str| Change {
        cursor: cursor.to_owned(),
        changes: "{}".to_owned(),
        operation: "update\nid: forged".to_owned(),
        ..Change::default()
    };
    let changes = vec![change("c1"), change("c2"), change("c3")];
    sender.send(Ok(ChangeBatch { changes, cursor: "c3".to_owned() })).await.unwrap();
    let mut events = String::new();
    while events.matches("\n\n").count() < 3 {
        events.push_str(&until(&mut body, "\n\n").await);
    }
    let ids: Vec<_> = events.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    assert_eq!(ids, ["c1", "c2", "c3"], "{events}");
    assert_eq!(events.matches("event: change\n").count(), 3);
}

#[tokio::test]
async fn an_address_has_so_many_streams_and_polls_whoever_asks() {
    let edge = Edge::with(|config| config.max_streams_per_address = 1).await;
    let _stream = open(&edge, &[]).await;
    let other = format!("Bearer {}", edge.another());
    for path in [PATH, "/v1/changes?wait=1s"] {
        let reply = edge.anonymous("GET", path, &[("authorization", &other)], "").await;
        assert_eq!(reply.refusal(), "429 TOO_MANY_LISTENERS", "{path}");
    }
}

#[tokio::test]
async fn who_does_not_wait_takes_no_place_of_those_who_do() {
    let edge = Edge::with(|config| (config.max_streams, config.max_polls_per_user) = (1, 1)).await;
    let _stream = open(&edge, &[]).await;
    for path in ["/v1/changes", "/v1/changes?wait=0s"] {
        assert_eq!(edge.get(path).await.status, 200, "{path}");
    }
    assert_eq!(edge.get("/v1/changes?wait=1s").await.refusal(), "503 SHED");
}

#[tokio::test]
async fn polls_and_streams_share_the_places_of_a_process() {
    let edge =
        Edge::with(|config| (config.max_streams, config.max_streams_per_user) = (1, 1)).await;
    let stream = open(&edge, &[]).await;
    let shed = edge.get("/v1/changes?wait=1s").await;
    assert_eq!((shed.refusal().as_str(), shed.header("retry-after")), ("503 SHED", "1"));
    assert_eq!(edge.get("/v1/tasks").await.status, 200, "others go on");
    drop(stream);
    let polls = async || edge.get("/v1/changes?wait=1s").await.status == 200;
    let free = eventually("it is free", polls);
    tokio::time::timeout(Duration::from_secs(5), free).await.expect("the place is free again");
}

#[tokio::test]
async fn a_stream_that_cannot_be_opened_takes_no_place() {
    let edge =
        Edge::with(|config| (config.max_streams, config.max_streams_per_user) = (1, 1)).await;
    for (outcome, refusal) in [
        (refuse(Code::InvalidArgument, "INVALID_CURSOR", "no cursor"), "400 INVALID_CURSOR"),
        (refuse(Code::Unavailable, "DATABASE_UNAVAILABLE", "down"), "503 DATABASE_UNAVAILABLE"),
    ] {
        edge.peers.next(Outcome::Fails(outcome));
        assert_eq!(edge.ask("GET", PATH, &[("last-event-id", "x")], "").await.refusal(), refusal);
    }
    assert_eq!(open(&edge, &[]).await.0.status, 200);
}

/// tonic says OutOfRange of a message that is too large: that is no cursor which expired.
#[tokio::test]
async fn a_status_without_a_reason_is_no_cursor_that_expired() {
    let edge = Edge::start().await;
    for path in ["/v1/changes", "/v1/tasks"] {
        edge.peers.next(Outcome::Fails(Status::out_of_range("decoded message length too large")));
        assert_eq!(edge.get(path).await.refusal(), "500 INTERNAL", "{path}");
    }
}

#[tokio::test]
async fn a_user_polls_so_often_at_once_and_no_more() {
    let edge = std::sync::Arc::new(Edge::with(|config| config.max_polls_per_user = 1).await);
    edge.peers.next(Outcome::Takes(Duration::from_secs(5)));
    let asking = edge.clone();
    let poll = kit_base::work::detach(async move { asking.get("/v1/changes?wait=20s").await });
    eventually("the poll is under way", async || edge.peers.count() > 0).await;
    let refused = edge.get("/v1/changes?wait=1s").await;
    assert_eq!(refused.refusal(), "429 TOO_MANY_POLLS");
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(edge.get("/v1/changes").await.status, 200, "who does not wait goes on");
    edge.stop.cancel();
    assert_eq!(poll.await.unwrap().status, 200);
}
