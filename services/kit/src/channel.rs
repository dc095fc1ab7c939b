//! A way to reach a gRPC service: over the network or in this process.
use std::{convert::Infallible, sync::Arc, time::Duration};

use http::{Request, Response, Uri, uri::Authority};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tonic::{Status, body::Body};
use tower::{ServiceExt as _, util::BoxCloneSyncService};

/// A way to reach a gRPC service; what the generated clients are built on.
pub type GrpcChannel = BoxCloneSyncService<Request<Body>, Response<Body>, Status>;

/// The channel to a service in this process.
pub fn local(router: axum::Router) -> GrpcChannel {
    BoxCloneSyncService::new(tower::service_fn(move |request: Request<Body>| {
        let router = router.clone();
        async move {
            let response = router.oneshot(request).await.unwrap_or_else(|never: Infallible| match never {});
            Ok(response.map(Body::new))
        }
    }))
}

/// How a channel treats its peer.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How long a connection may take to open.
    pub connect: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_millis(500) }
    }
}

/// The channel to the service at `url` (`http://host:port`).
pub fn remote(_name: &'static str, url: &str, _limits: Limits) -> anyhow::Result<GrpcChannel> {
    let uri: Uri = url.parse()?;
    let authority: Authority = uri.authority().cloned().ok_or_else(|| anyhow::anyhow!("{url}: http://host:port"))?;
    let connection = Arc::new(tokio::sync::Mutex::new(None::<hyper::client::conn::http2::SendRequest<Body>>));
    Ok(BoxCloneSyncService::new(tower::service_fn(move |mut request: Request<Body>| {
        let (connection, authority) = (connection.clone(), authority.clone());
        async move {
            let mut held = connection.lock().await;
            let mut send = match held.take().filter(|send| !send.is_closed()) {
                Some(send) => send,
                None => {
                    let io = tokio::net::TcpStream::connect(authority.as_str()).await.map_err(|error| Status::unavailable(error.to_string()))?;
                    let (send, driver) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(io)).await.map_err(|error| Status::unavailable(error.to_string()))?;
                    drop(crate::work::spawn(driver));
                    send
                }
            };
            *held = Some(send.clone());
            drop(held);
            let mut parts = std::mem::take(request.uri_mut()).into_parts();
            parts.scheme = Some(http::uri::Scheme::HTTP);
            parts.authority = Some(authority);
            *request.uri_mut() = Uri::from_parts(parts).expect("a path was there");
            send.send_request(request).await.map(|response| response.map(Body::new)).map_err(|error| Status::unavailable(error.to_string()))
        }
    })))
}
