//! The metrics of every process; what it stands on and the services add lists of their own.
use kit_base::metrics::{Counter, DURATION_BUCKETS, Declared, Gauge, Histogram, Layer, Seconds};

/// Bytes, in steps of sixteen: there are two such metrics for each route, and a process has so many series.
const SIZE_BUCKETS: &[f64] = &[1_024.0, 16_384.0, 262_144.0, 4_194_304.0];

pub(super) static HTTP_REQUEST_DURATION: Histogram = Histogram::with_buckets(
    Layer::Application,
    "http_server_request_duration_seconds",
    &["http_request_method", "http_route", "http_response_status_code", "url_scheme", "error_type"],
    "Time to answer an HTTP request.",
    DURATION_BUCKETS,
);
pub(super) static HTTP_ACTIVE_REQUESTS: Gauge = Gauge::new(
    Layer::Application,
    "http_server_active_requests",
    &["http_request_method", "url_scheme"],
    "HTTP requests that are being answered.",
);
pub(super) static HTTP_REQUEST_SIZE: Histogram = Histogram::with_buckets(
    Layer::Application,
    "http_server_request_body_size_bytes",
    &["http_request_method", "http_route"],
    "Size of the bodies of HTTP requests.",
    SIZE_BUCKETS,
);
pub(super) static HTTP_RESPONSE_SIZE: Histogram = Histogram::with_buckets(
    Layer::Application,
    "http_server_response_body_size_bytes",
    &["http_request_method", "http_route"],
    "Size of the bodies of HTTP answers.",
    SIZE_BUCKETS,
);
pub(super) static HTTP_CLIENT_DURATION: Histogram = Histogram::with_buckets(
    Layer::Application,
    "http_client_request_duration_seconds",
    &["http_request_method", "server_address", "http_response_status_code", "error_type"],
    "Time until an answer to a request over HTTP that the process itself made, as to a collector of traces.",
    DURATION_BUCKETS,
);
pub(super) static LOAD_SHED: Counter = Counter::new(
    Layer::Application,
    "errand_load_shed_total",
    &["reason"],
    "Connections and requests that were refused to protect the others.",
);
pub(super) static LOAD_LIMIT: Gauge = Gauge::new(
    Layer::Application,
    "errand_load_limit_requests",
    &[],
    "Requests that are worked on at once, as found out by how long they take; what comes above is shed.",
);
pub(crate) static LOG_RECORDS_DROPPED: Counter = Counter::new(
    Layer::Infrastructure,
    "errand_log_records_dropped_total",
    &[],
    "Log records that were given up because the output did not keep up.",
);
pub(crate) static SPANS_EXPORTED: Counter = Counter::new(
    Layer::Infrastructure,
    "errand_span_exports_total",
    &["result"],
    "Batches of spans that the collector took, or that were lost.",
)
.from_start(&[&["success"], &["failure"]]);
pub(crate) static SPANS: Counter = Counter::new(
    Layer::Infrastructure,
    "errand_spans_total",
    &["result"],
    "Spans that the collector took, that were lost on the way there, or that were dropped because too many waited.",
)
.from_start(&[&["success"], &["failure"], &["dropped"]]);
pub(crate) static SPANS_QUEUED: Gauge = Gauge::new(
    Layer::Infrastructure,
    "errand_spans_queued",
    &[],
    "Spans that wait for the collector, or are on the way there.",
);
pub(super) static BUILD_INFO: Gauge = Gauge::new(
    Layer::Infrastructure,
    "errand_build_info",
    &["service_name", "version", "revision", "rustc"],
    "What is running; always 1.",
);
pub(super) static TARGET_INFO: Gauge = Gauge::new(
    Layer::Infrastructure,
    "target_info",
    &["service_name", "service_namespace", "service_version", "service_instance_id"],
    "The process as OpenTelemetry names it; always 1.",
);
pub(super) static CONFIG_RELOADS: Counter = Counter::new(
    Layer::Infrastructure,
    "errand_config_reloads_total",
    &["result"],
    "Changes of the configuration file that were taken over, or refused.",
)
.from_start(&[&["success"], &["failure"]]);
pub(super) static CONFIG_SUCCESSFUL: Gauge = Gauge::new(
    Layer::Infrastructure,
    "errand_config_last_reload_successful",
    &[],
    "Whether the configuration file is in effect as it is: 1, or 0 when it was refused.",
);
pub(super) static CONFIG_TIMESTAMP: Gauge = Gauge::new(
    Layer::Infrastructure,
    "errand_config_last_reload_success_timestamp_seconds",
    &[],
    "When the configuration file was last taken over.",
);
pub(crate) static RUNTIME_WORKERS: Gauge = Gauge::new(
    Layer::Infrastructure,
    "errand_runtime_tokio_workers",
    &[],
    "Threads that work on requests.",
);
pub(crate) static RUNTIME_TASKS: Gauge = Gauge::new(
    Layer::Infrastructure,
    "errand_runtime_tokio_alive_tasks",
    &[],
    "Tasks of the runtime that have not ended.",
);
pub(crate) static RUNTIME_QUEUE: Gauge = Gauge::new(
    Layer::Infrastructure,
    "errand_runtime_tokio_global_queue_depth",
    &[],
    "Tasks that wait for a thread.",
);
pub(crate) static RUNTIME_BUSY: Seconds = Seconds::new(
    Layer::Infrastructure,
    "errand_runtime_tokio_worker_busy_seconds_total",
    &[],
    "Time that the threads have worked, all together.",
);
pub(super) static ALLOCATOR_RESIDENT: Gauge = Gauge::new(
    Layer::Infrastructure,
    "errand_allocator_resident_bytes",
    &[],
    "Memory that the program has allocated and that stands in no file; the rest of what is resident can be read from the disk anew.",
);

/// The metrics of every process.
pub static CATALOGUE: &[&dyn Declared] = &[
    &HTTP_REQUEST_DURATION,
    &HTTP_ACTIVE_REQUESTS,
    &HTTP_REQUEST_SIZE,
    &HTTP_RESPONSE_SIZE,
    &HTTP_CLIENT_DURATION,
    &LOAD_SHED,
    &LOAD_LIMIT,
    &LOG_RECORDS_DROPPED,
    &SPANS_EXPORTED,
    &SPANS,
    &SPANS_QUEUED,
    &BUILD_INFO,
    &TARGET_INFO,
    &CONFIG_RELOADS,
    &CONFIG_SUCCESSFUL,
    &CONFIG_TIMESTAMP,
    &RUNTIME_WORKERS,
    &RUNTIME_TASKS,
    &RUNTIME_QUEUE,
    &RUNTIME_BUSY,
    &ALLOCATOR_RESIDENT,
];
