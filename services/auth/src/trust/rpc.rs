use std::{pin::Pin, sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt as _, stream};
use kit_rpc::token;
use proto::auth::v1::{TrustUpdate, WatchTrustRequest, trust_service_server::TrustService};
use tokio::{
    sync::broadcast::error::RecvError,
    time::{Instant, Interval},
};
use tonic::{Request, Response, Status};

use super::{known::Updates, message::message, metrics::Follower};
use crate::{authority::Authority, caller::Reply};

/// How often a follower hears that there is nothing new.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// The trust service.
pub(crate) struct TrustStreams(pub(crate) Arc<Authority>);

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
