//! What goes on beside the requests, in every replica; none of it minds being done twice.
use std::{sync::Arc, time::Duration};

use kit_base::{Stop, Timestamp, outage::Outage};
use kit_rpc::span;
use tokio::time::{Interval, MissedTickBehavior};

use crate::{accounts, authority::Authority, error::Error, housekeeping, sessions};

/// How often revocations of other replicas are looked for.
const POLL: Duration = Duration::from_millis(250);
/// How far back a poll looks beyond the one before: what was written by then may have become visible later, by another clock.
const OVERLAP: Duration = Duration::from_secs(15);
/// How often the signing keys are looked at, at least.
const KEYS: Duration = Duration::from_secs(10);
/// How often what is of no use is removed.
const HOUSEKEEPING: Duration = Duration::from_secs(60);

/// Learns of the sessions that other replicas end.
pub(crate) async fn follow_revocations(authority: Arc<Authority>, stop: Stop) {
    let mut rounds = Rounds::new("revocations", POLL, stop);
    let mut seen = Timestamp::from_microseconds(0);
    while rounds.next().await {
        let began = authority.clock.now();
        let outcome = authority.learn_revocations(seen.minus(OVERLAP)).await;
        if outcome.is_ok() {
            seen = began;
        }
        rounds.note(outcome);
    }
}

/// Renews the signing keys, and takes over those that other replicas made.
pub(crate) async fn keep_keys(authority: Arc<Authority>, stop: Stop) {
    let mut rounds =
        Rounds::new("signing keys", KEYS.min(authority.config.key_rotation() / 8), stop);
    while rounds.next().await {
        rounds.note(span::job("signing keys".to_owned(), authority.renew_keys()).await);
    }
}

/// Removes what is of no use any more, notes the addresses that a release before stored, and counts the sessions.
pub(crate) async fn keep_house(authority: Arc<Authority>, stop: Stop) {
    housekeeping::start(&authority.clock);
    let mut rounds = Rounds::new("housekeeping", HOUSEKEEPING, stop.clone());
    while rounds.next().await {
        rounds.note(span::job("housekeeping".to_owned(), tidy(&authority, &stop)).await);
    }
}

async fn tidy(authority: &Authority, stop: &Stop) -> Result<(), Error> {
    let now = authority.clock.now();
    let noted = accounts::write::note_addresses(&authority.db).await;
    let swept = housekeeping::sweep(&authority.db, &authority.clock, stop).await;
    let counted = sessions::store::count(&authority.db, now).await;
    noted.and(swept).and(counted.map(sessions::metrics::active_sessions))
}

/// Ends the streams when no more requests are accepted: they would outlast the drain.
pub(crate) async fn end_streams(authority: Arc<Authority>, stop: Stop) {
    stop.cancelled().await;
    authority.trust.end.cancel();
}

/// The beat of a job, and whether it fails: that is said when it begins, now and again while it lasts, and when it is over.
struct Rounds {
    name: &'static str,
    ticks: Interval,
    stop: Stop,
    outage: Option<Outage>,
}

impl Rounds {
    fn new(name: &'static str, period: Duration, stop: Stop) -> Self {
        let mut ticks = tokio::time::interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { name, ticks, stop, outage: None }
    }

    /// Waits for the next round; false when it is time to stop.
    async fn next(&mut self) -> bool {
        self.stop.run_until_cancelled(self.ticks.tick()).await.is_some()
    }

    fn note(&mut self, outcome: Result<(), Error>) {
        let job = self.name;
        match outcome {
            Ok(()) => {
                if let Some(outage) = self.outage.take() {
                    let after_seconds = outage.lasted().as_secs();
                    tracing::info!(job, after_seconds, "a job works again");
                }
            }
            Err(error) if Outage::is_news(&mut self.outage) => {
                let cause =
                    std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                tracing::warn!(job, %error, cause, "a job fails and is tried again");
            }
            Err(_) => {}
        }
    }
}
