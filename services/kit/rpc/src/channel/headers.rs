//! What a call tells its peer about the request that it is part of.
use http::{HeaderMap, HeaderValue};

use kit_base::request::{self, REQUEST_ID, RequestContext, TRACEPARENT};

/// Adds the trace and the id of the current request, where the caller has not set them.
pub(crate) fn carry(headers: &mut HeaderMap) {
    request::with_current(|RequestContext { request_id, trace, deadline: _ }| {
        headers.entry(TRACEPARENT).or_insert_with(|| trace.child().header());
        if let Ok(id) = HeaderValue::from_str(request_id) {
            headers.entry(REQUEST_ID).or_insert(id);
        }
    });
}
