use std::{sync::Arc, time::Duration, vec};

use futures_util::{StreamExt as _, stream};
use kit_base::{Timestamp, chance, page};
use kit_rpc::{Services, token};
use proto::auth::v1::{
    DeletedAccount, ListDeletedAccountsRequest, ListDeletedAccountsResponse, TrustServicePeer,
    TrustUpdate, WatchTrustRequest, trust_service_server::TrustService,
};
use tokio::{
    sync::broadcast::error::RecvError,
    time::{Instant, Interval},
};
use tonic::{Request, Response, codegen::BoxStream};
use uuid::Uuid;

use super::{
    known::{Trust, Updates},
    message::message,
    metrics::Follower,
};
use crate::{accounts, authority::Authority, caller::Reply, error::Error, ids::AccountId};

/// How often a follower hears that there is nothing new.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How long a stream lives, so that followers spread over new replicas; less than a connection waits for it.
const LIFE: Duration = Duration::from_secs(30 * 60);

/// Deleted accounts in one answer.
const AT_ONCE: i64 = 500;

/// The trust service.
struct TrustStreams(Arc<Authority>);

/// Serves it.
pub(crate) fn serve(authority: &Arc<Authority>, services: Services) -> Services {
    TrustServicePeer::serve(services, TrustStreams(Arc::clone(authority)))
}

#[tonic::async_trait]
impl TrustService for TrustStreams {
    type WatchTrustStream = BoxStream<TrustUpdate>;

    async fn watch_trust(&self, _: Request<WatchTrustRequest>) -> Reply<Self::WatchTrustStream> {
        self.0.current().await?;
        let watch = Watch::new(&self.0.trust);
        let updates = stream::unfold(watch, |mut watch| async move {
            watch.next().await.map(|update| (update, watch))
        });
        Ok(Response::new(updates.map(|update| Ok(message(update))).boxed()))
    }

    async fn list_deleted_accounts(
        &self,
        request: Request<ListDeletedAccountsRequest>,
    ) -> Reply<ListDeletedAccountsResponse> {
        self.0.ready().await?;
        let ListDeletedAccountsRequest { since, cursor } = request.into_inner();
        let beginning = Timestamp::from_microseconds(0);
        let since =
            since.map_or(beginning, |since| Timestamp::from_proto(since.seconds, since.nanos));
        let last: Option<(i64, Uuid)> = page::decode("deleted", &cursor).map_err(Error::from)?;
        let (at, id) = last.unwrap_or_default();
        let last = (Timestamp::from_microseconds(at), AccountId(id));
        let found = accounts::store::deleted(&self.0.db, since, last, AT_ONCE + 1).await?;
        let (found, next_cursor) = page::cut(
            found,
            AT_ONCE,
            |_| 64,
            |(id, at)| page::encode("deleted", &(at.as_microseconds(), id.0)),
        );
        let accounts = found.into_iter().map(deletion).collect();
        Ok(Response::new(ListDeletedAccountsResponse { accounts, next_cursor }))
    }
}

fn deletion((id, deleted_at): (AccountId, Timestamp)) -> DeletedAccount {
    DeletedAccount { id: id.to_string(), deleted_at: Some(proto::moment(deleted_at)) }
}

/// One follower.
struct Watch {
    trust: Arc<Trust>,
    /// What it has still to be told of all that was known.
    known: vec::IntoIter<token::TrustUpdate>,
    updates: Updates,
    heartbeat: Interval,
    until: Instant,
    _follower: Follower,
}

impl Watch {
    fn new(trust: &Arc<Trust>) -> Self {
        let (known, updates) = trust.follow();
        Self {
            trust: Arc::clone(trust),
            known: known.into_iter(),
            updates,
            heartbeat: tokio::time::interval_at(Instant::now() + HEARTBEAT, HEARTBEAT),
            until: Instant::now() + chance::near(LIFE),
            _follower: Follower::new(),
        }
    }

    /// What is known, then what changed, nothing every 5 s, and the end when its life is over or this process ends.
    async fn next(&mut self) -> Option<token::TrustUpdate> {
        loop {
            if let Some(update) = self.known.next() {
                return Some(update);
            }
            let trust = &self.trust;
            tokio::select! {
                biased;
                () = trust.end.cancelled() => return None,
                () = tokio::time::sleep_until(self.until) => return None,
                update = self.updates.recv() => match update {
                    Ok(update) => {
                        // Who hears of one end takes it that all are told: after this one it asks a replica that knows.
                        if !trust.is_current() {
                            self.until = Instant::now();
                        }
                        return Some(update);
                    }
                    Err(RecvError::Lagged(_)) => {
                        let (known, updates) = trust.follow();
                        (self.known, self.updates) = (known.into_iter(), updates);
                    }
                    Err(RecvError::Closed) => return None,
                },
                _ = self.heartbeat.tick() => if trust.is_current() {
                    return Some(token::TrustUpdate::default());
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kit_base::Clock;
    use kit_rpc::token::Revocation;

    use super::*;

    /// The sessions that an update tells of, by number.
    fn ended(update: &token::TrustUpdate) -> Vec<u128> {
        update.revocations.iter().map(|ended| ended.session_id.as_u128()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn who_hears_of_an_end_from_a_replica_that_knows_no_others_is_sent_away_behind_it() {
        let clock = Clock::fixed(Timestamp::from_seconds(1_800_000_000));
        let (trust, now) = (Arc::new(Trust::new(&clock)), clock.now());
        let until = now.plus(Duration::from_secs(600));
        let ends = |number| vec![Revocation { session_id: Uuid::from_u128(number), until }];
        trust.learn(vec![], now);
        let mut watch = Watch::new(&trust);
        assert!(watch.next().await.is_some(), "what is known");
        trust.revoke(ends(1), now);
        assert_eq!(watch.next().await.as_ref().map(ended), Some(vec![1]));
        trust.revoke(ends(2), now);
        assert_eq!(watch.next().await.as_ref().map(ended), Some(vec![2]), "it goes on");

        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(!trust.is_current());
        trust.revoke(ends(3), now);
        trust.revoke(ends(4), now);
        assert_eq!(watch.next().await.as_ref().map(ended), Some(vec![3]));
        assert!(watch.next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_follower_is_sent_away_after_its_life_give_or_take_a_tenth() {
        let trust = Arc::new(Trust::new(&Clock::fixed(Timestamp::from_seconds(1_800_000_000))));
        let (mut watch, began) = (Watch::new(&trust), Instant::now());
        while watch.next().await.is_some() {}
        let lived = began.elapsed().as_secs_f64() / LIFE.as_secs_f64();
        assert!((0.9..1.1).contains(&lived), "{lived} of its life");
    }
}
