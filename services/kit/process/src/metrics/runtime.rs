use std::time::Duration;

use tokio::runtime::Handle;

use super::catalogue::{
    ALLOCATOR_RESIDENT, RUNTIME_BUSY, RUNTIME_QUEUE, RUNTIME_TASKS, RUNTIME_WORKERS,
};

/// Tells how the runtime that works on requests is doing, and how much memory there is for it, from now on.
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
        allocated().into_iter().for_each(|bytes| ALLOCATOR_RESIDENT.set(&[], bytes));
        true
    });
}

/// As the kernel counts it (proc(5), `RssAnon`): the allocator has no figures of its own that can be had without unsafe code.
#[cfg(target_os = "linux")]
fn allocated() -> Option<usize> {
    let kibibytes = procfs::process::Process::myself().ok()?.status().ok()?.rssanon?;
    usize::try_from(kibibytes * 1024).ok()
}

#[cfg(not(target_os = "linux"))]
fn allocated() -> Option<usize> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_allocated_and_used_is_counted_in_bytes() {
        let before = allocated().unwrap();
        let held = vec![1_u8; 64 << 20];
        let grown = allocated().unwrap() - before;
        assert!((60 << 20..80 << 20).contains(&grown), "{grown} for {}", held.len());
    }
}
