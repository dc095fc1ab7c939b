use std::{pin::Pin, sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt as _, stream};
use kit::token;
use proto::auth::v1::{
    Revocation, SigningKey, TrustUpdate, WatchTrustRequest, trust_service_server::TrustService,
};
use tokio::{
    sync::broadcast::error::RecvError,
    time::{Instant, Interval},
};
use tonic::{Request, Response, Status};

use super::{Reply, moment};
use crate::{authority::Authority, metrics::Follower, trust::Updates};

/// How often a follower hears that there is nothing new.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// The trust service.
pub(super) struct TrustStreams(pub(super) Arc<Authority>);

#[tonic::async_trait]
impl TrustService for TrustStreams {
    type WatchTrustStream = Pin<Box<dyn Stream<Item = Result<TrustUpdate, Status>> + Send>>;

    async fn watch_trust(&self, _: Request<WatchTrustRequest>) -> Reply<Self::WatchTrustStream> {
        self.0.ready().await?;
        let (snapshot, updates) = self.0.trust.follow();
        let heartbeat = tokio::time::interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        let watch = Watch {
            authority: Arc::clone(&self.0),
            updates,
            heartbeat,
            _follower: Follower::new(),
        };
        let updates = stream::unfold(watch, |mut watch| async move {
            watch.next().await.map(|update| (update, watch))
        });
        Ok(Response::new(
            stream::iter([snapshot]).chain(updates).map(|update| Ok(message(update))).boxed(),
        ))
    }
}

/// One follower.
struct Watch {
    authority: Arc<Authority>,
    updates: Updates,
    heartbeat: Interval,
    _follower: Follower,
}

impl Watch {
    /// What changed, nothing every 5 s, and the end when this process ends.
    async fn next(&mut self) -> Option<token::TrustUpdate> {
        tokio::select! {
            biased;
            () = self.authority.trust.end.cancelled() => None,
            update = self.updates.recv() => match update {
                Ok(update) => Some(update),
                Err(RecvError::Lagged(_)) => {
                    let (snapshot, updates) = self.authority.trust.follow();
                    self.updates = updates;
                    Some(snapshot)
                }
                Err(RecvError::Closed) => None,
            },
            _ = self.heartbeat.tick() => Some(token::TrustUpdate::default()),
        }
    }
}

fn message(update: token::TrustUpdate) -> TrustUpdate {
    let token::TrustUpdate { snapshot, keys, revocations } = update;
    let key = |token::PublicKey { id, bytes }| SigningKey { id, public_key: bytes.to_vec() };
    let revocation = |token::Revocation { session_id, until }| Revocation {
        session_id: session_id.to_string(),
        until: Some(moment(until)),
    };
    TrustUpdate {
        snapshot,
        keys: keys.into_iter().map(key).collect(),
        revocations: revocations.into_iter().map(revocation).collect(),
    }
}
