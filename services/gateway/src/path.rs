//! What a path names.
use axum::{
    extract::{FromRequestParts, Path},
    http::{StatusCode, request::Parts},
};
use uuid::Uuid;

use crate::problem::Problem;

/// The `{id}` of a path. What is no UUID names nothing, so it is not found.
pub(crate) struct Id(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let nothing = || Problem::of_status(StatusCode::NOT_FOUND);
        let Path(text) =
            Path::<String>::from_request_parts(parts, state).await.map_err(|_| nothing())?;
        let id = Uuid::try_parse(&text).ok().filter(|_| text.len() == 36).ok_or_else(nothing)?;
        Ok(Self(id.to_string()))
    }
}
