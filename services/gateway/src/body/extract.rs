use std::sync::Arc;

use axum::{
    extract::{FromRequest, Request},
    http::StatusCode,
};
use kit_rpc::VALIDATE_ONLY;
use tonic::metadata::MetadataValue;

use super::{
    arrival::{collect, expect_json},
    object::{Faults, Fields, Read},
    tree::{Tree, Unreadable},
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

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Problem> {
        whole(said(request, shared).await?).map(Json)
    }
}

/// A body of JSON with faults that may not be all: the rest of it is shown to the service, so that what its rules find is told in the
/// same answer. What it says can be had only together with the call that then asks for no more than that.
pub(crate) struct Draft<T> {
    value: T,
    faulty: bool,
}

impl<T: Read> FromRequest<Arc<Shared>> for Draft<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Problem> {
        let visit = request.extensions().get::<Arc<Visit>>().cloned();
        let (value, faults) = said(request, shared).await?;
        match (value, visit) {
            (Some(value), _) if faults.is_empty() => Ok(Self { value, faulty: false }),
            (Some(value), Some(visit)) => {
                _ = visit.faults.set(faults);
                Ok(Self { value, faulty: true })
            }
            (_, _) => Err(Problem::unacceptable(faults)),
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

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Problem> {
        if axum::body::HttpBody::is_end_stream(request.body()) {
            return Ok(Self);
        }
        let media = expect_json(request.method(), request.headers());
        let bytes = collect(request, shared.config.body_limit).await?;
        if bytes.is_empty() {
            return Ok(Self);
        }
        media?;
        parse(&bytes)
    }
}

/// Reads a whole body that has no fault.
pub(super) fn parse<T: Read>(bytes: &[u8]) -> Result<T, Problem> {
    whole(read(bytes)?)
}

fn whole<T>((value, faults): (Option<T>, Vec<Fault>)) -> Result<T, Problem> {
    value.filter(|_| faults.is_empty()).ok_or_else(|| Problem::unacceptable(faults))
}

/// What the body of a request says without its faults, and those. That of one whose head is refused says nothing but its faults,
/// which are told with those of the head.
async fn said<T: Read>(
    request: Request,
    shared: &Shared,
) -> Result<(Option<T>, Vec<Fault>), Problem> {
    let visit = request.extensions().get::<Arc<Visit>>().cloned();
    let json = expect_json(request.method(), request.headers());
    let found = match json {
        Ok(()) => collect(request, shared.config.body_limit).await.and_then(|bytes| read(&bytes)),
        Err(problem) => Err(problem),
    };
    let Some(refusal) = visit.as_ref().and_then(|visit| visit.refusal.get()) else { return found };
    let refusal = refusal.clone();
    Err(match found {
        Ok((_, faults)) if faults.is_empty() => refusal,
        Ok((_, faults)) => refusal.and(Problem::unacceptable(faults)),
        Err(problem) => refusal.and(problem),
    })
}

/// What a body says without its faults, and those; nothing where it is no object.
fn read<T: Read>(bytes: &[u8]) -> Result<(Option<T>, Vec<Fault>), Problem> {
    let tree = Tree::parse(bytes).map_err(|unreadable| match unreadable {
        Unreadable::Text(why) => Problem::new(StatusCode::BAD_REQUEST, "MALFORMED_JSON", why),
        Unreadable::Number(why) => {
            Problem::unacceptable(vec![Fault::body(String::new(), "OUT_OF_RANGE", why)])
        }
    })?;
    let mut faults = Faults::default();
    let value = T::read(tree, &mut faults);
    Ok((value, faults.into_list()))
}
