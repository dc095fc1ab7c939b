//! Who is asking, proved by a token that this very process checked.
use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, header::AUTHORIZATION};
use tower::Service;

use crate::{caller::Verdict, token::Verifier};

/// Checks the bearer token of each request and leaves the verdict for [`Caller::of`](crate::Caller::of): some methods are open to anyone.
#[derive(Clone)]
pub(crate) struct Authenticated<S> {
    pub(crate) inner: S,
    pub(crate) verifier: Option<Arc<Verifier>>,
}

impl<S, B> Service<Request<B>> for Authenticated<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if let (Some(verifier), Some(token)) = (&self.verifier, bearer(&request)) {
            let verdict = Verdict(verifier.verify(token));
            request.extensions_mut().insert(verdict);
        }
        self.inner.call(request)
    }
}

/// The token of an `Authorization: Bearer` header (RFC 6750). A header that cannot be read counts as a token that is not valid.
fn bearer<B>(request: &Request<B>) -> Option<&str> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().unwrap_or_default();
    let (scheme, token) = header.split_once(' ').unwrap_or(("", ""));
    Some(if scheme.eq_ignore_ascii_case("bearer") { token.trim_start_matches(' ') } else { "" })
}
