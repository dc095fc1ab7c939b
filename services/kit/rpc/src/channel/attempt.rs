//! One attempt of a call as a step of its request's trace: the peer's own step stands in it.
use std::net::SocketAddr;

use http::Response;
use kit_base::{
    request,
    steps::{Doing, Kind, Value},
};
use tonic::{Code, body::Body};

use super::{failure::Failure, record::code};

/// Begins an attempt at the method at `path`, at `address`; nothing where nothing is noted.
pub(crate) fn begin(path: &str, address: SocketAddr) -> Option<Doing> {
    request::begin(Kind::Client, || {
        let method = path.trim_start_matches('/').to_owned();
        let attributes = vec![
            ("rpc.system.name", Value::Text("grpc".into())),
            ("rpc.method", Value::Text(method.clone().into())),
            ("server.address", Value::Text(address.ip().to_string().into())),
            ("server.port", Value::Number(address.port().into())),
        ];
        (method.into(), attributes)
    })
}

/// Notes what it came to.
pub(crate) fn end(attempt: Option<Doing>, outcome: &Result<Response<Body>, Failure>) {
    let Some(attempt) = attempt else { return };
    match outcome {
        Ok(response) => {
            let code = code(response.headers());
            let said = ("rpc.response.status_code", Value::Number(i64::from(i32::from(code))));
            attempt.end(code != Code::Ok, vec![said]);
        }
        Err(failure) => {
            attempt.end(true, vec![("error.type", Value::Text(failure.reason().into()))]);
        }
    }
}
