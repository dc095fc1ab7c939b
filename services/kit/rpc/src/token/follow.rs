//! How a service stays up to date about whom to believe.
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use kit_base::{Stop, outage::Outage};
use tonic::Status;

use super::{
    metrics,
    verifier::{TrustUpdate, Verifier},
};

/// An update, if only a heartbeat, comes every 5 s; after this long without one the stream is opened anew.
const SILENCE: Duration = Duration::from_secs(12);

/// Between two tries to follow; each is twice as long as the one before.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Keeps `verifier` up to date from a stream of updates, which `open` opens anew whenever it ends.
pub async fn follow<S, F>(verifier: &Verifier, stop: &Stop, open: impl Fn() -> F)
where
    S: Stream<Item = Result<TrustUpdate, Status>> + Unpin,
    F: Future<Output = Result<S, Status>>,
{
    verifier.tell_age();
    let mut pause = SHORTEST_PAUSE;
    let mut outage: Option<Outage> = None;
    while !stop.is_cancelled() {
        let updates = async {
            let mut updates = tokio::time::timeout(SILENCE, open())
                .await
                .map_err(|_| Status::unavailable("silence"))??;
            let mut began = false;
            while let Some(update) = tokio::time::timeout(SILENCE, updates.next())
                .await
                .map_err(|_| Status::unavailable("silence"))?
            {
                verifier.apply(update?);
                if !std::mem::replace(&mut began, true) {
                    metrics::fetched(true);
                }
                pause = SHORTEST_PAUSE;
                followed(&mut outage);
            }
            Ok::<(), Status>(())
        };
        tokio::select! {
            () = stop.cancelled() => return,
            ended = updates => if let Err(status) = ended {
                metrics::fetched(false);
                lost(outage.get_or_insert_with(Outage::begin), &status, &verifier.missed(&status), pause);
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
        }
    }
}

fn followed(outage: &mut Option<Outage>) {
    if let Some(outage) = outage.take() {
        let waited_seconds = outage.lasted().as_secs();
        tracing::info!(waited_seconds, "keys and revocations are followed again");
    }
}

/// Said while the pauses still grow: after that it is nothing new, and said now and again.
fn lost(outage: &mut Outage, status: &Status, fault: &str, pause: Duration) {
    if pause < LONGEST_PAUSE || outage.reminds() {
        let (code, waited_seconds) = (status.code(), outage.lasted().as_secs());
        tracing::warn!(?code, fault, waited_seconds, "keys and revocations cannot be followed");
    }
}

#[cfg(test)]
mod tests;
