//! Asks a running process over HTTP, one connection a request.
use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::{Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where to ask: `http://host:port`.
pub(crate) struct Client {
    host: String,
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    body: Bytes,
}

impl Client {
    pub(crate) fn new(url: &str) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("{url} is no URL"))?;
        ensure!(uri.scheme_str() == Some("http"), "{url} must begin with http://");
        let host = uri.host().with_context(|| format!("{url} names no host"))?;
        Ok(Self { host: format!("{host}:{}", uri.port_u16().unwrap_or(80)) })
    }

    /// Sends one request, with the headers and the JSON given.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> anyhow::Result<Reply> {
        let mut request =
            Request::builder().method(method).uri(path).header(header::HOST, &self.host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map(ToString::to_string).unwrap_or_default();
        let exchange = exchange(&self.host, request.body(Full::from(body))?);
        let reply = tokio::time::timeout(PATIENCE, exchange).await;
        reply.with_context(|| format!("{} does not answer", self.host))?
    }
}

async fn exchange(host: &str, request: Request<Full<Bytes>>) -> anyhow::Result<Reply> {
    let stream =
        TcpStream::connect(host).await.with_context(|| format!("nothing listens at {host}"))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    drop(kit::work::detach(connection));
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    Ok(Reply { status, body })
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The JSON it holds, `null` when it holds none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}
