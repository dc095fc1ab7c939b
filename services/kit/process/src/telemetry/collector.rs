//! How spans reach a collector: OTLP over HTTP/1.1, or one unary call of gRPC. A connection a batch: one every few seconds is not worth a pool.
use bytes::{BufMut as _, Bytes, BytesMut};
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, Uri, Version,
    header::{CONTENT_TYPE, HOST, TE},
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use opentelemetry_http::HttpError;

use super::settings::Protocol;
use crate::client::{self, Client};

/// What a collector may answer.
const LONGEST_ANSWER: usize = 64 * 1024;
/// The method of `opentelemetry-proto`'s collector.
const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// Sends what the SDK has written for OTLP/HTTP, by the protocol that the collector speaks.
pub(super) async fn send(
    client: &Client,
    protocol: Protocol,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, HttpError> {
    match protocol {
        Protocol::Http => over_http(client, request).await,
        Protocol::Grpc => over_grpc(client, request).await,
    }
}

async fn over_http(
    client: &Client,
    mut request: Request<Bytes>,
) -> Result<Response<Bytes>, HttpError> {
    request.headers_mut().insert(HOST, client.host().parse()?);
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).parse()?;
    *request.uri_mut() = path;
    let stream = client.connect().await?;
    Ok(client::over(stream, request.map(Full::new), LONGEST_ANSWER).await?)
}

/// The body is the same message. An answer that is well is one of HTTP that is well, and empty.
async fn over_grpc(client: &Client, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let stream = TokioIo::new(client.connect().await?);
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
    drop(kit_base::work::detach(connection));
    let scheme = request.uri().scheme_str().unwrap_or("http");
    let uri: Uri = format!("{scheme}://{}{EXPORT}", client.host()).parse()?;
    let (mut head, message) = request.into_parts();
    (head.method, head.uri, head.version) = (Method::POST, uri, Version::HTTP_2);
    head.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    head.headers.insert(TE, HeaderValue::from_static("trailers"));
    let request = Request::from_parts(head, Full::new(framed(&message)?));
    let (head, body) = sender.send_request(request).await?.into_parts();
    let collected = Limited::new(body, LONGEST_ANSWER).collect().await?;
    let trailers = collected.trailers().unwrap_or(&head.headers);
    match told(trailers, "grpc-status") {
        "0" => Ok(Response::new(Bytes::new())),
        status => {
            Err(format!("the collector answers {status} {}", told(trailers, "grpc-message")).into())
        }
    }
}

/// A message behind its length, not compressed (gRPC over HTTP/2, "Length-Prefixed-Message").
fn framed(message: &[u8]) -> Result<Bytes, HttpError> {
    let mut bytes = BytesMut::with_capacity(5 + message.len());
    bytes.put_u8(0);
    bytes.put_u32(u32::try_from(message.len())?);
    bytes.put_slice(message);
    Ok(bytes.freeze())
}

fn told<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
