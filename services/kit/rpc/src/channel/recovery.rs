//! The way back for an endpoint that was taken out: a probe in the background, so that no call pays for the attempt.
use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri, Version, header};
use http_body_util::Full;

use super::endpoint::Endpoint;
use kit_base::{chance, work};

/// When an endpoint that refused a connection is first tried again; each further pause is twice as long.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause between two probes: how long an endpoint that is back can go unnoticed.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Probes the endpoint after `pause` and from then on, until it answers or is no longer an address of the peer.
pub(crate) fn start(endpoint: &Arc<Endpoint>, pause: Duration) {
    work::detach(recover(Arc::downgrade(endpoint), pause));
}

async fn recover(endpoint: Weak<Endpoint>, mut pause: Duration) {
    loop {
        tokio::time::sleep(chance::around(pause)).await;
        let Some(endpoint) = endpoint.upgrade() else { return };
        if answers(&endpoint).await {
            return endpoint.admit();
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Asks for the peer's health on a new connection; any answer will do, for a stopped process accepts but does not answer.
async fn answers(endpoint: &Arc<Endpoint>) -> bool {
    endpoint.close();
    let Some(mut connection) = endpoint.first_link().connection(endpoint).await else {
        return false;
    };
    let asking = connection.try_send_request(question(endpoint));
    let answer = tokio::time::timeout(endpoint.limits().read, asking).await;
    matches!(answer, Ok(Ok(_)))
}

fn question(endpoint: &Endpoint) -> Request<Full<Bytes>> {
    // An empty message: uncompressed, of length 0.
    let mut request = Request::new(Full::new(Bytes::from_static(&[0; 5])));
    *request.method_mut() = Method::POST;
    *request.version_mut() = Version::HTTP_2;
    *request.uri_mut() = Uri::builder()
        .scheme(endpoint.target.scheme())
        .authority(endpoint.target.authority.clone())
        .path_and_query("/grpc.health.v1.Health/Check")
        .build()
        .expect("scheme, authority and path are all there");
    request
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    request.headers_mut().insert(header::TE, HeaderValue::from_static("trailers"));
    request
}
