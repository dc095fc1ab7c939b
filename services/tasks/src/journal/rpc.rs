//! The change feed and the activity, as peers ask for them.
use std::time::Duration;

use kit_base::page;
use kit_rpc::Services;
use proto::tasks::v1::{
    ChangeBatch, ChangeServicePeer, ListActivityRequest, ListActivityResponse, ListChangesRequest,
    ListChangesResponse, WatchChangesRequest, change_service_server::ChangeService,
};
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, codegen::BoxStream};

use super::{
    change::Change,
    error,
    message::{cursor, position},
    store,
};
use crate::{
    Error, access,
    ids::ScopeId,
    limits::WAIT_SECONDS,
    rpc::{Reply, Rpc},
};

/// The longest wait of a long poll.
const LONGEST_WAIT: Duration = Duration::from_secs(WAIT_SECONDS);
/// A watcher that has nothing to see gets a bookmark this often.
const BOOKMARK: Duration = Duration::from_secs(10);
/// Batches that may wait for a slow watcher.
const BATCHES: usize = 1;

/// Serves both.
pub(crate) fn serve(rpc: Rpc, services: Services) -> Services {
    ChangeServicePeer::serve(services, rpc)
}

#[tonic::async_trait]
impl ChangeService for Rpc {
    async fn list_changes(
        &self,
        request: Request<ListChangesRequest>,
    ) -> Reply<ListChangesResponse> {
        let scope = self.scope(&request).await?;
        let ListChangesRequest { cursor: from, limit, wait_milliseconds } = request.into_inner();
        let wait =
            Duration::from_millis(u64::try_from(wait_milliseconds).unwrap_or(0)).min(LONGEST_WAIT);
        let (limit, after) =
            (page::limit(limit).map_err(Error::from)?, position(scope, &from)?.unwrap_or(0));
        let mut changes = self.changes_after(scope, after, limit + 1).await?;
        if changes.is_empty() && !wait.is_zero() {
            _ = timeout(wait, self.wait_for_change(scope, after)).await;
            changes = self.changes_after(scope, after, limit + 1).await?;
        }
        let (changes, more) = page::cut(changes, limit, Change::bytes, |_| "more".to_owned());
        let last = changes.last().map_or(after, |change| change.sequence);
        let changes = changes.into_iter().map(Into::into).collect();
        Ok(Response::new(ListChangesResponse {
            changes,
            next_cursor: cursor(scope, last),
            has_more: !more.is_empty(),
        }))
    }

    type WatchChangesStream = BoxStream<ChangeBatch>;

    async fn watch_changes(
        &self,
        request: Request<WatchChangesRequest>,
    ) -> Reply<Self::WatchChangesStream> {
        let scope = self.scope(&request).await?;
        let after = match position(scope, &request.get_ref().cursor)? {
            Some(after) => after,
            None => self.sequence(scope).await?,
        };
        self.changes_after(scope, after, 1).await?;
        let (batches, watcher) = mpsc::channel(BATCHES);
        let rpc = self.clone();
        kit_base::work::detach(async move {
            tokio::select! {
                // In this order: the stop also wakes the sender, which would begin another batch.
                biased;
                () = rpc.feed.closed().cancelled() => {}
                () = batches.closed() => {}
                () = rpc.send_changes(scope, after, &batches) => {}
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(watcher))))
    }

    async fn list_activity(
        &self,
        request: Request<ListActivityRequest>,
    ) -> Reply<ListActivityResponse> {
        let scope = self.scope(&request).await?;
        let ListActivityRequest { limit, cursor } = request.into_inner();
        let limit = page::limit(limit).map_err(Error::from)?;
        let before =
            page::decode::<i64>("activity", &cursor).map_err(Error::from)?.unwrap_or(i64::MAX);
        let read =
            async |apart| store::changes_before(&self.db, scope, before, limit + 1, apart).await;
        let (changes, _room) = self.page(scope, false, Change::bytes, read).await?;
        let (changes, next_cursor) = page::cut(changes, limit, Change::bytes, |last| {
            page::encode("activity", &last.sequence)
        });
        Ok(Response::new(ListActivityResponse {
            changes: changes.into_iter().map(Into::into).collect(),
            next_cursor,
        }))
    }
}

impl Rpc {
    /// Returns when there is something after `after`, or nothing more will come.
    async fn wait_for_change(&self, scope: ScopeId, after: i64) {
        let mut last = self.feed.watch(scope);
        tokio::select! {
            () = self.feed.closed().cancelled() => {}
            _ = last.wait_for(|last| *last > after) => {}
        }
    }

    /// The changes after `after`. The journal has no gaps: where one shows, or the cursor lies ahead, what it stood for is no longer kept.
    async fn changes_after(
        &self,
        scope: ScopeId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Change>, Error> {
        let mut were_large = false;
        let read = async |apart| {
            were_large = apart;
            store::changes_after(&self.db, scope, after, limit, apart).await
        };
        let (changes, _room) = self.page(scope, false, Change::bytes, read).await?;
        match changes.first() {
            Some(first) if after > 0 && first.sequence > after + 1 => {
                Err(error::Error::CursorExpired.into())
            }
            None if after > 0 && self.sequence(scope).await? != after => {
                // Something was written between the two reads, unless it is still not there to be read.
                let changes =
                    store::changes_after(&self.db, scope, after, limit, were_large).await?;
                if changes.first().is_some_and(|first| first.sequence == after + 1) {
                    Ok(changes)
                } else {
                    Err(error::Error::CursorExpired.into())
                }
            }
            _ => Ok(changes),
        }
    }

    async fn sequence(&self, scope: ScopeId) -> Result<i64, Error> {
        Ok(access::store::sequences(&self.db, &[scope])
            .await?
            .first()
            .map_or(0, |(_, sequence)| *sequence))
    }

    /// Sends what comes, until the watcher is gone or the database is.
    async fn send_changes(
        &self,
        scope: ScopeId,
        mut after: i64,
        batches: &mpsc::Sender<Result<ChangeBatch, Status>>,
    ) {
        let limit = page::MAX_LIMIT;
        // Nothing is read for a watcher who has not taken the batch before.
        while let Ok(place) = batches.reserve().await {
            let batch = match self.changes_after(scope, after, limit).await {
                Ok(changes) => {
                    // Where they do not fit into one batch, the rest is there already: nobody waits for it.
                    let (changes, _) = page::cut(changes, limit, Change::bytes, |_| String::new());
                    after = changes.last().map_or(after, |change| change.sequence);
                    Ok(ChangeBatch {
                        changes: changes.into_iter().map(Into::into).collect(),
                        cursor: cursor(scope, after),
                    })
                }
                Err(error) => Err(error.into()),
            };
            let failed = batch.is_err();
            place.send(batch);
            if failed {
                return;
            }
            _ = timeout(BOOKMARK, self.wait_for_change(scope, after)).await;
        }
    }
}
