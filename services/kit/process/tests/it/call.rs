//! Calls without a message type.
use axum::body::Body;
use http::{Request, Response};
use kit_rpc::GrpcChannel;
use tonic::{Code, Status};
use tower::{Service as _, ServiceExt as _};

/// The outcome of one call, which brings a message of 7 bytes.
pub(crate) async fn call(
    channel: &GrpcChannel,
    rpc: &str,
) -> Result<Response<tonic::body::Body>, Status> {
    let message = http_body_util::Full::from(&b"\0\0\0\0\x02\x08\x01"[..]);
    let request = Request::post(format!("/things.v1.ThingService/{rpc}"))
        .body(tonic::body::Body::new(message))
        .unwrap();
    channel.clone().ready().await?.call(request).await
}

/// The code that a call ends with.
pub(crate) async fn code(channel: &GrpcChannel, rpc: &str) -> Code {
    match call(channel, rpc).await {
        Ok(response) => {
            Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code())
        }
        Err(status) => status.code(),
    }
}

/// An answer without a message.
pub(crate) fn grpc(code: Code) -> Response<Body> {
    let status = (code as i32).to_string();
    let response = Response::builder()
        .header("content-type", "application/grpc")
        .header("grpc-status", status);
    response.body(Body::empty()).unwrap()
}
