//! The change feed as server-sent events, which a reader can leave and take up again.
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::{
    app::{App, everywhere},
    feed::Copy,
    user::{User, text},
};

everywhere!(
    a_stream_tells_each_change_and_can_be_taken_up_again,
    a_stream_ends_with_its_session,
    a_stream_needs_a_token
);

/// One event of a stream.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) data: Value,
}

/// An open stream.
pub(crate) struct Stream {
    body: Incoming,
    unread: String,
}

impl Stream {
    pub(crate) async fn open(user: &User, last_event_id: Option<&str>) -> Self {
        let mut ask = user.get("/v1/changes/stream").with("accept", "text/event-stream");
        if let Some(id) = last_event_id {
            ask = ask.with("last-event-id", id);
        }
        let response = ask.begin().await.expect("a stream");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body(), unread: String::new() }
    }

    /// The next event with data; none when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.unread.split_once("\n\n") {
                let event = parse(block);
                self.unread = rest.to_owned();
                if event.is_some() {
                    return event;
                }
            }
            let frame = self.body.frame().await?.ok()?;
            let bytes = frame.into_data().ok()?;
            self.unread.push_str(std::str::from_utf8(&bytes).expect("text"));
        }
    }

    /// The next change, which comes soon.
    pub(crate) async fn soon(&mut self) -> Event {
        let next = async {
            loop {
                let event = self.next().await.expect("the stream goes on");
                if event.data.get("sequence").is_some() {
                    return event;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(5), next).await.expect("an event within 5 s")
    }
}

/// A block of lines; none for comments and for what carries no data.
fn parse(block: &str) -> Option<Event> {
    let field = |name: &str| {
        let lines = block.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        lines.map(str::trim_start).collect::<Vec<_>>().join("\n")
    };
    let data = serde_json::from_str(&field("data")).ok()?;
    Some(Event { id: field("id"), data })
}

async fn a_stream_tells_each_change_and_can_be_taken_up_again(app: &App) {
    let alice = app.user("alice").await;
    let mut copy = Copy::default();
    alice.creates("before").await;
    copy.catches_up(&alice).await;
    let mut stream = Stream::open(&alice, Some(&copy.cursor)).await;
    let mut last = String::new();
    for number in 0..5 {
        let task = alice.creates(&format!("live {number}")).await;
        let event = stream.soon().await;
        assert_eq!(event.data["object_id"], task["id"]);
        copy.applies(&event.data);
        last = event.id;
    }
    drop(stream);
    for number in 0..5 {
        alice.creates(&format!("while away {number}")).await;
    }
    let mut stream = Stream::open(&alice, Some(&last)).await;
    for _ in 0..5 {
        let event = stream.soon().await;
        copy.applies(&event.data);
    }
    copy.equals_what(&alice).await;
}

async fn a_stream_ends_with_its_session(app: &App) {
    let alice = app.user("alice").await;
    let elsewhere = alice.signs_in_again().await;
    let mut stream = Stream::open(&elsewhere, None).await;
    let sessions = alice.reads_all("/v1/sessions").await;
    let other =
        sessions.iter().find(|session| session["current"] == false).expect("the other session");
    alice.delete(&format!("/v1/sessions/{}", text(&other["id"]))).await.expect(204);
    let end = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(2), end).await.expect("the end of the stream");
}

async fn a_stream_needs_a_token(app: &App) {
    let reply = app.http.get("/v1/changes/stream").await;
    assert_eq!(reply.status, 401);
    assert_ne!(reply.json(), json!(null));
}
