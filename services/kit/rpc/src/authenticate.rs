//! Who is asking, proved by a token that this very process checked.
use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, Request, header::AUTHORIZATION};
use tower::Service;

use crate::{caller::Verdict, token::Verifier};

/// Checks the bearer token of each request and leaves the verdict for [`Caller::from_request`](crate::Caller::from_request): some methods are open to anyone.
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
        let verifier = self.verifier.as_deref();
        if let Some(verdict) = verifier.and_then(|verifier| verdict(verifier, request.headers())) {
            request.extensions_mut().insert(verdict);
        }
        self.inner.call(request)
    }
}

/// What comes of the token that a call brings, if it brings one.
pub(crate) fn verdict(verifier: &Verifier, headers: &HeaderMap) -> Option<Verdict> {
    bearer(headers).map(|token| Verdict(verifier.admit(token)))
}

/// The token of an `Authorization: Bearer` header (RFC 6750). A header that cannot be read counts as a token that is not valid.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(AUTHORIZATION)?.to_str().unwrap_or_default();
    let (scheme, token) = header.split_once(' ').unwrap_or(("", ""));
    Some(if scheme.eq_ignore_ascii_case("bearer") { token.trim_start_matches(' ') } else { "" })
}

#[cfg(test)]
mod tests {
    use http::Response;
    use kit_base::{Clock, Timestamp, error::Refusal};
    use std::convert::Infallible;
    use tower::{ServiceExt as _, service_fn};
    use uuid::Uuid;

    use super::*;

    use crate::{
        Caller,
        token::{Claims, PublicKey, SigningKey, TrustUpdate},
    };

    /// What a handler behind the layer learns of who asks: the session, or why there is none.
    async fn asks(authorization: Option<&[u8]>) -> Result<Uuid, String> {
        let (_, bytes) = key();
        let keys = vec![PublicKey { id: "k1".to_owned(), bytes }];
        asks_one_that_knows(keys, authorization).await
    }

    async fn asks_one_that_knows(
        keys: Vec<PublicKey>,
        authorization: Option<&[u8]>,
    ) -> Result<Uuid, String> {
        let clock = Clock::fixed(Timestamp::from_seconds(1_800_000_000));
        let verifier = Arc::new(Verifier::new("tasks", clock));
        verifier.apply(TrustUpdate { keys, revocations: vec![] });
        let handler = service_fn(async |request: Request<()>| {
            let caller = Caller::from_request(&tonic::Request::from_http(request));
            Ok::<_, Infallible>(Response::new(caller))
        });
        let mut request = Request::new(());
        if let Some(bytes) = authorization {
            let value = http::HeaderValue::from_bytes(bytes).unwrap();
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        let authenticated = Authenticated { inner: handler, verifier: Some(verifier) };
        let answer = authenticated.oneshot(request).await.unwrap();
        let caller = answer.into_body();
        caller
            .map(|caller| caller.session_id)
            .map_err(|status| Refusal::from_status(&status).reason.unwrap_or_default())
    }

    fn key() -> (SigningKey, [u8; 32]) {
        static KEY: std::sync::LazyLock<(Vec<u8>, [u8; 32])> =
            std::sync::LazyLock::new(SigningKey::generate);
        (SigningKey::new("k1".to_owned(), &KEY.0).unwrap(), KEY.1)
    }

    #[tokio::test]
    async fn a_handler_learns_who_asks_or_why_nobody_does() {
        let (sub, sid, jti) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let claims = Claims::new(sub, sid, jti, Timestamp::from_seconds(1_800_000_000));
        let token = key().0.sign(&claims).unwrap();
        for scheme in ["Bearer ", "bearer ", "BEARER   "] {
            assert_eq!(
                asks(Some(format!("{scheme}{token}").as_bytes())).await,
                Ok(sid),
                "{scheme}"
            );
        }
        assert_eq!(asks(None).await, Err("TOKEN_MISSING".to_owned()));
        for header in [
            &b""[..],
            b"Bearer",
            b"Bearer ",
            token.as_bytes(),
            format!("Basic {token}").as_bytes(),
            format!("Bearer\t{token}").as_bytes(),
            format!("Bearer {token} ").as_bytes(),
            b"Bearer \xff",
        ] {
            let told = asks(Some(header)).await;
            assert_eq!(
                told,
                Err("TOKEN_INVALID".to_owned()),
                "{}",
                String::from_utf8_lossy(header)
            );
        }
    }
    #[tokio::test]
    async fn who_asks_before_keys_are_known_is_told_to_come_again() {
        let header = b"Bearer eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsxIn0.e30.c2ln";
        let told = asks_one_that_knows(vec![], Some(header)).await;
        assert_eq!(told, Err("KEYS_UNAVAILABLE".to_owned()));
    }
}
