use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::Context as _;
use bytes::Bytes;
use http::{Method, Request, Response};
use opentelemetry::KeyValue;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{self, BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanProcessor as _},
};
use tokio::runtime;

use super::{
    collector,
    settings::{Protocol, Telemetry},
    spans,
};
use crate::{
    client::Client,
    metrics::{
        self,
        catalogue::{SPANS, SPANS_EXPORTED, SPANS_QUEUED},
    },
};
use kit_rpc::span;

/// Spans that may wait; more are dropped.
const QUEUE: usize = 4096;

/// Exports the steps of this process to the collector at `endpoint`.
pub(super) fn start(
    service: &'static str,
    endpoint: &str,
    settings: &Telemetry,
) -> anyhow::Result<Spans> {
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE)
        .with_scheduled_delay(Duration::from_secs(2));
    let queued = Queued::default();
    let exporter = Counted { exporter: exporter(endpoint, settings)?, queued: queued.clone() };
    let mut processor =
        BatchSpanProcessor::builder(exporter).with_batch_config(batches.build()).build();
    processor.set_resource(&resource(service, settings));
    let processor = Arc::new(processor);
    let batch = Arc::clone(&processor);
    span::export_with(span::Export {
        ratio: settings.otel_traces_sampler_arg,
        slow: settings.traces_slow.duration(),
        send: Box::new(move |steps| {
            if queued.takes(steps.len()) {
                spans::of_steps(steps).for_each(|span| batch.on_end(span));
            }
        }),
    });
    Ok(Spans(processor))
}

/// What takes spans to the collector, on a thread of its own.
fn exporter(endpoint: &str, settings: &Telemetry) -> anyhow::Result<SpanExporter> {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("otlp")
        .enable_all()
        .build()?;
    let timeout = Duration::from_millis(settings.otel_exporter_otlp_timeout);
    let client = Arc::new(client(endpoint, settings)?);
    let protocol = settings.otel_exporter_otlp_protocol;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Collector { runtime, client, protocol, timeout })
        .with_protocol(opentelemetry_otlp::Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_headers(settings.headers().unwrap_or_default())
        .with_timeout(timeout)
        .build()?;
    Ok(exporter)
}

/// How many spans wait, or are on their way: the processor of the SDK has a queue, and tells nobody how long it is.
#[derive(Clone, Debug, Default)]
struct Queued(Arc<AtomicUsize>);

impl Queued {
    /// Takes so many spans in; false when they are dropped, because so many wait.
    fn takes(&self, count: usize) -> bool {
        let more = |queued: usize| (queued + count <= QUEUE).then_some(queued + count);
        let taken = self.0.fetch_update(Relaxed, Relaxed, more);
        match taken {
            Ok(before) => SPANS_QUEUED.set(&[], before + count),
            Err(_) => SPANS.series(&["dropped"]).inc_by(count as u64),
        }
        taken.is_ok()
    }

    /// Lets so many go, and says what became of them.
    fn gives(&self, count: usize, result: &str) {
        let before = self.0.fetch_sub(count, Relaxed);
        SPANS_QUEUED.set(&[], before.saturating_sub(count));
        SPANS.series(&[result]).inc_by(count as u64);
    }
}

/// Counts what is exported.
#[derive(Debug)]
struct Counted {
    exporter: SpanExporter,
    queued: Queued,
}

impl trace::SpanExporter for Counted {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let outcome = self.exporter.export(batch).await;
        self.queued.gives(count, if outcome.is_ok() { "success" } else { "failure" });
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// Spans that wait to be exported.
#[derive(Debug)]
pub(super) struct Spans(Arc<BatchSpanProcessor>);

impl Spans {
    /// Exports what is left, for at most `limit`.
    pub(super) fn shut_down(self, limit: Duration) {
        _ = self.0.shutdown_with_timeout(limit);
    }
}

fn client(endpoint: &str, settings: &Telemetry) -> anyhow::Result<Client> {
    let client = match &settings.otel_exporter_otlp_certificate {
        Some(path) => {
            let named = || format!("OTEL_EXPORTER_OTLP_CERTIFICATE {path}");
            let authorities = std::fs::read(path).with_context(named)?;
            Client::trusting(endpoint, &authorities).with_context(named)?
        }
        None => Client::new(endpoint)?,
    };
    Ok(match settings.otel_exporter_otlp_protocol {
        Protocol::Http => client,
        Protocol::Grpc => client.over_http2(),
    })
}

fn resource(service: &'static str, settings: &Telemetry) -> Resource {
    let own = [
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("service.namespace", "errand"),
        KeyValue::new("errand.revision", settings.errand_revision.clone()),
    ];
    let others = settings.attributes().unwrap_or_default();
    let others = others.into_iter().map(|(name, value)| KeyValue::new(name, value));
    // What an operator says wins.
    let builder = Resource::builder_empty().with_service_name(service);
    builder.with_attributes(own).with_attributes(others).build()
}

/// A client on a runtime of its own: the SDK calls it from a plain thread, and no request shares its thread.
struct Collector {
    runtime: runtime::Runtime,
    client: Arc<Client>,
    protocol: Protocol,
    timeout: Duration,
}

impl std::fmt::Debug for Collector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collector").field("protocol", &self.protocol).finish_non_exhaustive()
    }
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
        let (client, protocol, limit) = (Arc::clone(&self.client), self.protocol, self.timeout);
        // The clock must be set on the runtime: the thread that calls has none.
        let sent = self.runtime.spawn(async move {
            let begun = Instant::now();
            let sent = collector::send(&client, protocol, request);
            let answer = tokio::time::timeout(limit, sent).await;
            let told = match &answer {
                Ok(Ok(answer)) => Ok(answer.status()),
                Ok(Err(_)) => Err("_OTHER"),
                Err(_) => Err("timeout"),
            };
            metrics::http_client_request(&Method::POST, client.host(), told, begun.elapsed());
            answer
        });
        Box::pin(async move {
            let answer = sent.await.map_err(HttpError::from).and_then(|in_time| in_time?);
            let accepted = answer.as_ref().is_ok_and(|answer| answer.status().is_success());
            SPANS_EXPORTED.series(&[if accepted { "success" } else { "failure" }]).inc();
            answer
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_spans_wait_and_what_comes_above_is_dropped_and_counted() {
        let (queued, dropped) = (Queued::default(), || SPANS.series(&["dropped"]).get());
        let before = dropped();
        assert!(queued.takes(QUEUE - 1));
        assert!(!queued.takes(2) && queued.takes(1));
        assert_eq!(dropped(), before + 2);
        queued.gives(QUEUE, "success");
        assert!(queued.takes(QUEUE));
    }
}
