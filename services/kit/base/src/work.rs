//! Work that outlives the request that began it.
use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::LazyLock,
    task::Poll,
    time::Duration,
};

use tokio::task::{self, JoinHandle};
use tokio_util::task::TaskTracker;

use crate::request;

/// Tells a job, or a server, to stop.
pub type Stop = tokio_util::sync::CancellationToken;

static TRACKER: LazyLock<TaskTracker> = LazyLock::new(TaskTracker::new);

/// Starts `future` as a task of its own, still part of the current request: it goes on when its caller hangs up, and a draining
/// process waits for it.
#[expect(clippy::disallowed_methods, reason = "one of the two places that spawn")]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let context = request::current();
    tokio::spawn(TRACKER.track_future(request::scope_if_any(context, future)))
}

/// Starts `future` as a task that nobody waits for: the upkeep of a connection, which may end with the process.
#[expect(clippy::disallowed_methods, reason = "one of the two places that spawn")]
pub fn detach<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    tokio::spawn(future)
}

/// Keeps a connection that many share: woken, it steps back once behind all tasks that can run, so that what they have to send
/// leaves together. Sending is the most expensive thing that a read does.
pub async fn gather<F: Future>(connection: F) -> F::Output {
    let mut connection = pin!(connection);
    let mut stepped_back = false;
    poll_fn(|context| {
        stepped_back = !stepped_back;
        if stepped_back {
            _ = pin!(task::yield_now()).poll(context);
            return Poll::Pending;
        }
        connection.as_mut().poll(context)
    })
    .await
}

/// Waits until all spawned work is done, at most `limit`; false when some was left.
pub async fn drained(limit: Duration) -> bool {
    TRACKER.close();
    let drained = tokio::time::timeout(limit, TRACKER.wait()).await.is_ok();
    TRACKER.reopen();
    drained
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    };

    #[tokio::test(start_paused = true)]
    async fn a_draining_process_waits_for_what_was_spawned_and_not_for_ever() {
        let done = Arc::new(AtomicBool::new(false));
        let told = done.clone();
        let work = spawn(async move {
            tokio::time::sleep(Duration::from_secs(5)).await;
            told.store(true, SeqCst);
        });
        // Whoever asked for it has gone.
        drop(work);
        _ = detach(std::future::pending::<()>());
        assert!(!drained(Duration::from_secs(4)).await, "it goes on");
        assert!(!done.load(SeqCst));
        assert!(drained(Duration::from_secs(2)).await && done.load(SeqCst));
        let later = spawn(async { 7 });
        assert_eq!(later.await.unwrap(), 7, "it takes work again");
    }

    #[tokio::test]
    async fn a_connection_that_is_woken_steps_back_behind_what_can_run() {
        let polls = Arc::new(AtomicUsize::new(0));
        let counted = polls.clone();
        let connection = poll_fn(move |context| {
            if counted.fetch_add(1, SeqCst) == 2 {
                return Poll::Ready("closed");
            }
            context.waker().wake_by_ref();
            Poll::Pending
        });
        let gathered = detach(gather(connection));
        // It has been looked at by now, and has not been asked yet.
        task::yield_now().await;
        assert_eq!(polls.load(SeqCst), 0);
        assert_eq!(gathered.await.unwrap(), "closed");
        assert_eq!(polls.load(SeqCst), 3);
    }
}
