//! What callers can rely on while endpoints come and go.
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use futures_util::{StreamExt as _, future::join_all, stream};
use http::{HeaderMap, Response};
use http_body_util::BodyExt as _;
use kit_base::{
    request::{RequestContext, scope},
    testing::eventually,
    trace::TraceContext,
};
use kit_rpc::channel::{GrpcChannel, Limits, local, remote};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::{
    Peer, Seen, brief, call, channel_to, code, failing, failures, grpc, limits, nearly_all, willing,
};

#[tokio::test]
async fn a_dead_endpoint_costs_no_call() {
    let (alive, dead) = (willing().await, Peer::dead().await);
    let channel = channel_to(&[&alive, &dead]);
    assert_eq!(failures(&channel, "UpdateThing", 1000, 20).await, 0);
}

#[tokio::test]
async fn an_endpoint_that_dies_under_load_costs_no_read() {
    let (alive, dying) = (willing().await, willing().await);
    let channel = channel_to(&[&alive, &dying]);
    let load = failures(&channel, "GetThing", 3000, 10);
    let death = async {
        eventually("it is under load", async || dying.calls() >= 300).await;
        drop(dying);
    };
    assert_eq!(tokio::join!(load, death).0, 0);
}

#[tokio::test]
async fn calls_are_spread_evenly() {
    let (one, other) = (willing().await, willing().await);
    let channel = channel_to(&[&one, &other]);
    assert_eq!(failures(&channel, "GetThing", 2000, 10).await, 0);
    assert!((500..1500).contains(&one.calls()), "{} and {}", one.calls(), other.calls());
}

#[tokio::test]
async fn a_recycled_connection_costs_no_call() {
    let peer = Peer::start(|_| async { endless() }).await;
    let channel = channel_to(&[&peer]);
    for round in 1..=5 {
        let mut streams = vec![];
        for _ in 0..3 {
            streams.push(call(&channel, "UpdateThing", &[]).await.unwrap().into_body());
        }
        peer.recycle();
        assert_eq!(failures(&channel, "UpdateThing", 100, 20).await, 0, "round {round}");
        for stream in &mut streams {
            assert!(stream.frame().await.unwrap().is_ok(), "the open streams go on");
        }
    }
}

#[tokio::test]
async fn a_silent_endpoint_costs_time_but_no_call_and_is_ejected() {
    let (alive, silent) = (willing().await, Peer::silent().await);
    let channel =
        remote("half-silent", &format!("{},{}", alive.url(), silent.url()), None, brief()).unwrap();
    let began = Instant::now();
    assert_eq!(failures(&channel, "GetThing", 200, 20).await, 0);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let failed = "errand_grpc_client_endpoints{state=\"failed\",target=\"half-silent\"} 1";
    assert!(kit_base::metrics::text().contains(failed), "it is still asked");
    assert_eq!(failures(&channel, "GetThing", 200, 20).await, 0);
}

#[tokio::test]
async fn without_endpoints_calls_fail_at_once_until_one_is_back() {
    let peer = willing().await;
    let (channel, address) = (channel_to(&[&peer]), peer.address());
    assert_eq!(code(&channel, "GetThing", &[]).await, Code::Ok);
    drop(peer);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut took = vec![];
    for _ in 0..50 {
        let began = Instant::now();
        let status = call(&channel, "GetThing", &[]).await.unwrap_err();
        took.push(began.elapsed());
        assert_eq!(status.code(), Code::Unavailable);
        let details = status.get_error_details();
        assert_eq!(details.error_info().unwrap().reason, "PEER_UNAVAILABLE");
        assert_eq!(details.retry_info().unwrap().retry_delay, Some(Duration::from_secs(1)));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(nearly_all(took) < Duration::from_millis(150));
    let back = Peer::start_at(address, |_| async { grpc(Code::Ok) }).await;
    let answers = async || code(&channel, "GetThing", &[]).await == Code::Ok;
    eventually("it is found again", answers).await;
    drop(back);
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_connected_holds_up_only_the_first_calls() {
    let (alive, unreachable) = (willing().await, Peer::unreachable().await);
    let limits = || Limits { connect: Duration::from_millis(200), ..limits() };
    let both = remote("things", &format!("{},{}", alive.url(), unreachable.url()), None, limits())
        .unwrap();
    let alone = remote("things", &unreachable.url(), None, limits()).unwrap();
    assert_eq!(failures(&both, "UpdateThing", 20, 20).await, 0);
    assert_eq!(code(&alone, "UpdateThing", &[]).await, Code::Unavailable);
    let mut took = vec![];
    for _ in 0..100 {
        let began = Instant::now();
        let codes = tokio::join!(code(&both, "UpdateThing", &[]), code(&alone, "UpdateThing", &[]));
        took.push(began.elapsed());
        assert_eq!(codes, (Code::Ok, Code::Unavailable));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(nearly_all(took) < Duration::from_millis(150));
}

#[tokio::test]
async fn a_peer_that_was_never_there_is_unavailable() {
    let channel = channel_to(&[&Peer::dead().await]);
    assert_eq!(code(&channel, "GetThing", &[]).await, Code::Unavailable);
    let nameless = remote("things", "http://nowhere.invalid:1", None, limits()).unwrap();
    assert_eq!(code(&nameless, "GetThing", &[]).await, Code::Unavailable);
}

#[tokio::test]
async fn a_peer_that_fails_at_once_is_not_the_one_that_is_asked() {
    let (fails, works) = (
        failing(Code::Unavailable).await,
        Peer::start(|_| async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            grpc(Code::Ok)
        })
        .await,
    );
    let channel = channel_to(&[&fails, &works]);
    let failed = failures(&channel, "CreateThing", 2_000, 20).await;
    assert!(failed < 200, "{failed} of 2,000, and {} went to who works", works.calls());
}

#[tokio::test]
async fn a_peer_whose_answers_end_behind_their_heads_is_taken_out() {
    let headless = || {
        let never = stream::pending::<Result<Bytes, std::io::Error>>();
        Response::builder()
            .header("content-type", "application/grpc")
            .body(Body::from_stream(never))
            .unwrap()
    };
    let (hangs, works) = (Peer::start(move |_| async move { headless() }).await, willing().await);
    let both = format!("{},{}", hangs.url(), works.url());
    let channel = remote("things", &both, None, brief()).unwrap();
    for _ in 0..200 {
        code(&channel, "GetThing", &[]).await;
        if channel_gave_up(&hangs, &channel).await {
            return;
        }
    }
    panic!("{} calls went to who answers none", hangs.calls());
}

/// Whether of a few calls none goes to this peer.
async fn channel_gave_up(peer: &Peer, channel: &GrpcChannel) -> bool {
    let before = peer.calls();
    let codes = join_all((0..8).map(|_| code(channel, "GetThing", &[]))).await;
    codes.iter().all(|code| *code == Code::Ok) && peer.calls() == before
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_is_given_up_before_its_calls_are() {
    let peer = Peer::silent().await;
    let ping = Duration::from_millis(100);
    let limits = Limits { ping_after: ping, ping_answer: ping, read: 60 * ping, ..limits() };
    let channel = remote("things", &peer.url(), None, limits).unwrap();
    let began = Instant::now();
    assert_eq!(code(&channel, "GetThing", &[]).await, Code::Unavailable);
    assert!(began.elapsed() < 40 * ping, "{:?}", began.elapsed());
}

#[tokio::test]
async fn what_some_wait_for_in_vain_leaves_the_losses_of_others_to_be_sent_again() {
    let answer = |headers: HeaderMap| async move {
        if headers.contains_key("in-vain") {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        grpc(Code::Ok)
    };
    let peer = Peer::start(answer).await;
    let limits = Limits { retry_share: 0.0, retries_per_second: 1, ..brief() };
    let channel = remote("things", &peer.url(), None, limits).unwrap();
    let in_vain = join_all((0..8).map(|_| code(&channel, "GetThing", &[("in-vain", "")])));
    // Who answers others is slow, and not silent.
    let answered = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        code(&channel, "GetThing", &[]).await
    };
    let other = async {
        // By now all of them would be sent again, and one of them was.
        tokio::time::sleep(Duration::from_millis(350)).await;
        let cut = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            peer.cut();
        };
        tokio::join!(code(&channel, "GetThing", &[]), cut).0
    };
    let (in_vain, answered, other) = tokio::join!(in_vain, answered, other);
    assert!(in_vain.iter().all(|code| *code != Code::Ok));
    assert_eq!((answered, other), (Code::Ok, Code::Ok));
    assert!(peer.calls() <= 8 + 1 + 1 + 2, "{} calls", peer.calls());
}

#[tokio::test]
async fn many_streams_leave_room_for_calls() {
    let quiet =
        || Response::new(Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>()));
    let answer = move |headers: HeaderMap| async move {
        if headers.contains_key("at-once") { grpc(Code::Ok) } else { quiet() }
    };
    let peer = Peer::start(answer).await;
    let channel = remote("things", &peer.url(), None, limits()).unwrap();
    let streams = join_all((0..300).map(|_| call(&channel, "WatchThings", &[]))).await;
    assert!(streams.iter().all(Result::is_ok));
    assert_eq!(code(&channel, "GetThing", &[("at-once", "")]).await, Code::Ok);
}

#[tokio::test]
async fn streams_that_nobody_reads_are_in_the_way_of_no_other() {
    let endless = || {
        let piece = || Ok::<_, std::io::Error>(Bytes::from_static(&[7; 16 * 1024]));
        Response::new(Body::from_stream(stream::iter(std::iter::repeat_with(piece))))
    };
    let peer = Peer::start(move |_| async move { endless() }).await;
    let channel = remote("things", &peer.url(), None, limits()).unwrap();
    let most = limits().in_flight;
    let unread = join_all((1..most).map(|_| call(&channel, "WatchThings", &[]))).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut read = call(&channel, "WatchThings", &[]).await.unwrap().into_body();
    for _ in 0..64 {
        let frame = tokio::time::timeout(Duration::from_secs(5), read.frame()).await;
        assert!(matches!(frame.expect("it comes"), Some(Ok(_))));
    }
    drop(unread);
}

#[tokio::test]
async fn more_calls_than_places_wait_their_turn() {
    let peer = Peer::start(|_| async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        grpc(Code::Ok)
    });
    let peer = peer.await;
    let channel = remote("things", &peer.url(), None, Limits { in_flight: 4, ..limits() }).unwrap();
    assert_eq!(failures(&channel, "UpdateThing", 40, 40).await, 0);
}

#[tokio::test]
async fn a_peer_sees_the_request_and_less_time_than_it_has() {
    let seen = Seen::default();
    let keep = seen.clone();
    let answer = move |headers| {
        *keep.lock().unwrap() = Some(headers);
        async { std::future::pending::<Response<Body>>().await }
    };
    let peer = Peer::start(answer.clone()).await;
    let far = remote("things", &peer.url(), None, limits()).unwrap();
    let near = local(axum::Router::new().fallback(answer));
    let trace = TraceContext::random(true);
    for (channel, most) in [(far, 380), (near, 400)] {
        let deadline = tokio::time::Instant::now() + Duration::from_millis(400);
        let context =
            RequestContext { request_id: "the-request".into(), trace, deadline, steps: None };
        let outcome = scope(context, code(&channel, "CreateThing", &[])).await;
        assert_eq!(outcome, Code::DeadlineExceeded);
        assert!(deadline.elapsed() < Duration::from_secs(2), "{:?} late", deadline.elapsed());
        let headers = seen.lock().unwrap().take().unwrap();
        assert_eq!(headers["x-request-id"], "the-request");
        let step = TraceContext::parse(headers["traceparent"].to_str().unwrap()).unwrap();
        assert!(step.trace_id == trace.trace_id && step.span_id != trace.span_id);
        let left: u64 =
            headers["grpc-timeout"].to_str().unwrap().strip_suffix('m').unwrap().parse().unwrap();
        assert!((most - 200..=most).contains(&left), "{left}");
    }
}

/// An answer that never ends, with a message every millisecond.
fn endless() -> Response<Body> {
    let messages = stream::repeat(()).then(|()| async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok::<_, std::io::Error>("\0\0\0\0\0")
    });
    let response = Response::builder().header("content-type", "application/grpc");
    response.body(Body::from_stream(messages)).unwrap()
}
