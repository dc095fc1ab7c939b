use std::{cell::RefCell, sync::LazyLock, time::Duration};

use ::http::{Method, StatusCode};
use prometheus::IntGauge;

use kit_base::{
    method::{METHODS, index},
    metrics::{Handles, Histogram, Traced},
    trace::TraceContext,
};

use super::catalogue::{
    HTTP_ACTIVE_REQUESTS, HTTP_CLIENT_DURATION, HTTP_REQUEST_DURATION, HTTP_REQUEST_SIZE,
    HTTP_RESPONSE_SIZE,
};

static ACTIVE_BY_METHOD: LazyLock<[IntGauge; METHODS.len()]> =
    LazyLock::new(|| METHODS.map(|method| HTTP_ACTIVE_REQUESTS.series(&[method, SCHEME])));
const SCHEME: &str = "http";

/// A request that is being answered, until it is dropped.
#[derive(Debug)]
pub struct ActiveRequest(&'static IntGauge);

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Counts a request as active.
pub fn http_active(method: &Method) -> ActiveRequest {
    let gauge = &ACTIVE_BY_METHOD[index(method)];
    gauge.inc();
    ActiveRequest(gauge)
}

/// Counts an answered request, with the trace that it belongs to. `route` is the template, as `/v1/tasks/{id}`; empty when no route matched.
pub fn http_request(
    method: &Method,
    route: &str,
    status: StatusCode,
    (elapsed, trace): (Duration, Option<TraceContext>),
) {
    thread_local!(static HANDLES: RefCell<Handles<(usize, StatusCode), Traced>> = RefCell::default());
    let method = index(method);
    HANDLES.with_borrow_mut(|handles| {
        let histogram = handles.get(route, (method, status), || {
            let error = if status.is_server_error() { status.as_str() } else { "" };
            HTTP_REQUEST_DURATION.traced(&[METHODS[method], route, status.as_str(), SCHEME, error])
        });
        histogram.observe(elapsed.as_secs_f64(), trace);
    });
}

/// Counts a request of this process to `host`, and the status that it was answered with, or why it was not.
pub(crate) fn http_client_request(
    method: &Method,
    host: &str,
    answer: Result<StatusCode, &'static str>,
    elapsed: Duration,
) {
    let method = METHODS[index(method)];
    let histogram = match &answer {
        Ok(status) => {
            let is_error = status.is_client_error() || status.is_server_error();
            let error = if is_error { status.as_str() } else { "" };
            HTTP_CLIENT_DURATION.series(&[method, host, status.as_str(), error])
        }
        Err(error) => HTTP_CLIENT_DURATION.series(&[method, host, "", error]),
    };
    histogram.observe(elapsed.as_secs_f64());
}

/// Counts the bytes of a request's body and of its answer's, where they are known.
pub fn http_body_sizes(method: &Method, route: &str, request: Option<u64>, response: Option<u64>) {
    thread_local!(static HANDLES: RefCell<Handles<(usize, bool), prometheus::Histogram>> = RefCell::default());
    let method = index(method);
    #[expect(
        clippy::cast_precision_loss,
        reason = "a size beyond 2^53 bytes falls into the last bucket anyway"
    )]
    let observe = |sizes: &Histogram, size: u64, is_request: bool| {
        HANDLES.with_borrow_mut(|handles| {
            let find = || sizes.series(&[METHODS[method], route]);
            handles.get(route, (method, is_request), find).observe(size as f64);
        });
    };
    request.into_iter().for_each(|size| observe(&HTTP_REQUEST_SIZE, size, true));
    response.into_iter().for_each(|size| observe(&HTTP_RESPONSE_SIZE, size, false));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_cannot_invent_series() {
        let route = "/of/the/test";
        for method in ["GET", "get", "BREW", "PROPFIND", "X-1"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            http_request(&method, route, StatusCode::NOT_FOUND, (Duration::from_millis(1), None));
        }
        http_request(
            &Method::GET,
            route,
            StatusCode::BAD_GATEWAY,
            (Duration::from_millis(1), None),
        );
        let text = kit_base::metrics::text();
        let of_route = format!("http_route=\"{route}\"");
        let counts = text
            .lines()
            .filter(|line| line.contains("duration_seconds_count{") && line.contains(&of_route));
        let mut told: Vec<_> = counts
            .map(|line| {
                let label = |name: &str| {
                    let rest = line.split_once(&format!("{name}=\"")).unwrap().1;
                    rest.split('"').next().unwrap().to_owned()
                };
                let count = line.rsplit(' ').next().unwrap();
                format!("{} {} {count}", label("http_request_method"), label("error_type"))
            })
            .collect();
        told.sort();
        assert_eq!(told, ["GET  1", "GET 502 1", "_OTHER  4"]);
    }

    #[test]
    fn a_request_is_active_until_it_is_dropped() {
        let brew = Method::from_bytes(b"BREW").unwrap();
        let before = ACTIVE_BY_METHOD[METHODS.len() - 1].get();
        let held = [http_active(&brew), http_active(&brew)];
        assert_eq!(ACTIVE_BY_METHOD[METHODS.len() - 1].get(), before + 2);
        drop(held);
        assert_eq!(ACTIVE_BY_METHOD[METHODS.len() - 1].get(), before);
    }
}
