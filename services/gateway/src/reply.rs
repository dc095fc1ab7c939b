//! What the edge answers when all went well.
mod moment;

use std::io;

use axum::{
    body::Bytes,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use kit_base::room::Turn;
use serde::Serialize;

use crate::{
    condition::{Wanted, etag},
    edge::{
        holding::{self, LARGE},
        idempotency::REPLAYED,
    },
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

/// A page that was asked for. A large one is written when there is room for it.
pub(crate) async fn page<R: Serialize + From<M>, M>(
    gateway: &Gateway,
    answer: tonic::Response<M>,
    turn: Turn,
) -> Reply {
    let page = R::from(answer.into_inner());
    let mut beginning = Beginning::default();
    serde_json::to_writer(&mut beginning, &page).expect("plain data");
    let Beginning { bytes, size } = beginning;
    turn.was(size);
    if size < LARGE {
        return Ok(written_as_json(bytes.into()));
    }
    drop(bytes);
    let room = holding::room(gateway, turn, size).await?;
    Ok(holding::holding_room(json(&page), room))
}

/// What is written as long as it is not large, and how much it is in all.
#[derive(Default)]
struct Beginning {
    bytes: Vec<u8>,
    size: usize,
}

impl io::Write for Beginning {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.size += bytes.len();
        if self.size < LARGE {
            self.bytes.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Done, and nothing to say about it.
pub(crate) fn no_content<M>(answer: tonic::Response<M>) -> Response {
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
