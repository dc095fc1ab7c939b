use std::{cell::RefCell, sync::LazyLock, time::Duration};

use prometheus::HistogramVec;
use tonic::Code;

use kit_base::metrics::Handles;

use super::catalogue;

static SERVED: LazyLock<HistogramVec> =
    LazyLock::new(|| catalogue::RPC_SERVER_DURATION.register_histogram());
static CALLED: LazyLock<HistogramVec> =
    LazyLock::new(|| catalogue::RPC_CLIENT_DURATION.register_histogram());

/// Counts a call that this process answered; `path` is `/package.Service/Method`.
pub(crate) fn rpc_served(path: &str, code: Code, elapsed: Duration) {
    thread_local!(static HANDLES: RefCell<Handles<Code>> = RefCell::default());
    // A peer can invent any number of methods that do not exist.
    let method = if code == Code::Unimplemented { "_OTHER" } else { path.trim_start_matches('/') };
    HANDLES.with_borrow_mut(|handles| {
        let histogram = handles.get(method, code, || {
            let error = if is_server_error(code) { name(code) } else { "" };
            SERVED.with_label_values(&["grpc", method, name(code), error])
        });
        histogram.observe(elapsed.as_secs_f64());
    });
}

/// Counts a call that this process made to the peer `target`; `path` is `/package.Service/Method`.
pub(crate) fn rpc_called(target: &'static str, path: &str, code: Code, elapsed: Duration) {
    thread_local!(static HANDLES: RefCell<Handles<(Code, &'static str)>> = RefCell::default());
    let method = path.trim_start_matches('/');
    HANDLES.with_borrow_mut(|handles| {
        let histogram = handles.get(method, (code, target), || {
            let error = if code == Code::Ok { "" } else { name(code) };
            CALLED.with_label_values(&["grpc", method, name(code), error, target])
        });
        histogram.observe(elapsed.as_secs_f64());
    });
}

/// The codes for which the server is to blame (OpenTelemetry semantic conventions for gRPC).
fn is_server_error(code: Code) -> bool {
    use Code::{DataLoss, DeadlineExceeded, Internal, Unavailable, Unimplemented, Unknown};
    matches!(code, Unknown | DeadlineExceeded | Unimplemented | Internal | Unavailable | DataLoss)
}

/// The name in the gRPC specification.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
