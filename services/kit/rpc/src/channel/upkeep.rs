//! What keeps an endpoint in use: its connections are opened when they are needed, and one that fails is taken out and probed in the
//! background until it answers again, so that no call pays for the attempt.
use std::{
    io,
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri, Version, header};
use http_body_util::Full;
use kit_base::{chance, error::chain, work};
use rustix::io::Errno;

use super::{
    connect::connect,
    endpoint::Endpoint,
    link::{Connection, Link},
};

/// When an endpoint that refused a connection is first tried again; each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause between two probes: how long an endpoint that is back can go unnoticed.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A connection of the endpoint, opened if need be; none when that fails, and then the endpoint has been taken out, if it is to blame.
pub(super) async fn connection(link: &Arc<Link>, endpoint: &Arc<Endpoint>) -> Option<Connection> {
    if let Some(connection) = link.open_one() {
        return Some(connection);
    }
    let (opening, first) = link.begin();
    if first {
        // A task of its own: the others still get the connection when this caller gives up.
        work::detach(open(link.clone(), endpoint.clone()));
    }
    opening.settled().await
}

/// Opens the connection and stays with it to its end.
async fn open(link: Arc<Link>, endpoint: Arc<Endpoint>) {
    match connect(&endpoint, link.length).await {
        Ok((connection, life)) => {
            link.opened(connection);
            let endpoint = Arc::downgrade(&{ endpoint });
            drop(link);
            let lost = work::gather(life).await.is_err_and(|error| error.is_timeout());
            if let Some(endpoint) = endpoint.upgrade().filter(|_| lost) {
                unreachable(&endpoint, "a ping was not answered");
            }
        }
        Err(error) => {
            // Before the others wake up: they must not come back here. What this process lacks, and one more connection beside one that is
            // open, say nothing of the endpoint.
            if is_own(&error) || endpoint.first_link().open_one().is_some() {
                tracing::warn!(address = %endpoint.address, error = chain(&error), "no connection can be opened");
            } else {
                unreachable(&endpoint, &chain(&error));
            }
            link.failed();
        }
    }
}

/// Whether a connection failed for what this process lacks: files, buffers, ports.
fn is_own(error: &io::Error) -> bool {
    const LACKS: [Errno; 4] = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::ADDRNOTAVAIL];
    Errno::from_io_error(error).is_some_and(|errno| LACKS.contains(&errno))
}

/// Takes the endpoint out because no connection can be had.
fn unreachable(endpoint: &Arc<Endpoint>, cause: &str) {
    endpoint.peer.doubt.notify_one();
    take_out(endpoint, cause, FIRST_PAUSE);
}

/// Takes the endpoint out because it does not do its work.
pub(super) fn eject(endpoint: &Arc<Endpoint>, cause: &str) {
    let pause = endpoint.ejection();
    take_out(endpoint, cause, pause);
}

fn take_out(endpoint: &Arc<Endpoint>, cause: &str, pause: Duration) {
    if endpoint.leave(cause) {
        start(endpoint, pause);
    }
}

/// Probes the endpoint after `pause` and from then on, until it answers or is no longer an address of the peer.
fn start(endpoint: &Arc<Endpoint>, pause: Duration) {
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
    let Some(mut connection) = connection(endpoint.first_link(), endpoint).await else {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_process_lacks_is_not_held_against_an_endpoint() {
        for (errno, expected) in [
            (Errno::MFILE, true),
            (Errno::ADDRNOTAVAIL, true),
            (Errno::CONNREFUSED, false),
            (Errno::HOSTUNREACH, false),
        ] {
            let error = io::Error::from_raw_os_error(errno.raw_os_error());
            assert_eq!(is_own(&error), expected, "{error}");
        }
        assert!(!is_own(&io::ErrorKind::TimedOut.into()));
    }
}
