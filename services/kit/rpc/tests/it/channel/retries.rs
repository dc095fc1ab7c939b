//! What is sent again.
use std::time::{Duration, Instant};

use axum::body::Body;
use futures_util::{future::join_all, stream};
use http::Response;
use kit_rpc::channel::{Limits, remote};
use tonic::Code;

use super::{Peer, brief, call, channel_to, code, failing, limits};

const KEY: (&str, &str) = ("idempotency-key", "\"0198\"");

#[tokio::test]
async fn a_write_that_may_have_been_carried_out_is_not_sent_again() {
    let peer = failing(Code::Unavailable).await;
    let channel = channel_to(&[&peer]);
    assert_eq!(code(&channel, "CreateThing", &[]).await, Code::Unavailable);
    assert_eq!(peer.calls(), 1);
}

#[tokio::test]
async fn a_write_with_a_key_is_sent_again_once() {
    let peer = failing(Code::Unavailable).await;
    let channel = channel_to(&[&peer]);
    assert_eq!(code(&channel, "CreateThing", &[KEY]).await, Code::Unavailable);
    assert_eq!(peer.calls(), 2);
}

#[tokio::test]
async fn a_refused_stream_is_sent_again_whatever_it_asks_for() {
    let peer = Peer::refusing(3).await;
    assert_eq!(code(&channel_to(&[&peer]), "CreateThing", &[]).await, Code::Ok);
    let peer = Peer::refusing(4).await;
    assert_eq!(code(&channel_to(&[&peer]), "CreateThing", &[]).await, Code::Unavailable);
}

#[tokio::test]
async fn only_an_unavailable_peer_is_asked_again() {
    for refusal in [Code::DeadlineExceeded, Code::Internal, Code::ResourceExhausted, Code::NotFound]
    {
        let peer = failing(refusal).await;
        let channel = channel_to(&[&peer]);
        assert_eq!(code(&channel, "GetThing", &[]).await, refusal);
        assert_eq!(peer.calls(), 1, "{refusal:?}");
    }
}

#[tokio::test]
async fn a_call_whose_connection_is_lost_is_sent_again_if_that_is_safe() {
    for (headers, times) in [(&[KEY][..], 2), (&[][..], 1)] {
        let peer = Peer::start(|_| std::future::pending()).await;
        let channel = channel_to(&[&peer]);
        let outcome = tokio::select! {
            outcome = code(&channel, "CreateThing", headers) => outcome,
            () = cut_each_call(&peer) => unreachable!("it goes on for ever"),
        };
        assert_eq!((outcome, peer.calls()), (Code::Unavailable, times));
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_behind_its_head_is_asked_for_again_if_that_is_safe() {
    for (method, times) in [("GetThing", 2), ("CreateThing", 1)] {
        let peer = Peer::start(|_| async {
            let gone = stream::iter([Err::<&str, _>(std::io::Error::other("gone"))]);
            Response::builder()
                .header("content-type", "application/grpc")
                .body(Body::from_stream(gone))
                .unwrap()
        });
        let peer = peer.await;
        let outcome = code(&channel_to(&[&peer]), method, &[]).await;
        assert_eq!((outcome, peer.calls()), (Code::Unavailable, times), "{method}");
    }
}

async fn cut_each_call(peer: &Peer) {
    let mut seen = 0;
    loop {
        if peer.calls() > seen {
            seen = peer.calls();
            peer.cut();
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_peer_in_trouble_gets_little_more_work() {
    let peer = failing(Code::Unavailable).await;
    let channel = remote("things", &peer.url(), None, limits()).unwrap();
    let began = Instant::now();
    let codes = join_all((0..1000).map(|_| code(&channel, "GetThing", &[]))).await;
    assert!(codes.iter().all(|code| *code == Code::Unavailable));
    // The ten of a second may be spent at its beginning and at its end.
    let seconds = began.elapsed().as_secs() as usize + 2;
    assert!(peer.calls() <= 1050 + 3 * seconds, "{} calls in {seconds} s", peer.calls());
    assert!(peer.calls() >= 1040, "{}: the budget is not used", peer.calls());
}

#[tokio::test]
async fn a_message_above_the_limit_is_not_sent() {
    let peer = failing(Code::Ok).await;
    let channel = remote("things", &peer.url(), None, Limits { message: 6, ..limits() }).unwrap();
    assert_eq!(
        call(&channel, "CreateThing", &[KEY]).await.unwrap_err().code(),
        Code::ResourceExhausted
    );
    assert_eq!(peer.calls(), 0);
}

#[tokio::test]
async fn an_attempt_without_an_answer_is_cut_and_repeated_once() {
    let peer = Peer::start(|_| std::future::pending()).await;
    let channel = remote("things", &peer.url(), None, brief()).unwrap();
    let began = Instant::now();
    assert_eq!(code(&channel, "GetThing", &[]).await, Code::DeadlineExceeded);
    assert!((400..5000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
    assert_eq!(peer.calls(), 2);
    let own = [("grpc-timeout", "700m")];
    let began = Instant::now();
    assert_eq!(code(&channel, "GetThing", &own).await, Code::DeadlineExceeded);
    assert!(
        began.elapsed() >= Duration::from_millis(690),
        "its own timeout is not kept: {:?}",
        began.elapsed()
    );
}
