use std::{future::Future, pin::Pin, time::Duration};

use bytes::Bytes;
use http::{Request, Response, header::HOST};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use opentelemetry::{KeyValue, trace::TracerProvider as _};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider},
};
use tokio::{net::TcpStream, runtime};

use crate::metrics::catalogue::SPANS_EXPORTED;
use kit_rpc::span;

/// How long a batch may take to reach the collector.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Spans that may wait; more are dropped.
const QUEUE: usize = 4096;

/// What a collector may answer.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Exports the steps of this process to the collector at `endpoint`.
pub(super) fn start(
    service: &'static str,
    endpoint: &str,
    ratio: f64,
) -> anyhow::Result<SdkTracerProvider> {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("otlp")
        .enable_all()
        .build()?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Collector { runtime })
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_timeout(TIMEOUT)
        .build()?;
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE)
        .with_scheduled_delay(Duration::from_secs(2));
    let resource = Resource::builder().with_service_name(service);
    let provider = SdkTracerProvider::builder()
        .with_span_processor(
            BatchSpanProcessor::builder(exporter).with_batch_config(batches.build()).build(),
        )
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(ratio))))
        .with_resource(
            resource
                .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
                .build(),
        )
        .build();
    span::export_with(provider.tracer("kit"), ratio);
    Ok(provider)
}

/// An HTTP client on a runtime of its own: the SDK calls it from a plain thread, and no request shares its thread.
#[derive(Debug)]
struct Collector {
    runtime: runtime::Runtime,
}

impl HttpClient for Collector {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        // The clock must be set on the runtime: the thread that calls has none.
        let sent = self.runtime.spawn(async { tokio::time::timeout(TIMEOUT, send(request)).await });
        Box::pin(async move {
            let answer = sent.await.map_err(HttpError::from).and_then(|in_time| in_time?);
            let accepted = answer.as_ref().is_ok_and(|answer| answer.status().is_success());
            SPANS_EXPORTED.series(&[if accepted { "success" } else { "failure" }]).inc();
            answer
        })
    }
}

/// A connection a batch: one every few seconds is not worth a pool.
async fn send(mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let authority = request.uri().authority().ok_or("the collector has no address")?.clone();
    let stream = TcpStream::connect((authority.host(), authority.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    drop(kit_base::work::detach(connection));
    request.headers_mut().insert(HOST, authority.as_str().parse()?);
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).parse()?;
    *request.uri_mut() = path;
    let (head, body) = sender.send_request(request.map(Full::new)).await?.into_parts();
    let body = Limited::new(body, LONGEST_ANSWER).collect().await?.to_bytes();
    Ok(Response::from_parts(head, body))
}
