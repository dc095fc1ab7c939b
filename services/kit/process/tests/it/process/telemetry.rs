//! A collector of traces, there or gone.
use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use kit_base::request::TraceContext;
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
