//! A collector of traces, there or gone.
use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use http_body_util::BodyExt;
use kit_base::trace::TraceContext;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Process, get_request};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_collector_that_is_gone_slows_neither_a_request_nor_the_end() {
    // It accepts, and never answers.
    let black_hole = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", black_hole.local_addr().unwrap());
    let traced = [("DRAIN_DELAY", "0s"), ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)];
    let process = Process::start(&traced);
    let mut client = process.client().await;
    let begun = Instant::now();
    for _ in 0..2000 {
        assert_eq!(client.send_request(get_request("/")).await.unwrap().status(), 200);
    }
    // One that waited for the collector would take its 2 s alone.
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    process.terminate();
    let (status, taken) = process.wait();
    assert!(status.success() && taken < Duration::from_secs(10), "{status} {taken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_collector_gets_the_spans_with_the_trace_of_their_caller() {
    let collector = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", collector.local_addr().unwrap());
    let process =
        Process::start(&[("DRAIN_DELAY", "0s"), ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    let trace = TraceContext::random(true);
    let mut request = get_request("/");
    request.headers_mut().insert("traceparent", trace.header());
    assert_eq!(process.client().await.send_request(request).await.unwrap().status(), 200);
    process.terminate();
    let export = async {
        let (mut stream, _) = collector.accept().await.unwrap();
        let mut received = vec![];
        while !contains(&received, &trace.trace_id) {
            assert!(
                stream.read_buf(&mut received).await.unwrap() > 0,
                "{:?}",
                String::from_utf8_lossy(&received)
            );
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        received
    };
    let received = tokio::time::timeout(Duration::from_secs(5), export).await.unwrap();
    assert!(
        contains(&received, b"POST /v1/traces HTTP/1.1") && contains(&received, &trace.span_id)
    );
    assert!(process.wait().0.success());
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// What a collector was sent by gRPC.
struct Call {
    head: http::request::Parts,
    message: bytes::Bytes,
}

/// Answers one call as a collector does, with this status.
async fn answers(collector: &tokio::net::TcpListener, status: &'static str) -> Call {
    let (stream, _) = collector.accept().await.unwrap();
    let (send, mut called) = tokio::sync::mpsc::unbounded_channel();
    let service =
        hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
            let send = send.clone();
            async move {
                let (head, body) = request.into_parts();
                let message = body.collect().await?.to_bytes();
                _ = send.send(Call { head, message });
                let trailers = http::HeaderMap::from_iter([(
                    http::HeaderName::from_static("grpc-status"),
                    http::HeaderValue::from_static(status),
                )]);
                let frames = [Ok::<_, std::convert::Infallible>(
                    hyper::body::Frame::<bytes::Bytes>::trailers(trailers),
                )];
                let body = http_body_util::StreamBody::new(futures_util::stream::iter(frames));
                Ok::<_, hyper::Error>(http::Response::new(
                    BodyExt::map_err(body, |never| match never {}).boxed(),
                ))
            }
        });
    let server = hyper::server::conn::http2::Builder::new(hyper_util::rt::TokioExecutor::new());
    let io = hyper_util::rt::TokioIo::new(stream);
    drop(kit_base::work::detach(async move { _ = server.serve_connection(io, service).await }));
    called.recv().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_collector_may_speak_grpc_and_be_told_who_asks() {
    let collector = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", collector.local_addr().unwrap());
    let process = Process::start(&[
        ("DRAIN_DELAY", "0s"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20abc,x-scope=errand"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=tried"),
    ]);
    let trace = TraceContext::random(true);
    let mut request = get_request("/");
    request.headers_mut().insert("traceparent", trace.header());
    assert_eq!(process.client().await.send_request(request).await.unwrap().status(), 200);
    process.terminate();
    let call = tokio::time::timeout(Duration::from_secs(5), answers(&collector, "0")).await;
    let Call { head, message } = call.unwrap();
    assert_eq!(head.uri.path(), "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
    for (name, value) in [
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("authorization", "Bearer abc"),
        ("x-scope", "errand"),
    ] {
        assert_eq!(head.headers[name], value);
    }
    assert_eq!(message[0], 0, "not compressed");
    assert_eq!(u32::from_be_bytes(message[1..5].try_into().unwrap()) as usize, message.len() - 5);
    for part in
        [&trace.trace_id[..], b"deployment.environment.name", b"tried", b"service.namespace"]
    {
        assert!(contains(&message, part), "{}", String::from_utf8_lossy(&message));
    }
    assert!(process.wait().0.success());
}
