//! A client that speaks plain HTTP to one address.
use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Longer than any deadline of the edge: an answer that takes longer than this never comes.
const PATIENCE: Duration = Duration::from_secs(35);

/// Connections to `http://host:port`; clones share them.
#[derive(Clone)]
pub(crate) struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
    pub(crate) base: String,
}

impl Http {
    pub(crate) fn new(base: impl Into<String>) -> Self {
        let client =
            Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build_http();
        Self { client, base: base.into() }
    }

    pub(crate) fn ask(&self, method: Method, path: &str) -> Ask {
        Ask {
            http: self.clone(),
            request: Request::builder().method(method).uri(format!("{}{path}", self.base)),
            body: Bytes::new(),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Ask {
        self.ask(Method::GET, path)
    }

    /// Sends bytes as they are, and gives what comes until the other side has had enough.
    pub(crate) async fn send(&self, bytes: &[u8]) -> String {
        let host = self.base.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).await.expect("a connection");
        // It may have had enough before the end.
        _ = stream.write_all(bytes).await;
        let mut answer = vec![];
        _ = tokio::time::timeout(Duration::from_secs(2), stream.read_to_end(&mut answer)).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Ask {
        self.ask(Method::POST, path).json(body)
    }
}

/// A request that is sent when it is awaited.
pub(crate) struct Ask {
    http: Http,
    request: http::request::Builder,
    body: Bytes,
}

impl Ask {
    pub(crate) fn with(mut self, header: &str, value: impl AsRef<str>) -> Self {
        self.request = self.request.header(header, value.as_ref());
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        let merge_patch = self.request.method_ref() == Some(&Method::PATCH);
        let kind = if merge_patch { "application/merge-patch+json" } else { "application/json" };
        self.text(kind, body.to_string())
    }

    pub(crate) fn text(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.with("content-type", content_type)
    }

    /// What is asked for, as `GET http://…`.
    pub(crate) fn line(&self) -> String {
        format!(
            "{} {}",
            self.request.method_ref().unwrap_or(&Method::GET),
            self.request.uri_ref().map(ToString::to_string).unwrap_or_default()
        )
    }

    /// The answer as soon as its head is there.
    pub(crate) async fn begin(self) -> Result<http::Response<Incoming>, String> {
        let Self { http, request, body } = self;
        let request = request.body(Full::new(body)).expect("a request that can be written");
        let answer = tokio::time::timeout(PATIENCE, http.client.request(request)).await;
        answer.map_err(|_| "no answer".to_owned())?.map_err(|error| format!("{error:?}"))
    }

    /// The whole answer, or why there is none.
    pub(crate) async fn attempt(self) -> Result<Reply, String> {
        let (head, body) = self.begin().await?.into_parts();
        let body = tokio::time::timeout(PATIENCE, body.collect())
            .await
            .map_err(|_| "no end".to_owned())?;
        let body = body.map_err(|error| format!("{error:?}"))?.to_bytes();
        Ok(Reply { status: head.status, headers: head.headers, body })
    }
}

impl IntoFuture for Ask {
    type Output = Reply;
    type IntoFuture = Pin<Box<dyn Future<Output = Reply> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { self.attempt().await.expect("an answer") })
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    /// The body, of an answer that has this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// The body, of a problem that has this status and code and all that every problem has.
    #[track_caller]
    pub(crate) fn refuses(&self, status: u16, code: &str) -> Value {
        let problem = self.expect(status);
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        for field in ["message", "timestamp", "traceId"] {
            assert!(
                problem[field].as_str().is_some_and(|text| !text.is_empty()),
                "{field} is not in {problem}"
            );
        }
        problem
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Empty when it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
