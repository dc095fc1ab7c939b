use std::{cell::RefCell, time::Duration};

use tonic::Code;

use kit_base::{
    metrics::{Handles, Traced},
    request,
    trace::TraceContext,
};

use super::catalogue::{RPC_CLIENT_DURATION, RPC_SERVER_DURATION};

/// Counts a call that this process answered, with the trace that it belongs to; `path` is `/package.Service/Method`.
pub(crate) fn rpc_served(
    path: &str,
    code: Code,
    (elapsed, trace): (Duration, Option<TraceContext>),
) {
    thread_local!(static HANDLES: RefCell<Handles<Code, Traced>> = RefCell::default());
    let method = method_of(path, code);
    HANDLES.with_borrow_mut(|handles| {
        let histogram = handles.get(method, code, || {
            let error = if is_server_error(code) { name(code) } else { "" };
            RPC_SERVER_DURATION.traced(&["grpc", method, name(code), error])
        });
        histogram.observe(elapsed.as_secs_f64(), trace);
    });
}

/// Counts a call that this process made to the peer `target`; `path` is `/package.Service/Method`.
pub(crate) fn rpc_called(target: &'static str, path: &str, code: Code, elapsed: Duration) {
    thread_local!(static HANDLES: RefCell<Handles<(Code, &'static str), Traced>> = RefCell::default());
    let method = path.trim_start_matches('/');
    let trace = request::with_current(|context| context.trace);
    HANDLES.with_borrow_mut(|handles| {
        let histogram = handles.get(method, (code, target), || {
            let error = if code == Code::Ok { "" } else { name(code) };
            RPC_CLIENT_DURATION.traced(&["grpc", method, name(code), error, target])
        });
        histogram.observe(elapsed.as_secs_f64(), trace);
    });
}

/// What a call is counted under whose method nobody has looked for.
pub(crate) const UNKNOWN: &str = "_OTHER";

/// The method of a call at `path` that came to `code`. A peer can invent any number of methods that do not exist.
pub(crate) fn method_of(path: &str, code: Code) -> &str {
    if code == Code::Unimplemented { UNKNOWN } else { path.trim_start_matches('/') }
}

/// The codes for which the server is to blame (OpenTelemetry semantic conventions for gRPC).
pub(crate) fn is_server_error(code: Code) -> bool {
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
