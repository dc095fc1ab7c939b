//! A request of which not even the head could be read is answered as any other: with a problem, a line in the log, and counted.
use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::Body,
    extract::Request,
    http::{Method, StatusCode, Uri},
    response::Response,
};
use futures_util::FutureExt as _;
use kit_base::request::{self, RequestContext};
use kit_process::serve::{PeerAddress, Unread};

use super::{access::Access, client, guard, head, headers, record::Record};
use crate::{problem::Problem, shared::Gateway};

/// The answer to whom the server could not read.
pub(crate) fn refused(unread: Unread, peer: SocketAddr, gateway: &Gateway) -> Response {
    refusal(&stand_in(peer), Access::Anyone, problem(unread), true, gateway)
}

/// The answer to a request that gets no further than its head; `is_written` says whether the log has a line for it.
pub(super) fn refusal(
    request: &Request,
    access: Access,
    problem: Problem,
    is_written: bool,
    gateway: &Gateway,
) -> Response {
    let visit = Arc::new(client::visit(access, request, &gateway.proxies));
    let record = Record::begin(request, Arc::clone(&visit), gateway);
    let cors = gateway.cors.load();
    let context = RequestContext {
        request_id: Arc::clone(&record.request_id),
        trace: record.trace(),
        steps: record.steps(),
        deadline: tokio::time::Instant::now(),
    };
    let answer = request::scope(context, async {
        let mut response = guard::written(Err(problem), &record, gateway);
        headers::secure(response.headers_mut(), visit.secure);
        cors.allow(response.headers_mut(), cors.origin(request.headers()));
        match is_written {
            true => record.end(&mut response),
            false => record.end_unwritten(&mut response),
        }
        response
    });
    let answer = answer.now_or_never().expect("nothing in it waits");
    gateway.untaken.answer(visit.subscriber(), answer)
}

fn problem(unread: Unread) -> Problem {
    match unread {
        Unread::Malformed => Problem::new(
            StatusCode::BAD_REQUEST,
            "MALFORMED_REQUEST",
            "this is no HTTP request: its first line or one of its headers cannot be read",
        ),
        Unread::EndedByHttp2 => Problem::new(
            StatusCode::BAD_REQUEST,
            "MALFORMED_REQUEST",
            "HTTP/2 itself refused a head: it is malformed, longer than 32 KiB, or one of too many at once",
        ),
        Unread::TargetTooLong => head::target_too_long(),
        Unread::HeadersTooLong => head::headers_too_long(),
    }
}

/// What is known of a request that nobody could read.
fn stand_in(peer: SocketAddr) -> Request {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::from_bytes(b"_OTHER").expect("letters");
    *request.uri_mut() = Uri::from_static("*");
    request.extensions_mut().insert(PeerAddress(peer));
    request
}
