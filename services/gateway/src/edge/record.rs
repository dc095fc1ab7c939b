use std::{sync::Arc, time::Instant};

use axum::{
    body::HttpBody as _,
    extract::{MatchedPath, Request},
    http::{HeaderValue, Method, Uri},
    response::Response,
};
use kit_base::{
    Clock,
    request::{self, REQUEST_ID, TRACEPARENT, TraceContext},
};
use kit_process::metrics;
use kit_rpc::span::{self, Kind, Step};

use super::visit::Visit;

/// One request in the log, the metrics and the traces.
pub(super) struct Record {
    pub(super) request_id: Arc<str>,
    began: Instant,
    method: Method,
    uri: Uri,
    route: Option<MatchedPath>,
    request_size: Option<u64>,
    step: Step,
    _active: metrics::ActiveRequest,
}

impl Record {
    pub(super) fn begin(request: &Request, clock: &Clock) -> Self {
        let headers = request.headers();
        let route = request.extensions().get::<MatchedPath>().cloned();
        let parent = TraceContext::from_headers(headers);
        Self {
            request_id: request::id(headers, clock),
            began: Instant::now(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            request_size: request.body().size_hint().exact(),
            step: span::begin(Kind::Server, route.as_ref().map_or("", MatchedPath::as_str), parent),
            route,
            _active: metrics::http_active(request.method()),
        }
    }

    pub(super) fn trace(&self) -> TraceContext {
        self.step.trace()
    }

    /// Tells the client by which names to ask for the request, and writes it down.
    pub(super) fn end(self, response: &mut Response, visit: &Visit) {
        let Self { request_id, began, method, uri, route, request_size, step, _active } = self;
        let headers = response.headers_mut();
        headers.extend(HeaderValue::from_str(&request_id).map(|id| (REQUEST_ID, id)));
        headers.insert(TRACEPARENT, step.trace().header());
        let (status, elapsed) = (response.status(), began.elapsed());
        let route = route.as_ref().map_or("", MatchedPath::as_str);
        metrics::http_request(&method, route, status, elapsed);
        metrics::http_body_sizes(&method, route, request_size, response.body().size_hint().exact());
        tracing::info!(
            target: "gateway::access",
            method = method.as_str(),
            path = uri.path(),
            route,
            status = status.as_u16(),
            duration_ms = elapsed.as_micros() as f64 / 1000.0,
            client = %visit.address,
            user_id = visit.user_id.get().map(tracing::field::display),
            "answered"
        );
        step.end_http(&method, route, status);
    }
}
