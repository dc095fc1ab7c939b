//! Asks a process over HTTP/1.1, one connection a request: for an operator's commands, which ask seldom.
use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow, bail, ensure};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(15);

/// More than any answer has, in bytes.
const LONGEST: usize = 16 << 20;

/// Where to ask.
pub struct Client {
    host: String,
    /// What stands before each path, as behind a proxy.
    prefix: String,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

/// An answer that has come whole.
#[derive(Debug)]
pub struct Reply {
    /// Whether it went well.
    pub status: StatusCode,
    /// When to come again, where it says so in seconds.
    pub retry_after: Option<Duration>,
    body: Bytes,
}

impl Client {
    /// Asks `http://host:port/prefix`, or `https://…` where the server's certificate comes from one of the public authorities.
    ///
    /// # Errors
    /// When `url` is no such URL.
    pub fn new(url: &str) -> anyhow::Result<Self> {
        let public = || webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
        Self::with_roots(url, || Ok(public()))
    }

    /// The same, where a server's certificate must come from one of the authorities in `pem`.
    ///
    /// # Errors
    /// When `url` is no such URL, or `pem` holds no certificate.
    pub fn trusting(url: &str, pem: &[u8]) -> anyhow::Result<Self> {
        Self::with_roots(url, || authorities(pem))
    }

    fn with_roots(
        url: &str,
        roots: impl FnOnce() -> anyhow::Result<RootCertStore>,
    ) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("{url} is no URL"))?;
        let host = uri.host().with_context(|| format!("{url} names no host"))?;
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        ensure!(!authority.contains('@'), "a URL with a user is not taken: {host}");
        ensure!(uri.query().is_none(), "a URL with a query is not taken: {host}");
        let (port, tls) = match uri.scheme_str() {
            Some("http") => (80, None),
            Some("https") => {
                let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())?;
                (443, Some((trusting(roots()?)?, name)))
            }
            _ => bail!("{url} must begin with http:// or https://"),
        };
        let host = format!("{host}:{}", uri.port_u16().unwrap_or(port));
        let prefix = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { host, prefix, tls })
    }

    /// Sends one request with these headers, and this JSON; its type is `application/json` unless a header says another.
    ///
    /// # Errors
    /// When nothing answers.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> anyhow::Result<Reply> {
        let path = format!("{}{path}", self.prefix);
        let mut request =
            Request::builder().method(method).uri(path).header(header::HOST, &self.host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let typed = headers.iter().any(|(name, _)| header::CONTENT_TYPE == *name);
        if body.is_some() && !typed {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map(ToString::to_string).unwrap_or_default();
        let exchange = self.exchange(request.body(Full::from(body))?);
        let reply = tokio::time::timeout(PATIENCE, exchange).await;
        reply.with_context(|| format!("{} does not answer", self.host))?
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> anyhow::Result<Reply> {
        let (head, body) = over(self.connect().await?, request, LONGEST).await?.into_parts();
        let retry_after = head.headers.get(header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        let retry_after = retry_after.map(Duration::from_secs);
        Ok(Reply { status: head.status, retry_after, body })
    }

    /// Whom it asks, as `host:port`.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The same, who says at the handshake that HTTP/2 is spoken.
    pub(crate) fn over_http2(mut self) -> Self {
        if let Some((config, _)) = &mut self.tls {
            Arc::make_mut(config).alpn_protocols = vec![b"h2".to_vec()];
        }
        self
    }

    /// A connection of its own.
    pub(crate) async fn connect(&self) -> anyhow::Result<Stream> {
        let host = &self.host;
        let stream =
            TcpStream::connect(host).await.with_context(|| format!("nothing listens at {host}"))?;
        let Some((config, name)) = &self.tls else { return Ok(Box::new(stream)) };
        let stream = TlsConnector::from(Arc::clone(config)).connect(name.clone(), stream).await;
        Ok(Box::new(stream.with_context(|| format!("no TLS with {host}"))?))
    }
}

/// What is read and written on a connection, encrypted or not.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Duplex for S {}

/// A connection.
pub(crate) type Stream = Box<dyn Duplex>;

/// The answer to one request, of which at most so many bytes are read.
pub(crate) async fn over(
    stream: Stream,
    request: Request<Full<Bytes>>,
    longest: usize,
) -> anyhow::Result<Response<Bytes>> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    drop(kit_base::work::detach(connection));
    let (head, body) = sender.send_request(request).await?.into_parts();
    let body = Limited::new(body, longest).collect().await;
    let body = body.map_err(|error| anyhow!("its answer cannot be read: {error}"))?.to_bytes();
    Ok(Response::from_parts(head, body))
}

fn authorities(pem: &[u8]) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate?)?;
    }
    ensure!(!roots.is_empty(), "there is no certificate to trust");
    Ok(roots)
}

fn trusting(roots: RootCertStore) -> anyhow::Result<Arc<ClientConfig>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(Arc::new(versions.with_root_certificates(roots).with_no_client_auth()))
}

impl Reply {
    /// Its body.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The JSON it holds, `null` when it holds none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The same, or an error with all that it says when it did not go well.
    ///
    /// # Errors
    /// When its status is no success.
    pub fn succeeded(&self) -> anyhow::Result<Value> {
        ensure!(self.status.is_success(), "{} {}", self.status, self.text());
        Ok(self.json())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_asked_is_taken_for_a_url() {
        assert_eq!(Client::new("http://errand").unwrap().host, "errand:80");
        assert_eq!(Client::new("http://[::1]:8080/").unwrap().host, "[::1]:8080");
        assert_eq!(Client::new("https://errand").unwrap().host, "errand:443");
        let behind = Client::new("https://errand:8443/metrics/").unwrap();
        assert_eq!((&*behind.host, &*behind.prefix), ("errand:8443", "/metrics"));
        for url in ["http://me:secret@errand", "http://errand/?x=1"] {
            let Err(fault) = Client::new(url) else { panic!("{url} is taken") };
            assert!(!format!("{fault:#}").contains("secret"), "{fault:#}");
        }
        for url in ["errand:80", "https://", "http://", "ftp://errand", "errand"] {
            assert!(Client::new(url).is_err(), "{url}");
        }
    }

    #[test]
    fn nobody_is_trusted_without_a_certificate() {
        assert!(Client::trusting("https://errand", b"").is_err());
    }

    #[test]
    fn a_reply_that_is_no_success_is_an_error_that_says_all() {
        let reply = |status: StatusCode, body: &'static str| Reply {
            status,
            retry_after: None,
            body: body.into(),
        };
        let good = reply(StatusCode::CREATED, r#"{"id":7}"#).succeeded().unwrap();
        assert_eq!(good["id"], 7);
        assert!(reply(StatusCode::NO_CONTENT, "").succeeded().unwrap().is_null());
        for status in [StatusCode::FOUND, StatusCode::NOT_FOUND, StatusCode::BAD_GATEWAY] {
            let fault = reply(status, "why it is so").succeeded().unwrap_err().to_string();
            assert!(fault.contains(status.as_str()) && fault.contains("why it is so"), "{fault}");
        }
    }

    #[tokio::test]
    async fn nothing_is_waited_for_where_nothing_listens() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let client = Client::new(&format!("http://{address}")).unwrap();
        let fault = client.ask(Method::GET, "/", &[], None).await.unwrap_err();
        assert!(fault.to_string().contains(&format!("nothing listens at {address}")), "{fault:#}");
    }
}
