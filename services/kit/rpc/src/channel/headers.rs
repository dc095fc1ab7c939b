//! What a call tells its peer about the request that it is part of.
use http::{HeaderMap, HeaderValue};

use kit_base::{
    request::{self, REQUEST_ID, RequestContext},
    trace::TRACEPARENT,
};

/// Adds the trace and the id of the current request, where the caller has not set them.
pub(crate) fn carry(headers: &mut HeaderMap) {
    request::with_current(|RequestContext { request_id, trace, deadline: _, steps: _ }| {
        headers.entry(TRACEPARENT).or_insert_with(|| trace.child().header());
        if let Ok(id) = HeaderValue::from_str(request_id) {
            headers.entry(REQUEST_ID).or_insert(id);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    use kit_base::trace::TraceContext;

    #[tokio::test]
    async fn a_call_names_its_request_unless_it_says_itself_whose_it_is() {
        let trace = TraceContext::random(true);
        let deadline = tokio::time::Instant::now();
        let context = RequestContext { request_id: "mine-1".into(), trace, deadline, steps: None };
        let own = HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_static("own"))]);
        let told = request::scope(context, async {
            [HeaderMap::new(), own.clone()].map(|mut headers| {
                carry(&mut headers);
                headers
            })
        });
        let [plain, named] = told.await;
        assert_eq!(
            (&plain[REQUEST_ID], &named[REQUEST_ID]),
            (&"mine-1".parse().unwrap(), &"own".parse().unwrap())
        );
        let steps = [&plain, &named].map(|headers| TraceContext::from_headers(headers).unwrap());
        assert!(steps.iter().all(|step| step.trace_id == trace.trace_id && step.sampled));
        assert_ne!(steps[0].span_id, trace.span_id);
        let mut outside = own.clone();
        carry(&mut outside);
        assert_eq!(outside, own, "what belongs to no request carries none");
    }
}
