//! The user of a request: proved by the token, counted by the rate, and the only way to call a service in their name.
use std::{sync::Arc, time::Duration};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
};
use kit::{Caller, status, token::TokenError};
use tonic::metadata::MetadataMap;

use super::{
    idempotency::{self, IDEMPOTENCY_KEY},
    visit::Visit,
};
use crate::{problem::Problem, shared::Shared};

/// The metadata of a write that is not to be done: only what is wrong with it is to be told.
pub(crate) const VALIDATE_ONLY: &str = "validate-only";

/// Without word from auth for this long a session may have ended unheard: nothing is written then.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);

/// Who asks, and what the services need to believe it.
#[derive(Clone)]
pub(crate) struct User {
    /// The caller, as the token says.
    pub(crate) caller: Caller,
    metadata: HeaderMap,
}

impl User {
    /// The same user, who asks only what is wrong with a write.
    pub(crate) fn validating(mut self) -> Self {
        self.metadata.insert(VALIDATE_ONLY, HeaderValue::from_static("true"));
        self
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
        let caller =
            caller(&parts.headers, shared).map_err(|refusal| Problem::from(status(&refusal)))?;
        if let Some(visit) = parts.extensions.get::<Arc<Visit>>() {
            _ = visit.user_id.set(caller.user_id);
            shared.rates.user(caller.user_id, visit)?;
        }
        let mut metadata = HeaderMap::with_capacity(8);
        if !parts.method.is_safe() {
            refuse_unheard(shared)?;
            metadata.insert(IDEMPOTENCY_KEY, idempotency::key(&parts.headers, &shared.clock)?);
        }
        metadata.extend(
            parts
                .headers
                .get(header::AUTHORIZATION)
                .cloned()
                .map(|bearer| (header::AUTHORIZATION, bearer)),
        );
        Ok(Self { caller, metadata })
    }
}

fn caller(headers: &HeaderMap, shared: &Shared) -> Result<Caller, TokenError> {
    let header = headers.get(header::AUTHORIZATION).ok_or(TokenError::Missing)?;
    let (scheme, token) = header
        .to_str()
        .ok()
        .and_then(|header| header.split_once(' '))
        .ok_or(TokenError::Invalid)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(TokenError::Missing);
    }
    shared.verifier.verify(token.trim_start_matches(' '))
}

fn refuse_unheard(shared: &Shared) -> Result<(), Problem> {
    let heard = shared.verifier.silence().is_some_and(|silence| silence <= LONGEST_SILENCE);
    let message = "whether the session is still valid cannot be told right now; reading goes on";
    heard
        .then_some(())
        .ok_or_else(|| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "TRUST_STALE", message))
}
