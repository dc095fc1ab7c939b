use std::time::Duration;

use tokio::runtime::Handle;

use super::catalogue::{RUNTIME_BUSY, RUNTIME_QUEUE, RUNTIME_TASKS, RUNTIME_WORKERS};

/// Tells how the runtime that works on requests is doing, from now on.
pub(crate) fn watch_runtime(requests: Handle) {
    kit_base::metrics::before_scrape(move || {
        let runtime = requests.metrics();
        let workers = runtime.num_workers();
        RUNTIME_WORKERS.set(&[], workers);
        RUNTIME_TASKS.set(&[], runtime.num_alive_tasks());
        RUNTIME_QUEUE.set(&[], runtime.global_queue_depth());
        let busy: Duration =
            (0..workers).map(|worker| runtime.worker_total_busy_duration(worker)).sum();
        let counted = RUNTIME_BUSY.series(&[]);
        counted.inc_by((busy.as_secs_f64() - counted.get()).max(0.0));
        true
    });
}
