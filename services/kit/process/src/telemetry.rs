//! Logs as JSON lines and, where a collector is named, traces over OTLP. Neither ever makes a request wait.
mod collector;
mod escaped;
mod export;
pub(crate) mod filter;
mod names;
mod record;
mod settings;
mod spans;
mod writer;

use std::{
    io::{self, IsTerminal as _},
    panic,
    sync::mpsc,
    thread,
    time::Duration,
};

use anyhow::Context as _;
use tracing_subscriber::{fmt, layer::SubscriberExt as _, reload, util::SubscriberInitExt as _};

use self::export::Spans;
pub use self::{
    names::Convention,
    record::JsonLines,
    settings::{Format, Telemetry},
    writer::Writer,
};

/// Telemetry that runs, and has to be flushed at the end.
#[derive(Debug)]
pub struct Running {
    log: Writer,
    spans: Option<Spans>,
}

/// Starts logging to standard output, and exporting traces if a collector is named.
///
/// # Errors
/// When a thread cannot be started, or the settings hold what `Telemetry::faults` would have refused.
pub fn start(service: &'static str, settings: &Telemetry) -> anyhow::Result<Running> {
    let log = Writer::start(io::stdout())?;
    let (filter, handle) = reload::Layer::new(filter::filter_of(&settings.log_level)?);
    let convention = Convention::for_format(settings.log_format);
    let revision = &settings.errand_revision;
    let lines =
        convention.map(|convention| JsonLines::new(service, revision, convention, log.clone()));
    let output = log.clone();
    let ansi = io::stdout().is_terminal();
    let pretty = convention
        .is_none()
        .then(|| fmt::layer().with_ansi(ansi).with_writer(move || output.clone()));
    let registry = tracing_subscriber::registry().with(filter).with(lines).with(pretty);
    registry.try_init().context("this process has a log already")?;
    filter::keep_filter(handle);
    panic::set_hook(Box::new(log_panic));
    let endpoint = settings.otel_exporter_otlp_endpoint.as_deref();
    let endpoint = endpoint.filter(|_| !settings.otel_sdk_disabled);
    let spans = endpoint.map(|endpoint| export::start(service, endpoint, settings)).transpose()?;
    Ok(Running { log, spans })
}

impl Running {
    /// Sends what is left, for at most `limit`: a collector that is gone must not keep the process.
    pub fn flush(self, limit: Duration) {
        let Self { log, spans } = self;
        if let Some(spans) = spans {
            shut_down(spans, limit);
        }
        log.flush(Duration::from_millis(500));
    }
}

/// Ends the export on a plain thread: on a runtime's own, the exporter would wait for the thread it stands on.
fn shut_down(spans: Spans, limit: Duration) {
    let (done, ended) = mpsc::channel();
    let thread = thread::Builder::new().name("telemetry-flush".to_owned());
    let started = thread.spawn(move || {
        spans.shut_down(limit);
        _ = done.send(());
    });
    if started.is_ok() && ended.recv_timeout(limit).is_err() {
        tracing::warn!("the last spans were not exported in time");
    }
}

fn log_panic(panic: &panic::PanicHookInfo<'_>) {
    let payload = panic.payload();
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let location = panic.location().map(ToString::to_string);
    tracing::error!(target: "panic", location, "{}", text.unwrap_or("a panic without a text"));
}

/// Where the lines of a log go.
impl io::Write for Writer {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
