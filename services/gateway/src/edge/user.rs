//! The user of a request: proved by the token, counted by the rate, and the only way to call a service in their name.
use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use kit_rpc::{Caller, VALIDATE_ONLY, token::TokenError};
use tonic::metadata::MetadataMap;

use super::{
    access::Access,
    holding::Holder,
    idempotency::{self, IDEMPOTENCY_KEY},
    visit::Visit,
};
use crate::{problem::Problem, shared::Shared};

/// Who asks, and what the services need to believe it.
#[derive(Clone)]
pub(crate) struct User {
    /// The caller, as the token says.
    pub(crate) caller: Caller,
    subscriber: u128,
    metadata: HeaderMap,
}

impl User {
    /// Whose room the answer takes, where it is large.
    pub(crate) fn holder(&self) -> Holder {
        Holder { user_id: self.caller.user_id, subscriber: self.subscriber }
    }

    /// A call in the user's name. A write carries its idempotency key.
    pub(crate) fn asks<T>(self, message: T) -> tonic::Request<T> {
        let metadata = MetadataMap::from_headers(self.metadata);
        tonic::Request::from_parts(metadata, tonic::Extensions::default(), message)
    }
}

impl FromRequestParts<Arc<Shared>> for User {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        let caller = verified_caller(&parts.headers, shared)?;
        let subscriber = enter(&caller, parts, shared)?;
        Ok(Self { caller, subscriber, metadata: metadata(parts, shared)? })
    }
}

/// Counts a request of a user's, and takes a place of theirs. Tells whom their address stands for.
fn enter(caller: &Caller, parts: &Parts, shared: &Shared) -> Result<u128, Problem> {
    let Some(visit) = parts.extensions.get::<Arc<Visit>>() else { return Ok(0) };
    _ = visit.user_id.set(caller.user_id);
    shared.rates.user(caller.user_id, visit)?;
    shared.untaken.admit(caller.user_id.as_u128())?;
    // Who listens has places of its own.
    if visit.access != Access::Listeners {
        _ = visit.place.set(shared.admission.enter_user(caller.user_id)?);
    }
    Ok(visit.subscriber())
}

/// Who ends a session. Sent again under the client's own key, since the answer was lost, such a request comes through the session that
/// it has ended itself: auth decides whether it was answered before, and says no more than that.
pub(crate) struct Leaver(HeaderMap);

impl Leaver {
    /// A call in the user's name.
    pub(crate) fn asks<T>(self, message: T) -> tonic::Request<T> {
        let metadata = MetadataMap::from_headers(self.0);
        tonic::Request::from_parts(metadata, tonic::Extensions::default(), message)
    }
}

/// Who may send a write that has faults, to be told of all of them.
pub(crate) trait Drafts {
    /// The same one, who asks only what is wrong with a write.
    fn validating(self) -> Self;
}

impl Drafts for User {
    fn validating(mut self) -> Self {
        only_validate(&mut self.metadata);
        self
    }
}

impl Drafts for Leaver {
    fn validating(mut self) -> Self {
        only_validate(&mut self.0);
        self
    }
}

fn only_validate(metadata: &mut HeaderMap) {
    metadata.insert(VALIDATE_ONLY, HeaderValue::from_static("true"));
    // A service of a release that does not know the mark refuses for its key, and writes nothing either.
    metadata.insert(IDEMPOTENCY_KEY, HeaderValue::from_static(""));
}

impl FromRequestParts<Arc<Shared>> for Leaver {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        if parts.headers.contains_key(IDEMPOTENCY_KEY)
            && let Some(former) = shared.verifier.former(token(&parts.headers)?)
        {
            enter(&former, parts, shared)?;
            return metadata(parts, shared).map(Self);
        }
        let User { caller: _, subscriber: _, metadata } =
            User::from_request_parts(parts, shared).await?;
        Ok(Self(metadata))
    }
}

/// What the services need to believe who asks. A write carries its idempotency key.
fn metadata(parts: &Parts, shared: &Shared) -> Result<HeaderMap, Problem> {
    let mut metadata = HeaderMap::with_capacity(8);
    if !parts.method.is_safe() {
        shared.verifier.heard_lately()?;
        metadata.insert(IDEMPOTENCY_KEY, idempotency::key(&parts.headers, &shared.clock)?);
    }
    let bearer = parts.headers.get(header::AUTHORIZATION).cloned();
    metadata.extend(bearer.map(|bearer| (header::AUTHORIZATION, bearer)));
    Ok(metadata)
}

/// Who asks, or the refusal of whoever cannot be told.
pub(super) fn verified_caller(headers: &HeaderMap, shared: &Shared) -> Result<Caller, Problem> {
    Ok(shared.verifier.admit(token(headers)?)?)
}

/// The token of an `Authorization: Bearer` header (RFC 6750); empty where the header cannot be read.
fn token(headers: &HeaderMap) -> Result<&str, TokenError> {
    let header = headers.get(header::AUTHORIZATION).ok_or(TokenError::Missing)?;
    let Some((scheme, token)) = header.to_str().ok().and_then(|header| header.split_once(' '))
    else {
        return Ok("");
    };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(TokenError::Missing);
    }
    Ok(token.trim_start_matches(' '))
}
