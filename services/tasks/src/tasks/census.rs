//! How many tasks are open, and how many of those overdue: counted for all replicas by the one that holds the lease.
use std::time::Duration;

use kit_base::{Clock, Stop, Timestamp};
use kit_db::{Db, lease::Lease};
use kit_rpc::span;

use super::{
    metrics::{OPEN, OVERDUE},
    row::names::Status,
    store::census::{self, Census},
};
use crate::Error;

/// Between two counts.
const PERIOD: Duration = Duration::from_secs(60);

/// Counts again and again, until `stop`.
pub(crate) async fn run(db: Db, clock: Clock, stop: Stop) {
    let lease = Lease::new("census", PERIOD, &clock);
    loop {
        let counted = span::job("census".to_owned(), round(&db, &lease, clock.now())).await;
        let counted = counted.unwrap_or_else(|error| {
            tracing::debug!(%error, "tasks could not be counted");
            Census::default()
        });
        let Census { needs_action, in_process, overdue } = counted;
        OPEN.set(&[Status::NeedsAction.name()], needs_action);
        OPEN.set(&[Status::InProcess.name()], in_process);
        OVERDUE.set(&[], overdue);
        if stop.run_until_cancelled(tokio::time::sleep(PERIOD)).await.is_none() {
            return;
        }
    }
}

/// What there is; nothing while another replica counts.
async fn round(db: &Db, lease: &Lease, now: Timestamp) -> Result<Census, Error> {
    if lease.acquire(db).await? { census::count(db, now).await } else { Ok(Census::default()) }
}
