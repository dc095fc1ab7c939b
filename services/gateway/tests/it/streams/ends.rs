//! How streams and polls end.
use tokio::time::Instant;

use super::*;

#[tokio::test]
async fn a_stopping_process_sends_its_listeners_away() {
    let edge = Edge::start().await;
    let _sender = batches(&edge);
    let (_, mut body) = open(&edge, &[]).await;
    edge.stop.cancel();
    let event = until(&mut body, "never").await;
    let pause: u32 = event
        .trim()
        .strip_prefix("retry: ")
        .or_else(|| event.trim().strip_prefix("retry:"))
        .unwrap()
        .parse()
        .unwrap();
    assert!((500..3_000).contains(&pause), "{event}");
    tokio::time::timeout(Duration::from_secs(5), edge.served).await.expect("drained").unwrap();
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let edge = Edge::start().await;
    let _sender = batches(&edge);
    let (_, mut body) = open(&edge, &[]).await;
    let until_then = Some(prost_types::Timestamp { seconds: i64::from(u32::MAX), nanos: 0 });
    let revocations =
        vec![Revocation { session_id: edge.session_id.to_string(), until: until_then }];
    edge.peers.trust.send(TrustUpdate { revocations, ..TrustUpdate::default() }).unwrap();
    assert!(until(&mut body, "never").await.contains("retry"));
}

#[tokio::test]
async fn a_stream_whose_service_is_gone_tells_its_client_to_come_again() {
    for end in [None, Some(Err(Status::unavailable("the secret of the network")))] {
        let edge = Edge::start().await;
        let sender = batches(&edge);
        let (_, mut body) = open(&edge, &[]).await;
        if let Some(end) = end {
            sender.send(end).await.unwrap();
        }
        drop(sender);
        let events = until(&mut body, "never").await;
        assert!(events.contains("retry") && !events.contains("secret"), "{events}");
    }
}

#[tokio::test]
async fn the_end_of_another_session_ends_no_stream() {
    let edge = Edge::start().await;
    let sender = batches(&edge);
    let (_, mut body) = open(&edge, &[]).await;
    let until_then = Some(prost_types::Timestamp { seconds: i64::from(u32::MAX), nanos: 0 });
    let session_id = uuid::Uuid::now_v7().to_string();
    let revocations = vec![Revocation { session_id, until: until_then }];
    edge.peers.trust.send(TrustUpdate { revocations, ..TrustUpdate::default() }).unwrap();
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    sender.send(Ok(ChangeBatch { changes: vec![], cursor: "c1".to_owned() })).await.unwrap();
    assert!(until(&mut body, "\n\n").await.contains("id: c1"));
}

#[tokio::test]
async fn a_poll_ends_with_its_session_and_tells_nothing_of_what_came_after() {
    let edge = std::sync::Arc::new(Edge::start().await);
    edge.peers.next(Outcome::Takes(Duration::from_secs(20)));
    let asking = edge.clone();
    let poll = kit_base::work::detach(async move { asking.get("/v1/changes?wait=20s").await });
    eventually("the poll is under way", async || edge.peers.count() > 0).await;
    let until = Some(prost_types::Timestamp { seconds: i64::from(u32::MAX), nanos: 0 });
    let revocations = vec![Revocation { session_id: edge.session_id.to_string(), until }];
    edge.peers.trust.send(TrustUpdate { revocations, ..TrustUpdate::default() }).unwrap();
    let reply = tokio::time::timeout(Duration::from_secs(5), poll).await.expect("soon").unwrap();
    assert_eq!(reply.refusal(), "401 SESSION_ENDED");
}

#[tokio::test]
async fn a_poll_that_waits_is_answered_when_its_process_stops() {
    let edge = std::sync::Arc::new(Edge::start().await);
    edge.peers.next(Outcome::Takes(Duration::from_secs(20)));
    let asking = edge.clone();
    let poll = kit_base::work::detach(async move {
        asking.get("/v1/changes?wait=20s&cursor=c1&limit=7").await
    });
    eventually("the poll is under way", async || edge.peers.count() > 0).await;
    edge.stop.cancel();
    let reply = tokio::time::timeout(Duration::from_secs(5), poll).await.expect("at once").unwrap();
    assert_eq!((reply.status, &reply.json()["next_cursor"]), (200, &"here".into()));
    let again = r#"ListChangesRequest { cursor: "c1", limit: 7, wait_milliseconds: 0 }"#;
    assert_eq!(edge.peers.last().message, again, "what is there already is not lost");
}

/// By a clock that leaps to whatever comes next.
#[tokio::test]
async fn a_stream_lives_half_an_hour_whatever_the_age_of_its_connection() {
    let edge = Edge::start().await;
    let _sender = batches(&edge);
    let (_, mut body) = open(&edge, &[]).await;
    tokio::time::pause();
    let (begun, mut text) = (Instant::now(), String::new());
    while let Some(frame) = body.frame().await {
        text.push_str(std::str::from_utf8(frame.unwrap().data_ref().unwrap()).unwrap());
    }
    let minutes = begun.elapsed().as_secs_f64() / 60.0;
    assert!((27.0..33.1).contains(&minutes), "{minutes}");
    assert!(text.matches(": still here").count() > 100, "it is never silent for long: {text}");
    assert!(text.trim_end().lines().last().unwrap().starts_with("retry:"), "{text}");
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_told_in_the_log_unless_a_replica_has_gone() {
    for (end, is_told) in [
        (Status::out_of_range("message length too large"), true),
        (Status::unavailable("gone"), false),
    ] {
        let (log, _guard) = kit_base::testing::log();
        let edge = Edge::start().await;
        let sender = batches(&edge);
        let (_, mut body) = open(&edge, &[]).await;
        sender.send(Err(end)).await.unwrap();
        assert!(until(&mut body, "never").await.contains("retry"));
        let text = log.text();
        assert_eq!(
            text.contains("a stream of changes broke off code=OutOfRange"),
            is_told,
            "{text}"
        );
    }
}
