//! The service as its peers call it: check the caller, parse, ask a rule, store, reply.
pub(crate) mod answer;
mod changes;
mod projects;
mod tasks;
mod trash;

use std::{sync::Arc, time::Duration};

use kit::{Caller, Clock, Db, Violation, error, request};
use prost::Message;
use quick_cache::sync::Cache;
use ring::digest::{SHA256, digest};
use tokio::time::Instant;
use tonic::{Code, Request, Response, Status};

use crate::{
    Error,
    command::Command,
    domain::{ScopeId, SessionId, UserId, event::Actor},
    feed::Feed,
    store::scopes,
    writer::{Done, Key, Write, Writer},
};

/// What every method needs.
#[derive(Clone)]
pub(crate) struct Rpc {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) writer: Writer,
    pub(crate) feed: Feed,
    /// Private scopes that are known to exist: they are never taken away.
    pub(crate) scopes: Arc<Cache<UserId, ScopeId>>,
}

type Reply<M> = Result<Response<M>, Status>;

/// For a write whose caller set no deadline.
const PATIENCE: Duration = Duration::from_secs(5);

impl Rpc {
    /// The scope that the caller may see, made at the first request.
    async fn scope<M>(&self, request: &Request<M>) -> Result<ScopeId, Status> {
        let actor = actor(request)?;
        if let Some(scope) = self.scopes.get(&actor.user_id) {
            return Ok(scope);
        }
        let user = actor.user_id;
        let scope = match scopes::of_user(&self.db, user).await? {
            Some(scope) => scope,
            None => scopes::create(&self.db, &self.clock, actor).await?,
        };
        self.scopes.insert(user, scope);
        Ok(scope)
    }

    /// Carries out what `parse` makes of a message.
    async fn write<M, R>(
        &self,
        method: &'static str,
        request: Request<M>,
        parse: impl FnOnce(M) -> Result<Command, Error>,
    ) -> Reply<R>
    where
        M: Message,
        R: Message + Default,
    {
        let (scope, actor) = (self.scope(&request).await?, actor(&request)?);
        let key = key(method, &request)?;
        let deadline = request::with_current(|context| context.deadline)
            .unwrap_or_else(|| Instant::now() + PATIENCE);
        let command = parse(request.into_inner())?;
        let Done { reply, replayed } =
            self.writer.submit(scope, Write { actor, key, command, deadline }).await?;
        let reply = R::decode(reply.as_slice())
            .map_err(|_| Status::internal("a reply of another release"))?;
        let mut response = Response::new(reply);
        if replayed {
            response.metadata_mut().insert(
                "idempotency-replayed",
                tonic::metadata::MetadataValue::from_static("true"),
            );
        }
        Ok(response)
    }
}

/// Who asks, and as part of which request.
fn actor<M>(request: &Request<M>) -> Result<Actor, Status> {
    let Caller { user_id, session_id } = Caller::of(request)?;
    let context = request::with_current(|context| {
        (context.request_id.to_string(), context.trace.trace_id_hex())
    });
    let (request_id, trace_id) = context.unwrap_or_default();
    Ok(Actor { user_id: UserId(user_id), session_id: SessionId(session_id), request_id, trace_id })
}

/// The idempotency key of a write, with what tells this write from others.
fn key<M: Message>(method: &'static str, request: &Request<M>) -> Result<Option<Key>, Status> {
    let Some(key) = request.metadata().get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| (1..=128).contains(&key.len()));
    let key = key.ok_or_else(|| {
        error::refuse(Code::InvalidArgument, "INVALID_IDEMPOTENCY_KEY", "1 to 128 ASCII characters")
    })?;
    let mut message = method.as_bytes().to_vec();
    message.push(0);
    request.get_ref().encode(&mut message).map_err(|_| Status::internal("a vector grows"))?;
    Ok(Some(Key { key: key.to_owned(), fingerprint: digest(&SHA256, &message).as_ref().to_vec() }))
}

/// An id that a path names; one that is none names nothing.
fn id<T: std::str::FromStr>(text: &str, missing: Error) -> Result<T, Error> {
    text.parse().map_err(|_| missing)
}

/// An id that a field names.
fn field_id<T: std::str::FromStr>(
    field: &str,
    text: Option<&String>,
    faults: &mut Vec<Violation>,
) -> Option<T> {
    let parsed = text?.parse().ok();
    if parsed.is_none() {
        faults.push(Violation::new(field, "ID", "a UUID"));
    }
    parsed
}

/// An id of the client's choice: a UUIDv7 (RFC 9562).
fn chosen_id(text: Option<&String>, faults: &mut Vec<Violation>) -> Option<uuid::Uuid> {
    let id = field_id::<uuid::Uuid>("id", text, faults)?;
    if id.get_version_num() != 7 {
        faults.push(Violation::new("id", "ID", "a UUID of version 7, or leave it out"));
    }
    Some(id)
}

/// Goes on where nothing speaks against it.
fn acceptable(faults: Vec<Violation>) -> Result<(), Error> {
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

fn moment(moment: kit::Timestamp) -> prost_types::Timestamp {
    let (seconds, nanos) = moment.to_proto();
    prost_types::Timestamp { seconds, nanos }
}
