//! The service as its peers call it: check the caller, parse, ask a rule, store, reply. What a resource answers stands in its
//! folder; here is what all of them share.
use std::{future::ready, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use kit_base::{
    Clock, Violation,
    metrics::CacheRequests,
    page, request,
    room::{Room, Rooms},
};
use kit_db::Db;
use kit_rpc::{Caller, idempotency, only_validates, token::Verifier};
use prost::Message;
use quick_cache::sync::Cache;
use ring::digest::{SHA256, digest};
use tokio::time::Instant;
use tonic::{Request, Response, Status};

use crate::{
    Error, access,
    ids::{ScopeId, SessionId, UserId},
    journal::{
        bounds::Bounds,
        change::Actor,
        command::Command,
        feed::Feed,
        writer::{
            Writer,
            submission::{Done, Key, Submission},
        },
    },
    projects,
    searches::{Kind, Searches},
    tasks,
};

/// What every method needs.
#[derive(Clone)]
pub(crate) struct Rpc {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    /// What the tokens of callers are checked by.
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) writer: Writer,
    pub(crate) bounds: Arc<Bounds>,
    pub(crate) feed: Feed,
    pub(crate) tasks: tasks::store::Lookup,
    pub(crate) searches: Arc<Searches>,
    /// For pages, by scope.
    pub(crate) rooms: Arc<Rooms>,
    /// For the batches that wait for those who watch, by scope.
    pub(crate) watching: Arc<Rooms>,
    pub(crate) projects: projects::store::Lookup,
    /// Private scopes that are known to exist. One that was erased by another replica may be among them: a write finds out.
    pub(crate) scopes: Arc<Cache<UserId, ScopeId>>,
    pub(crate) scope_requests: CacheRequests,
}

/// A page that is asked for.
pub(crate) struct Wanted<'a> {
    pub(crate) rooms: &'a Rooms,
    pub(crate) scope: ScopeId,
    /// Whether it may take long.
    pub(crate) long: bool,
    /// The most items.
    pub(crate) limit: i64,
}

/// What a method gives.
pub(crate) type Reply<M> = Result<Response<M>, Status>;

/// A page asks for no fewer rows than these, or as many as are wanted: with the largest there are, 2 MiB.
const LEAST_ROWS: i64 = 32;

/// For a write whose caller set no deadline.
const PATIENCE: Duration = Duration::from_secs(5);

impl Rpc {
    /// Reads a page in its scope's turn, with room for what it may hold: on the connections for searches where it may take `long`, or
    /// pages are likely to be large there. It may have fewer items than are wanted, where rows are large: `read` is told how many rows to
    /// ask for, and what this gives how many items a page is to be cut to. The room is to be kept as long as the page.
    pub(crate) async fn page<T>(
        &self,
        Wanted { rooms, scope, long, limit }: Wanted<'_>,
        bytes: fn(&T) -> usize,
        read: impl AsyncFnOnce(bool, i64) -> Result<Vec<T>, Error>,
    ) -> Result<(Vec<T>, i64, Room), Error> {
        // Who has all its room taken waits here, and in no place that others need.
        let turn = rooms.begin(scope, scope).await;
        // The database sends all that it is asked for, whether or not it fits into the page.
        let fitting = |bytes| i64::try_from(turn.rows_within(bytes)).unwrap_or(i64::MAX);
        let limit = limit.min(fitting(2 * page::MAX_BYTES).max(LEAST_ROWS));
        // One row is what a read by key gives, which nobody waits with.
        let large = limit > fitting(page::LARGE) || limit > 1 && turn.expects(page::LARGE);
        let kind = if long { Some(Kind::Search) } else { large.then_some(Kind::Page) };
        let search = match kind {
            Some(kind) => Some(self.searches.begin(scope, kind).await?),
            None => None,
        };
        let apart = search.is_some();
        let reserved = rooms.reserve(turn, page::MAX_BYTES);
        let (search, room) = match search {
            None => (None, reserved.await),
            // Others wait for its place: nobody keeps it who has to wait.
            Some(search) => match reserved.now_or_never() {
                Some(room) => (Some(search), room),
                None => return Err(search.leave().into()),
            },
        };
        let found = read(apart, limit + 1).await?;
        if let Some(search) = search {
            search.end();
        }
        let size = found.iter().map(bytes).sum();
        room.was(size, found.len());
        // What is read is held once; messages and bytes are made of it when there is room for those, too.
        let room = rooms.fit(room, size).await;
        Ok((found, limit, room))
    }

    /// The scope that the caller may see, made at the first request.
    pub(crate) async fn scope<M>(&self, request: &Request<M>) -> Result<ScopeId, Status> {
        let user = UserId(Caller::from_request(request)?.user_id);
        if let Some(scope) = self.scope_requests.count(self.scopes.get(&user)) {
            return Ok(scope);
        }
        let scope = match access::store::private_scope(&self.db, user).await? {
            Some(scope) => scope,
            None => self.begin_scope(actor(request)?).await?,
        };
        self.scopes.insert(user, scope);
        Ok(scope)
    }

    async fn begin_scope(&self, actor: Actor) -> Result<ScopeId, Error> {
        let scope = access::store::create(&self.db, &self.clock, actor.user_id).await?;
        let command = Box::new(projects::write::Write::CreateInbox);
        let inbox = Submission { actor, key: None, command, bytes: 0, deadline: deadline() };
        self.writer.submit(scope, inbox).await?;
        Ok(scope)
    }

    /// Carries out what `parse` makes of a message.
    pub(crate) async fn write<M, R, C>(
        &self,
        method: &'static str,
        request: Request<M>,
        parse: impl FnOnce(M) -> Result<C, Error>,
    ) -> Reply<R>
    where
        M: Message,
        R: Message + Default + 'static,
        C: Command + 'static,
    {
        self.write_with(method, request, parse, |_| ready(Ok(vec![]))).await
    }

    /// The same for a message that names other things: where it is refused all the same, or may write nothing, `others` tells what is
    /// wrong with them in the scope. A write finds that out itself.
    pub(crate) async fn write_with<M, R, C, F>(
        &self,
        method: &'static str,
        request: Request<M>,
        parse: impl FnOnce(M) -> Result<C, Error>,
        others: impl FnOnce(ScopeId) -> F,
    ) -> Reply<R>
    where
        M: Message,
        R: Message + Default + 'static,
        C: Command + 'static,
        F: Future<Output = Result<Vec<Violation>, Error>>,
    {
        let (scope, actor) = (self.scope(&request).await?, actor(&request)?);
        self.verifier.heard_lately().map_err(|stale| kit_base::status(&stale))?;
        let key = key(method, &request)?;
        let (only_validate, bytes) = (only_validates(&request), request.get_ref().encoded_len());
        let command = match parse(request.into_inner()) {
            Ok(command) if !only_validate => Box::new(command),
            Ok(_) => return Err(Error::Invalid(others(scope).await?).into()),
            // It is refused whether or not the others can be looked at.
            Err(Error::Invalid(faults)) => {
                return Err(with_others(faults, others(scope).await.unwrap_or_default()).into());
            }
            Err(error) => return Err(error.into()),
        };
        let user = actor.user_id;
        let write = Submission { actor, key, command, bytes, deadline: deadline() };
        let done = self.writer.submit(scope, write).await;
        if done.as_ref().is_err_and(Error::is_erased) {
            self.scopes.remove(&user);
        }
        match done? {
            Done::Fresh(message) => {
                let message = message.downcast().map_err(|_| Status::internal("another reply"))?;
                Ok(Response::new(*message))
            }
            Done::Replayed(encoded) => idempotency::replayed(&encoded),
        }
    }
}

/// A refusal for both, each field of the others told where it is not told already.
fn with_others(mut faults: Vec<Violation>, others: Vec<Violation>) -> Error {
    let is_news = |other: &Violation| faults.iter().all(|told| told.field != other.field);
    let news: Vec<_> = others.into_iter().filter(is_news).collect();
    faults.extend(news);
    Error::Invalid(faults)
}

/// Until when the current request is waited for.
fn deadline() -> Instant {
    request::with_current(|context| context.deadline).unwrap_or_else(|| Instant::now() + PATIENCE)
}

/// Who asks, and as part of which request.
fn actor<M>(request: &Request<M>) -> Result<Actor, Status> {
    let Caller { user_id, session_id } = Caller::from_request(request)?;
    let context = request::with_current(|context| {
        (context.request_id.to_string(), context.trace.trace_id_hex())
    });
    let (request_id, trace_id) = context.unwrap_or_default();
    Ok(Actor { user_id: UserId(user_id), session_id: SessionId(session_id), request_id, trace_id })
}

/// The idempotency key of a write, with what tells this write from others.
fn key<M: Message>(method: &'static str, request: &Request<M>) -> Result<Option<Key>, Status> {
    let Some(key) = idempotency::key(request)? else { return Ok(None) };
    let mut message = method.as_bytes().to_vec();
    message.push(0);
    request.get_ref().encode(&mut message).map_err(|_| Status::internal("a vector grows"))?;
    Ok(Some(Key { key: key.to_owned(), fingerprint: digest(&SHA256, &message).as_ref().to_vec() }))
}

#[cfg(test)]
mod tests;
