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
    ended: bool,
}

impl Call {
    pub(crate) fn begin(target: &'static str, method: &Uri) -> Self {
        Self { target, method: method.clone(), began: Instant::now(), ended: false }
    }

    /// Counts the call under its outcome, which is handed through.
    pub(crate) fn end(
        mut self,
        outcome: Result<Response<Body>, Status>,
    ) -> Result<Response<Body>, Status> {
        let code = outcome.as_ref().map_or_else(Status::code, |response| code(response.headers()));
        self.count(code);
        outcome
    }

    fn count(&mut self, code: Code) {
        self.ended = true;
        crate::metrics::rpc_called(self.target, self.method.path(), code, self.began.elapsed());
    }
}

/// A call whose caller has gone has an outcome, too.
impl Drop for Call {
    fn drop(&mut self) {
        if !self.ended {
            self.count(Code::Cancelled);
        }
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
    fn a_call_whose_caller_has_gone_is_counted_as_cancelled() {
        let method = Uri::from_static("/x/Abandoned");
        drop(Call::begin("peer", &method));
        _ = Call::begin("peer", &method).end(Err(Status::not_found("nothing")));
        let counted = kit_base::metrics::text();
        let of_method =
            |line: &&str| line.contains("duration_seconds_count{") && line.contains("x/Abandoned");
        let lines: Vec<_> = counted.lines().filter(of_method).collect();
        for code in ["CANCELLED", "NOT_FOUND"] {
            let is_of =
                |line: &&&str| line.contains(&format!("\"{code}\"")) && line.ends_with(" 1");
            assert_eq!(lines.iter().filter(is_of).count(), 1, "{lines:?}");
        }
    }

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
