//! What operators see of the calls to peers.
use std::time::Instant;

use http::{HeaderMap, HeaderName, Response, Uri};
use tonic::{Code, Status, body::Body};

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// A call that is being measured.
pub(crate) struct Call {
    target: &'static str,
    method: Uri,
    began: Instant,
}

impl Call {
    pub(crate) fn begin(target: &'static str, method: &Uri) -> Self {
        Self { target, method: method.clone(), began: Instant::now() }
    }

    /// Counts the call under its outcome, which is handed through.
    pub(crate) fn end(
        self,
        outcome: Result<Response<Body>, Status>,
    ) -> Result<Response<Body>, Status> {
        let Self { target, method, began } = self;
        let code = outcome.as_ref().map_or_else(Status::code, |response| code(response.headers()));
        crate::metrics::rpc_called(target, method.path(), code, began.elapsed());
        outcome
    }
}

/// The code in the head of an answer. Where a message follows there is none: then the call went well.
pub(crate) fn code(headers: &HeaderMap) -> Code {
    headers.get(GRPC_STATUS).map_or(Code::Ok, |status| Code::from_bytes(status.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_an_answer_is_read_from_its_head() {
        for (status, expected) in [
            (None, Code::Ok),
            (Some("0"), Code::Ok),
            (Some("5"), Code::NotFound),
            (Some("14"), Code::Unavailable),
            (Some("17"), Code::Unknown),
            (Some("none"), Code::Unknown),
        ] {
            let status =
                status.map(|status| ("grpc-status".parse().unwrap(), status.parse().unwrap()));
            assert_eq!(code(&HeaderMap::from_iter(status)), expected, "{expected:?}");
        }
    }
}
