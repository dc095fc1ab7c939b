//! What the edge answers when all went well.
mod moment;

use std::time::Duration;

use axum::{
    body::Bytes,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use kit_base::room::{Room, Turn};
use serde::Serialize;
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    condition::{Wanted, etag},
    edge::idempotency::REPLAYED,
    problem::Problem,
    shared::Gateway,
};

pub(crate) use moment::Moment;

/// What every handler gives.
pub(crate) type Reply = Result<Response, Problem>;

/// Something that has a version and a place of its own.
pub(crate) trait Resource: Serialize {
    /// Grows with each change.
    fn version(&self) -> i64;
    /// Its path.
    fn path(&self) -> String;
}

/// Marks an answer that holds a secret: it is not compressed (BREACH).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Confidential;

/// A resource that was read; 304 when the client has it already, 412 when it wants another version.
pub(crate) fn read<R: Resource + From<M>, M>(
    answer: tonic::Response<M>,
    wanted: &Wanted,
) -> Response {
    let resource = R::from(answer.into_inner());
    unless_had(etag(resource.version()), wanted, || json(&resource))
}

/// What `etag` stands for; 304 when the client has it already, in whatever encoding, 412 when it wants something else.
pub(crate) fn unless_had(
    etag: HeaderValue,
    wanted: &Wanted,
    write: impl FnOnce() -> Response,
) -> Response {
    let (mut response, etag) = match wanted.had(&etag) {
        Ok(Some(had)) => (StatusCode::NOT_MODIFIED.into_response(), had),
        Ok(None) => (write(), etag),
        Err(problem) => return problem.into_response(),
    };
    response.headers_mut().insert(header::ETAG, etag);
    response
}

/// A resource that was written.
pub(crate) fn written<R: Resource + From<M>, M>(answer: tonic::Response<M>) -> Response {
    respond(answer, |resource: &R| {
        let mut response = json(resource);
        response.headers_mut().insert(header::ETAG, etag(resource.version()));
        response
    })
}

/// A resource that was made.
pub(crate) fn created<R: Resource + From<M>, M>(answer: tonic::Response<M>) -> Response {
    respond(answer, |resource: &R| {
        let mut response = json(resource);
        *response.status_mut() = StatusCode::CREATED;
        let headers = response.headers_mut();
        headers.insert(header::ETAG, etag(resource.version()));
        headers
            .extend(HeaderValue::from_str(&resource.path()).map(|path| (header::LOCATION, path)));
        response
    })
}

/// Anything else that was asked for.
pub(crate) fn plain<R: Serialize + From<M>, M>(answer: tonic::Response<M>) -> Response {
    respond(answer, |body: &R| json(body))
}

/// Waits for a turn of the user's to read a page. Who takes what was read before too slowly is told so, and does not wait here in any
/// number: all who wait have places that others need.
pub(crate) async fn turn(gateway: &Gateway, user_id: Uuid) -> Result<Turn, Problem> {
    timeout(LONGEST_TURN, gateway.rooms.begin(user_id)).await.map_err(|_| {
        kit_process::metrics::load_shed("pages_of_user");
        let message =
            "so many of your lists are worked on, or wait for you to read them; try again soon";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_AT_ONCE", message)
    })
}

/// A page that was asked for. A large one keeps its turn, and room, until the client has taken it.
pub(crate) async fn page<R: Serialize + From<M>, M>(
    answer: tonic::Response<M>,
    gateway: &Gateway,
    user_id: Uuid,
    turn: Turn,
) -> Response {
    let bytes = serde_json::to_vec(&R::from(answer.into_inner())).expect("plain data");
    turn.was(bytes.len());
    if bytes.len() < LARGE {
        return written_as_json(bytes.into());
    }
    gateway.rates.takes(user_id, bytes.len());
    // Who reads slowly holds it for long: the others are told so, and do not wait here in any number.
    match timeout(PATIENCE, gateway.rooms.hold(turn, bytes.len())).await {
        Ok(room) => written_as_json(Bytes::from_owner(Held { bytes, _room: room })),
        Err(_) => {
            kit_process::metrics::load_shed("large_answers");
            let message = "too many large answers wait for their clients; try again soon";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "SHED", message).into_response()
        }
    }
}

/// How long a page waits for a turn.
const LONGEST_TURN: Duration = Duration::from_secs(1);
/// How long a large answer waits for room.
const PATIENCE: Duration = Duration::from_millis(300);

/// What is smaller than this, in bytes, is as good as taken: it fits into the buffers of a connection.
const LARGE: usize = 32 * 1024;

/// Bytes that are freed together with their room.
struct Held {
    bytes: Vec<u8>,
    _room: Room,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Done, and nothing to say about it.
pub(crate) fn done<M>(answer: tonic::Response<M>) -> Response {
    respond::<M, M>(answer, |_| StatusCode::NO_CONTENT.into_response())
}

/// A body of JSON.
pub(crate) fn json<T: Serialize>(body: &T) -> Response {
    written_as_json(serde_json::to_vec(body).expect("plain data").into())
}

fn written_as_json(bytes: Bytes) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], bytes).into_response()
}

fn respond<R: From<M>, M>(
    answer: tonic::Response<M>,
    write: impl FnOnce(&R) -> Response,
) -> Response {
    let (metadata, message, _) = answer.into_parts();
    let mut response = write(&R::from(message));
    if metadata.get(REPLAYED.as_str()).is_some_and(|replayed| replayed == "true") {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// The cursor of the next page; empty in the contracts when there is none.
pub(crate) fn next(cursor: String) -> Option<String> {
    Some(cursor).filter(|cursor| !cursor.is_empty())
}
