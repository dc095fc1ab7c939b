use std::{pin::Pin, sync::Arc, time::Duration, vec};

use futures_util::{Stream, StreamExt as _, stream};
use kit_base::{Timestamp, chance, page};
use kit_rpc::token;
use proto::auth::v1::{
    DeletedAccount, ListDeletedAccountsRequest, ListDeletedAccountsResponse, TrustUpdate,
    WatchTrustRequest, trust_service_server::TrustService,
};
use tokio::{
    sync::broadcast::error::RecvError,
    time::{Instant, Interval},
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{known::Updates, message::message, metrics::Follower};
use crate::{
    accounts::{self, rules::AccountId},
    authority::Authority,
    caller::Reply,
    error::Error,
    moment::moment,
};

/// How often a follower hears that there is nothing new.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How long a stream lives, so that followers spread over new replicas; less than a connection waits for it.
const LIFE: Duration = Duration::from_secs(30 * 60);

/// Deleted accounts in one answer.
const AT_ONCE: i64 = 500;

/// The trust service.
pub(crate) struct TrustStreams(pub(crate) Arc<Authority>);

#[tonic::async_trait]
impl TrustService for TrustStreams {
    type WatchTrustStream = Pin<Box<dyn Stream<Item = Result<TrustUpdate, Status>> + Send>>;

    async fn watch_trust(&self, _: Request<WatchTrustRequest>) -> Reply<Self::WatchTrustStream> {
        self.0.current().await?;
        let (known, updates) = self.0.trust.follow();
        let heartbeat = tokio::time::interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        let watch = Watch {
            authority: Arc::clone(&self.0),
            known: known.into_iter(),
            updates,
            heartbeat,
            until: Instant::now() + chance::near(LIFE),
            _follower: Follower::new(),
        };
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
    DeletedAccount { id: id.to_string(), deleted_at: Some(moment(deleted_at)) }
}

/// One follower.
struct Watch {
    authority: Arc<Authority>,
    /// What it has still to be told of all that was known.
    known: vec::IntoIter<token::TrustUpdate>,
    updates: Updates,
    heartbeat: Interval,
    until: Instant,
    _follower: Follower,
}

impl Watch {
    /// What is known, then what changed, nothing every 5 s, and the end when its life is over or this process ends.
    async fn next(&mut self) -> Option<token::TrustUpdate> {
        loop {
            if let Some(update) = self.known.next() {
                return Some(update);
            }
            let trust = &self.authority.trust;
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
