//! What an operator has switched, at the edge: writes are refused for a while, and routes made to fail.
use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::StatusCode,
    response::Response,
};
use futures_util::stream;
use kit_base::switches::{self, Kind, Place};

use super::{access::Access, route::Route};
use crate::problem::Problem;

/// Refuses a write while nothing is to be written, and lets happen what is switched for the route; gives the answer where that is one.
pub(super) fn meet(
    request: &Request,
    access: Access,
) -> impl Future<Output = Result<Option<Response>, Problem>> + use<> {
    // Without a new token all would be signed out, and could not read either.
    let goes_on = request.method().is_safe() || access == Access::Refresh;
    // Where nothing is switched, as nearly always, nothing is looked at.
    let place = switches::current().map(|_| {
        let route = Route::of_request(request);
        Place::Route(format!("{} {}", request.method(), route.as_str()))
    });
    async move {
        let Some(place) = place else { return Ok(None) };
        if let Some(left) = switches::writes_refused().filter(|_| !goes_on) {
            let message = switches::READ_ONLY;
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "READ_ONLY", message);
            return Err(problem.with_retry_after(left));
        }
        match switches::strike(|| place).await {
            None => Ok(None),
            Some(Kind::Abort | Kind::Down) => Ok(Some(broken_off())),
            Some(_) => Err(Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR)),
        }
    }
}

/// Marks an answer that is none, so that it is not taken for one that went well.
#[derive(Clone, Copy)]
pub(super) struct BrokenOff;

/// An answer that ends before its end: the connection breaks, or the stream.
fn broken_off() -> Response {
    let broken = std::io::Error::other("broken off by an operator");
    let mut response = Response::new(Body::from_stream(stream::iter([Err::<Bytes, _>(broken)])));
    response.extensions_mut().insert(BrokenOff);
    response
}
