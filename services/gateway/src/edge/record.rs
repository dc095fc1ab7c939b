use std::{sync::Arc, time::Instant};

use axum::{
    body::HttpBody as _,
    extract::{MatchedPath, Request},
    http::{HeaderValue, Method, StatusCode, Uri},
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
    visit: Arc<Visit>,
    trace: TraceContext,
    /// None when it is written down.
    step: Option<Step>,
    _active: metrics::ActiveRequest,
}

impl Record {
    pub(super) fn begin(request: &Request, visit: Arc<Visit>, clock: &Clock) -> Self {
        let headers = request.headers();
        let route = request.extensions().get::<MatchedPath>().cloned();
        let believed = |trace| if visit.by_proxy { trace } else { span::of_stranger(trace) };
        let parent = TraceContext::from_headers(headers).map(believed);
        let step =
            span::begin(Kind::Server, route.as_ref().map_or("", MatchedPath::as_str), parent);
        Self {
            request_id: request::id(headers, clock),
            began: Instant::now(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            request_size: request.body().size_hint().exact(),
            visit,
            trace: step.trace(),
            step: Some(step),
            route,
            _active: metrics::http_active(request.method()),
        }
    }

    pub(super) fn trace(&self) -> TraceContext {
        self.trace
    }

    /// Tells the client by which names to ask for the request, and writes it down.
    pub(super) fn end(mut self, response: &mut Response) {
        let headers = response.headers_mut();
        headers.extend(HeaderValue::from_str(&self.request_id).map(|id| (REQUEST_ID, id)));
        headers.insert(TRACEPARENT, self.trace.header());
        let (route, size) = (self.route(), response.body().size_hint().exact());
        metrics::http_body_sizes(&self.method, route, self.request_size, size);
        self.write_down(response.status(), "answered");
    }

    fn route(&self) -> &str {
        self.route.as_ref().map_or("", MatchedPath::as_str)
    }

    fn write_down(&mut self, status: StatusCode, message: &str) {
        let Some(step) = self.step.take() else { return };
        let (route, elapsed) = (self.route(), self.began.elapsed());
        metrics::http_request(&self.method, route, status, (elapsed, Some(self.trace)));
        super::metrics::answered(status);
        tracing::info!(
            target: "gateway::access",
            method = self.method.as_str(),
            path = self.uri.path(),
            route,
            status = status.as_u16(),
            duration_ms = elapsed.as_micros() as f64 / 1000.0,
            client = %self.visit.address,
            user_id = self.visit.user_id.get().map(tracing::field::display),
            "{message}"
        );
        step.end_http(&self.method, route, status);
    }
}

/// A request whose connection ends before it is answered is dropped: mostly its client has gone, which proxies write as 499.
impl Drop for Record {
    fn drop(&mut self) {
        let gone = StatusCode::from_u16(499).expect("three digits");
        self.write_down(gone, "not answered: the connection has ended");
    }
}
