use std::{sync::LazyLock, time::Duration};

use prometheus::{CounterVec, IntGaugeVec};
use tokio::runtime::Handle;

use super::catalogue;

static WORKERS: LazyLock<IntGaugeVec> =
    LazyLock::new(|| catalogue::RUNTIME_WORKERS.register_gauge());
static TASKS: LazyLock<IntGaugeVec> = LazyLock::new(|| catalogue::RUNTIME_TASKS.register_gauge());
static QUEUE: LazyLock<IntGaugeVec> = LazyLock::new(|| catalogue::RUNTIME_QUEUE.register_gauge());
static BUSY: LazyLock<CounterVec> = LazyLock::new(|| catalogue::RUNTIME_BUSY.register_seconds());

/// Tells how the runtime that works on requests is doing, from now on.
pub(crate) fn watch_runtime(requests: Handle) {
    kit_base::metrics::before_scrape(move || {
        let runtime = requests.metrics();
        let workers = runtime.num_workers();
        let set = |gauge: &IntGaugeVec, value: usize| {
            gauge.with_label_values::<&str>(&[]).set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        set(&WORKERS, workers);
        set(&TASKS, runtime.num_alive_tasks());
        set(&QUEUE, runtime.global_queue_depth());
        let busy: Duration =
            (0..workers).map(|worker| runtime.worker_total_busy_duration(worker)).sum();
        let counted = BUSY.with_label_values::<&str>(&[]);
        counted.inc_by((busy.as_secs_f64() - counted.get()).max(0.0));
        true
    });
}
