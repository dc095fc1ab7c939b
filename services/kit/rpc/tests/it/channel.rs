//! The channel against real HTTP/2 servers on loopback.
pub(crate) mod peer;
mod promises;
mod retries;

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use http::{Request, Response};
use kit_rpc::channel::{GrpcChannel, Limits, Methods, remote};
use tonic::{Code, Status, body::Body};
use tower::{Service as _, ServiceExt as _};

use self::peer::{Peer, grpc};

/// A channel to all of `peers`.
fn channel_to(peers: &[&Peer]) -> GrpcChannel {
    let urls: Vec<_> = peers.iter().map(|peer| peer.url()).collect();
    remote("things", &urls.join(","), None, limits()).unwrap()
}

/// What the contract of the things would say.
const METHODS: Methods = Methods {
    reads: &["/things.v1.ThingService/GetThing", "/things.v1.ThingService/WatchThings"],
    streams: &["/things.v1.ThingService/WatchThings"],
};

/// Limits for the things.
fn limits() -> Limits {
    Limits { methods: METHODS, ..Limits::default() }
}

/// Limits with which attempts end soon.
fn brief() -> Limits {
    Limits { read: Duration::from_millis(200), write: Duration::from_millis(400), ..limits() }
}

/// The outcome of one call, which brings a message of 7 bytes.
pub(crate) async fn call(
    channel: &GrpcChannel,
    rpc: &str,
    headers: &[(&str, &str)],
) -> Result<Response<Body>, Status> {
    let mut request = Request::post(format!("/things.v1.ThingService/{rpc}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let message = http_body_util::Full::from(&b"\0\0\0\0\x02\x08\x01"[..]);
    channel.clone().ready().await?.call(request.body(Body::new(message)).unwrap()).await
}

/// The code that a call ends with.
pub(crate) async fn code(channel: &GrpcChannel, rpc: &str, headers: &[(&str, &str)]) -> Code {
    match call(channel, rpc, headers).await {
        Ok(response) => {
            Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code())
        }
        Err(status) => status.code(),
    }
}

/// How many of `count` calls, `at_once` of them together, did not go well.
async fn failures(channel: &GrpcChannel, rpc: &str, count: usize, at_once: usize) -> usize {
    let mut failed = 0;
    for _ in 0..count / at_once {
        let codes = join_all((0..at_once).map(|_| code(channel, rpc, &[]))).await;
        failed += codes.iter().filter(|code| **code != Code::Ok).count();
    }
    failed
}

/// How long nine of ten took at most: one may have had to wait for a busy machine.
fn nearly_all(mut took: Vec<Duration>) -> Duration {
    took.sort();
    took[took.len() * 9 / 10]
}

/// A peer that answers everything well.
async fn willing() -> Peer {
    Peer::start(|_| async { grpc(Code::Ok) }).await
}

/// A peer that answers everything with `code`.
async fn failing(code: Code) -> Peer {
    Peer::start(move |_| async move { grpc(code) }).await
}

/// A value that a handler leaves for its test.
type Seen<T> = Arc<std::sync::Mutex<Option<T>>>;

#[tokio::test]
async fn where_nobody_listens_the_cause_is_known_here_and_not_told_on() {
    let channel = remote("things", "http://127.0.0.1:1", None, limits()).unwrap();
    let status = call(&channel, "GetThing", &[]).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "things cannot be reached"));
    let told = kit_base::error::told(&status);
    assert!(told.starts_with("things cannot be reached: 127.0.0.1:1: "), "{told}");
    assert!(told.contains("refused"), "{told}");
    let sent = format!("{:?}", status.into_http::<Body>().headers());
    assert!(!sent.contains("127.0.0.1"), "{sent}");
}
