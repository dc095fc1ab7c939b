//! An edge that listens on a port of its own, and a client.
use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use gateway::Config;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use kit_base::{Clock, Stop, testing::eventually};
use kit_process::{
    config::{Live, Publisher},
    serve,
};
use kit_rpc::token::{Claims, SigningKey};
use proto::auth::v1::{self, TrustUpdate};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use uuid::Uuid;

use crate::peers::Fake;

/// Any id.
pub(crate) const ID: &str = "0199a3f2-7c1e-7d20-9f52-0d6f6a1f2b11";

pub(crate) struct Edge {
    address: SocketAddr,
    pub(crate) peers: Arc<Fake>,
    /// Of the user that asks.
    pub(crate) token: String,
    /// Of the session that asks.
    pub(crate) session_id: Uuid,
    pub(crate) key: SigningKey,
    pub(crate) stop: Stop,
    pub(crate) served: JoinHandle<()>,
    /// Changes the settings while it runs.
    pub(crate) settings: Publisher<Config>,
}

/// A reply that has come whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// What is wrong where: `place` is `pointer`, of a body, or `parameter`, of a query.
    pub(crate) fn faults(&self, place: &str) -> Vec<String> {
        let problem = self.json();
        let faults = problem["errors"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        faults.map(|one| format!("{} {}", text(&one[place]), text(&one["code"]))).collect()
    }

    /// `status CODE`, as a problem has them.
    pub(crate) fn refusal(&self) -> String {
        format!("{} {}", self.status, self.json()["code"].as_str().unwrap_or_default())
    }
}

impl Edge {
    /// The token of somebody else each time.
    pub(crate) fn another(&self) -> String {
        token(&self.key, Uuid::now_v7(), Uuid::now_v7(), 600)
    }

    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(configure: impl FnOnce(&mut Config)) -> Self {
        Self::with_clock(Clock::system(), configure).await
    }

    pub(crate) async fn with_clock(clock: Clock, configure: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        configure(&mut config);
        let (private, public) = SigningKey::generate();
        let key = SigningKey::new("k1".to_owned(), &private).unwrap();
        let keys = vec![v1::SigningKey { id: "k1".to_owned(), public_key: public.to_vec() }];
        let peers = Fake::new(TrustUpdate { keys, revocations: vec![] });
        let (settings, live) = Live::published(config);
        let service = gateway::build(live, clock, peers.channels()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop, session_id) =
            (listener.local_addr().unwrap(), Stop::new(), Uuid::now_v7());
        let token = token(&key, Uuid::now_v7(), session_id, 600);
        let until = stop.clone();
        let served = kit_base::work::detach(async move {
            let limits = serve::Limits {
                drain_delay: kit_process::config::Period::from_millis(10),
                ..serve::Limits::default()
            };
            serve::serve(service, listener, &limits, until).await.unwrap();
        });
        let edge = Self { address, peers, token, session_id, key, stop, served, settings };
        eventually("the edge knows the keys", async || {
            let keys = edge.anonymous("GET", "/.well-known/jwks.json", &[], "").await.json();
            !keys["keys"][0].is_null()
        })
        .await;
        edge
    }

    /// A request of the user.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let bearer = format!("Bearer {}", self.token);
        let headers: Vec<_> =
            [("authorization", bearer.as_str())].iter().chain(headers).copied().collect();
        self.anonymous(method, path, &headers, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], "").await
    }

    /// A request with a JSON body.
    pub(crate) async fn send(&self, method: &str, path: &str, body: &str) -> Reply {
        self.ask(method, path, &[("content-type", "application/json")], body).await
    }

    pub(crate) async fn anonymous(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let (parts, body) =
            self.open(method, path, headers, body.to_owned().into()).await.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        Reply { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// The reply to a request that is written as it is and never finished.
    pub(crate) async fn half(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        begin: &str,
    ) -> String {
        let headers: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: errand.test\r\n{headers}\r\n{begin}");
        self.raw(request.as_bytes()).await
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// The reply to these bytes, up to the end of its JSON.
    pub(crate) async fn raw(&self, request: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request).await.unwrap();
        next_reply(&mut stream).await
    }

    /// The heads of the answers to one request after another over HTTP/2, whose client takes one byte of each and no more.
    pub(crate) async fn untaken(
        &self,
        count: usize,
        request: impl Fn() -> http::request::Builder,
        body: &'static str,
    ) -> Vec<http::Response<Incoming>> {
        let (mut answers, mut sender) = (vec![], None);
        for number in 0..count {
            if number % 100 == 0 {
                let stream = TcpStream::connect(self.address).await.unwrap();
                let mut client = http2::Builder::new(TokioExecutor::new());
                client.initial_stream_window_size(1);
                let (new, connection) = client.handshake(TokioIo::new(stream)).await.unwrap();
                drop(kit_base::work::detach(connection));
                sender = Some(new);
            }
            let request = request().body(Full::<Bytes>::from(body)).unwrap();
            let sender = sender.as_mut().unwrap();
            sender.ready().await.unwrap();
            answers.push(sender.send_request(request).await.unwrap());
        }
        answers
    }

    /// The reply to a request over HTTP/2, whose `:authority` is that of `uri`.
    pub(crate) async fn http2(&self, uri: &str, headers: &[(String, String)]) -> Reply {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        drop(kit_base::work::detach(connection));
        let request = headers.iter().fold(Request::get(uri), |request, (name, value)| {
            request.header(name.as_str(), value.as_str())
        });
        let request = request.body(Full::<Bytes>::default()).unwrap();
        let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        Reply { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// A reply of which only the head has come.
    pub(crate) async fn open(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> http::Response<Incoming> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        drop(kit_base::work::detach(connection));
        let request = Request::builder().method(method).uri(path).header("host", "errand.test");
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        sender.send_request(request.body(Full::new(body)).unwrap()).await.unwrap()
    }
}

/// A token that expires in so many seconds.
pub(crate) fn token(key: &SigningKey, user_id: Uuid, session_id: Uuid, seconds: i64) -> String {
    let now = Clock::system().now();
    let mut claims = Claims::new(user_id, session_id, Uuid::now_v7(), now);
    claims.exp = now.as_seconds() + seconds;
    key.sign(&claims).unwrap()
}

/// The next reply of a connection, up to the end of its JSON.
pub(crate) async fn next_reply(stream: &mut TcpStream) -> String {
    let mut reply = String::new();
    while !reply.ends_with('}') {
        let mut bytes = [0; 4096];
        let count = stream.read(&mut bytes).await.unwrap();
        assert!(count > 0, "closed after {reply:?}");
        reply.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
    }
    reply
}
