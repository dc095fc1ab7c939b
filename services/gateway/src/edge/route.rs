use std::sync::Arc;

use axum::extract::{MatchedPath, Request};

/// The template of the path, as metrics and traces have it.
#[derive(Clone)]
pub(super) enum Route {
    /// As axum found it.
    Matched(MatchedPath),
    /// As it was found without axum.
    Known(Arc<str>),
    Nowhere,
}

impl Route {
    pub(super) fn of_request(request: &Request) -> Self {
        let extensions = request.extensions();
        let matched = || extensions.get::<MatchedPath>().cloned().map(Self::Matched);
        extensions.get::<Self>().cloned().or_else(matched).unwrap_or(Self::Nowhere)
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Matched(path) => path.as_str(),
            Self::Known(path) => path,
            Self::Nowhere => "",
        }
    }
}
