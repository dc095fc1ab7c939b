use std::{sync::Arc, time::Instant};

use axum::{
    body::HttpBody as _,
    extract::Request,
    http::{HeaderName, HeaderValue, Method, StatusCode, header::InvalidHeaderValue},
    response::Response,
};
use kit_base::{
    method::{METHODS, index},
    request::{self, REQUEST_ID},
    steps::Steps,
    trace::{TRACEPARENT, TraceContext},
};
use kit_process::{config::Switch, metrics};
use kit_rpc::span::{self, Step};

use super::{access::Access, lines::Line, route::Route, switched::BrokenOff, visit::Visit};
use crate::shared::Gateway;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// One request in the log, the metrics and the traces.
pub(super) struct Record {
    pub(super) request_id: Arc<str>,
    began: Instant,
    method: Method,
    /// A copy: the URI would keep the whole head as long.
    path: Box<str>,
    route: Route,
    request_size: Option<u64>,
    visit: Arc<Visit>,
    trace: TraceContext,
    /// None when it is written down.
    step: Option<Step>,
    line: Line,
    /// Whether the answer says which build has made it.
    is_timed: bool,
    _active: metrics::ActiveRequest,
}

impl Record {
    pub(super) fn begin(request: &Request, visit: Arc<Visit>, gateway: &Gateway) -> Self {
        let headers = request.headers();
        let route = Route::of_request(request);
        let believed = |trace| if visit.by_proxy { trace } else { span::of_stranger(trace) };
        let parent = TraceContext::from_headers(headers).map(believed);
        let request_id = request::id(headers, &gateway.clock);
        let shown = || format!("{} {}", METHODS[index(request.method())], route.as_str());
        let step = span::begin(parent).that_may_last(visit.access == Access::Listeners);
        let step = step.shown_as(shown, &request_id);
        Self {
            request_id,
            began: Instant::now(),
            method: request.method().clone(),
            path: request.uri().path().into(),
            request_size: request.body().size_hint().exact(),
            visit,
            trace: step.trace(),
            step: Some(step),
            line: gateway.lines.next(),
            is_timed: gateway.config.server_timing == Switch::On,
            route,
            _active: metrics::http_active(request.method()),
        }
    }

    pub(super) fn trace(&self) -> TraceContext {
        self.trace
    }

    /// Where it is noted what is done for it.
    pub(super) fn steps(&self) -> Option<Steps> {
        self.step.as_ref().and_then(Step::steps)
    }

    /// Tells the client by which names to ask for the request, and writes it down.
    pub(super) fn end(mut self, response: &mut Response) {
        let headers = response.headers_mut();
        headers.extend(HeaderValue::from_str(&self.request_id).map(|id| (REQUEST_ID, id)));
        headers.insert(TRACEPARENT, self.trace.header());
        if self.is_timed {
            headers.extend(self.timing().map(|timing| (SERVER_TIMING, timing)));
        }
        let (route, size) = (self.route.as_str(), response.body().size_hint().exact());
        metrics::http_body_sizes(&self.method, route, self.request_size, size);
        match response.extensions().get::<BrokenOff>() {
            Some(BrokenOff) => self.write_down(StatusCode::INTERNAL_SERVER_ERROR, "broken off"),
            None => self.write_down(response.status(), "answered"),
        }
    }

    /// The same without a line in the log.
    pub(super) fn end_unwritten(mut self, response: &mut Response) {
        self.line = Line::Never;
        self.end(response);
    }

    /// Which build has made the answer, and in how many milliseconds (Server-Timing, <https://www.w3.org/TR/server-timing/>).
    fn timing(&self) -> Result<HeaderValue, InvalidHeaderValue> {
        let milliseconds = self.began.elapsed().as_secs_f64() * 1000.0;
        let timing = format!("errand;desc=\"{}\", total;dur={milliseconds:.1}", metrics::build());
        HeaderValue::from_str(&timing)
    }

    fn write_down(&mut self, status: StatusCode, message: &str) {
        let Some(step) = self.step.take() else { return };
        let (route, elapsed) = (self.route.as_str(), self.began.elapsed());
        let trace = step.end_http(&self.method, route, status);
        metrics::http_request(&self.method, route, status, (elapsed, Some(trace)));
        super::metrics::answered(route, status);
        self.line.is_written(status, elapsed).then(|| {
            tracing::info!(
                target: "gateway::access",
                method = self.method.as_str(),
                path = &*self.path,
                route,
                status = status.as_u16(),
                duration_ms = elapsed.as_micros() as f64 / 1000.0,
                client = %self.visit.address,
                user_id = self.visit.user_id.get().map(tracing::field::display),
                "{message}"
            )
        });
    }
}

/// A request whose connection ends before it is answered is dropped: mostly its client has gone, which proxies write as 499.
impl Drop for Record {
    fn drop(&mut self) {
        let gone = StatusCode::from_u16(499).expect("three digits");
        self.write_down(gone, "not answered: the connection has ended");
    }
}
