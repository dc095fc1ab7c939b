//! The change feed and the activity, as peers ask for them.
use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::Stream;
use kit_base::{
    Fault as _, chance, page,
    room::{Room, Rooms},
};
use kit_rpc::Services;
use proto::tasks::v1::{
    ChangeBatch, ChangeServicePeer, ListActivityRequest, ListActivityResponse, ListChangesRequest,
    ListChangesResponse, WatchChangesRequest, change_service_server::ChangeService,
};
use tokio::{
    sync::{mpsc, watch},
    time::{sleep, timeout},
};
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
    rpc::{Reply, Rpc, Wanted},
};

/// The longest wait of a long poll.
const LONGEST_WAIT: Duration = Duration::from_secs(WAIT_SECONDS);
/// A watcher that has nothing to see gets a bookmark this often.
const BOOKMARK: Duration = Duration::from_secs(10);
/// Batches that may wait for a slow watcher.
const BATCHES: usize = 1;
/// For so long, or nobody watches there.
const UNTAKEN: Duration = Duration::from_secs(30);

/// Changes for a watcher, with their room.
type Batch = Result<(ChangeBatch, Room), Status>;

/// What a watcher takes.
struct Batches {
    watcher: mpsc::Receiver<Batch>,
    /// Of the batch that was taken last. Until the next one is asked for it may not be sent yet.
    room: Option<Room>,
    /// Whether the next one was asked for already, of which the first time says nothing.
    is_asked: bool,
}

impl Stream for Batches {
    type Item = Result<ChangeBatch, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // tonic asks at once for more to write behind what is small, and hands that over when nothing comes.
        if self.room.is_some() && !mem::replace(&mut self.is_asked, true) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        (self.room, self.is_asked) = (None, false);
        let batch = ready!(self.watcher.poll_recv(cx));
        Poll::Ready(batch.map(|batch| {
            batch.map(|(batch, room)| {
                self.room = Some(room);
                batch
            })
        }))
    }
}

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
        let mut found = self.changes_after(&self.rooms, scope, after, limit).await?;
        if found.0.is_empty() && !wait.is_zero() {
            // Who waits has no room that others need.
            drop(found);
            let mut last = self.feed.watch(scope).map_err(Error::from)?;
            _ = timeout(wait, self.wait_for_change(&mut last, after)).await;
            drop(last);
            found = self.changes_after(&self.rooms, scope, after, limit).await?;
        }
        let (changes, limit, _room) = found;
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
        let last = self.feed.watch(scope).map_err(Error::from)?;
        drop(self.changes_after(&self.rooms, scope, after, 1).await?);
        let (batches, watcher) = mpsc::channel(BATCHES);
        let rpc = self.clone();
        kit_base::work::detach(async move {
            tokio::select! {
                // In this order: the stop also wakes the sender, which would begin another batch.
                biased;
                () = rpc.feed.closed().cancelled() => {}
                () = batches.closed() => {}
                () = rpc.send_changes((scope, last), after, &batches) => {}
            }
        });
        Ok(Response::new(Box::pin(Batches { watcher, room: None, is_asked: false })))
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
            async |apart, rows| store::changes_before(&self.db, scope, before, rows, apart).await;
        let (changes, limit, _room) = self
            .page(Wanted { rooms: &self.rooms, scope, long: false, limit }, Change::bytes, read)
            .await?;
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
    async fn wait_for_change(&self, last: &mut watch::Receiver<i64>, after: i64) {
        tokio::select! {
            () = self.feed.closed().cancelled() => {}
            _ = last.wait_for(|last| *last > after) => {}
        }
    }

    /// At most `limit` changes after `after`, and the one behind them, as [`Rpc::page`] gives them. The journal has no gaps: where one shows,
    /// or the cursor lies ahead, what it stood for is no longer kept.
    async fn changes_after(
        &self,
        rooms: &Rooms,
        scope: ScopeId,
        after: i64,
        limit: i64,
    ) -> Result<(Vec<Change>, i64, Room), Error> {
        let page = async || {
            let read =
                async |apart, rows| store::changes_after(&self.db, scope, after, rows, apart).await;
            self.page(Wanted { rooms, scope, long: false, limit }, Change::bytes, read).await
        };
        let (mut changes, mut limit, mut room) = page().await?;
        if changes.is_empty() && after > 0 && self.sequence(scope).await? != after {
            // Something was written between the two reads, unless it is still not there to be read.
            drop(room);
            (changes, limit, room) = page().await?;
            if changes.is_empty() {
                return Err(error::Error::CursorExpired.into());
            }
        }
        match changes.first() {
            Some(first) if after > 0 && first.sequence > after + 1 => {
                Err(error::Error::CursorExpired.into())
            }
            _ => Ok((changes, limit, room)),
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
        (scope, mut last): (ScopeId, watch::Receiver<i64>),
        mut after: i64,
        batches: &mpsc::Sender<Batch>,
    ) {
        let limit = page::MAX_LIMIT;
        // Nothing is read for a watcher who has not taken the batch before, and nobody is waited for for ever.
        while let Ok(Ok(place)) = timeout(UNTAKEN, batches.reserve()).await {
            let found = self.changes_after(&self.watching, scope, after, limit).await;
            if let Err(busy @ Error::Refused(_)) = &found
                && let Some(again) = busy.retry_after()
            {
                // No client waits for an answer: what others read first comes to its watcher later.
                sleep(chance::around(again)).await;
                continue;
            }
            let batch = match found {
                Ok((changes, limit, room)) => {
                    // Where they do not fit into one batch, the rest is there already: nobody waits for it.
                    let (changes, _) = page::cut(changes, limit, Change::bytes, |_| String::new());
                    after = changes.last().map_or(after, |change| change.sequence);
                    // It is room for what was found.
                    let size = changes.iter().map(Change::bytes).sum();
                    let room = self.watching.fit(room, size).await;
                    let changes = changes.into_iter().map(Into::into).collect();
                    let batch = ChangeBatch { changes, cursor: cursor(scope, after) };
                    Ok((batch, room))
                }
                Err(error) => Err(error.into()),
            };
            let failed = batch.is_err();
            place.send(batch);
            if failed {
                return;
            }
            _ = timeout(BOOKMARK, self.wait_for_change(&mut last, after)).await;
        }
    }
}

#[cfg(test)]
mod tests;
