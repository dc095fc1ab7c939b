use std::sync::Arc;

use axum::{
    extract::{FromRequest, Request},
    http::StatusCode,
};
use kit_rpc::VALIDATE_ONLY;
use tonic::metadata::MetadataValue;

use super::{
    arrival::{bytes, expect_json},
    object::{Faults, Fields, Read},
    tree::Tree,
};
use crate::{
    edge::{user::Drafts, visit::Visit},
    problem::{Fault, Problem},
    shared::Shared,
};

/// A body of `application/json`, or of `application/merge-patch+json` in a PATCH.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Read> FromRequest<Arc<Shared>> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Arc<Shared>) -> Result<Self, Problem> {
        let Said { value, wrong } = read_fields(request).await;
        whole(value, wrong).map(Json)
    }
}

/// A body of JSON in a request with faults that may not be all: the rest of it is shown to the service, so that what its rules find is
/// told in the same answer. What it says can be had only together with the call that then asks for no more than that.
pub(crate) struct Draft<T> {
    value: T,
    faulty: bool,
}

impl<T: Read> FromRequest<Arc<Shared>> for Draft<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Arc<Shared>) -> Result<Self, Problem> {
        let visit = request.extensions().get::<Arc<Visit>>().cloned();
        let Said { value, wrong } = read_fields(request).await;
        match (value, wrong, visit) {
            (Some(value), Some(wrong), Some(visit)) => {
                _ = visit.found.set(wrong);
                Ok(Self { value, faulty: true })
            }
            (value, wrong, _) => Ok(Self { value: whole(value, wrong)?, faulty: false }),
        }
    }
}

impl<T> Draft<T> {
    /// What it says, and the user to ask about it.
    pub(crate) fn said_by<U: Drafts>(self, user: U) -> (T, U) {
        let Self { value, faulty } = self;
        (value, if faulty { user.validating() } else { user })
    }

    /// A call that nobody signs.
    pub(crate) fn unsigned<M>(self, message: impl FnOnce(T) -> M) -> tonic::Request<M> {
        let Self { value, faulty } = self;
        let mut request = tonic::Request::new(message(value));
        if faulty {
            _ = request.metadata_mut().insert(VALIDATE_ONLY, MetadataValue::from_static("true"));
        }
        request
    }
}

/// No body, or an object without fields.
pub(crate) struct Nothing;

impl Read for Nothing {
    fn read(tree: Tree<'_>, faults: &mut Faults) -> Option<Self> {
        Fields::sorted(tree, [], faults).map(|_| Self)
    }

    fn stand_in() -> Self {
        Self
    }
}

impl FromRequest<Arc<Shared>> for Nothing {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Arc<Shared>) -> Result<Self, Problem> {
        let head = Visit::refusal(request.extensions());
        let rest = nothing(request).await.err();
        Problem::of_both(head, rest).map_or(Ok(Self), Err)
    }
}

async fn nothing(request: Request) -> Result<Nothing, Problem> {
    if axum::body::HttpBody::is_end_stream(request.body()) {
        return Ok(Nothing);
    }
    let media = expect_json(request.method(), request.headers());
    let bytes = bytes(request).await?;
    if bytes.is_empty() {
        return Ok(Nothing);
    }
    media?;
    parse(&bytes)
}

/// Reads a whole body that has no fault.
pub(super) fn parse<T: Read>(bytes: &[u8]) -> Result<T, Problem> {
    let (value, faults) = read(bytes)?;
    whole(value, unacceptable(faults))
}

fn whole<T>(value: Option<T>, wrong: Option<Problem>) -> Result<T, Problem> {
    match (value, wrong) {
        (Some(value), None) => Ok(value),
        (_, wrong) => Err(wrong.unwrap_or_else(|| Problem::unacceptable(vec![]))),
    }
}

fn unacceptable(faults: Vec<Fault>) -> Option<Problem> {
    (!faults.is_empty()).then(|| Problem::unacceptable(faults))
}

/// What a request says, without its faults, and those of its head and its body.
struct Said<T> {
    value: Option<T>,
    wrong: Option<Problem>,
}

async fn read_fields<T: Read>(request: Request) -> Said<T> {
    let head = Visit::refusal(request.extensions());
    let json = expect_json(request.method(), request.headers());
    let found = match json {
        Ok(()) => bytes(request).await.and_then(|bytes| read(&bytes)),
        Err(problem) => Err(problem),
    };
    let (value, rest) = match found {
        Ok((value, faults)) => (value, unacceptable(faults)),
        Err(problem) => (None, Some(problem)),
    };
    Said { value, wrong: Problem::of_both(head, rest) }
}

/// What a body says without its faults, and those; nothing where it is no object.
fn read<T: Read>(bytes: &[u8]) -> Result<(Option<T>, Vec<Fault>), Problem> {
    let tree = Tree::parse(bytes).map_err(|why| {
        let message = format!("the body cannot be read as JSON: {why}");
        Problem::new(StatusCode::BAD_REQUEST, "MALFORMED_JSON", message)
    })?;
    let mut faults = Faults::default();
    let value = T::read(tree, &mut faults);
    Ok((value, faults.into_list()))
}
