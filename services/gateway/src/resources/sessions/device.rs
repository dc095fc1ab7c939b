//! Where a login comes from, and the cookie by which an owner's own device is known again.
use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use proto::auth::v1;

use crate::edge::visit::Visit;

const COOKIE: &str = "errand_device";
const LIFETIME_SECONDS: u32 = 180 * 24 * 60 * 60;
/// Longer than any browser's name for itself.
const LONGEST_USER_AGENT: usize = 512;

/// The device that a request comes from.
pub(crate) struct Device {
    /// As the auth service wants it.
    pub(crate) contract: v1::Device,
    secure: bool,
}

impl<S: Sync> FromRequestParts<S> for Device {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let visit = parts.extensions.get::<Arc<Visit>>();
        let user_agent = parts
            .headers
            .get(header::USER_AGENT)
            .map(|agent| String::from_utf8_lossy(agent.as_bytes()));
        let contract = v1::Device {
            address: visit.map(|visit| visit.address.to_string()).unwrap_or_default(),
            user_agent: user_agent.unwrap_or_default().chars().take(LONGEST_USER_AGENT).collect(),
            token: token(&parts.headers).unwrap_or_default().to_owned(),
        };
        Ok(Self { contract, secure: visit.is_some_and(|visit| visit.secure) })
    }
}

impl Device {
    /// The `Set-Cookie` that keeps `token` on a device; none when there is nothing to keep.
    pub(crate) fn cookie(secure: bool, token: &str) -> Option<HeaderValue> {
        let secure = if secure { "; Secure" } else { "" };
        let cookie = format!(
            "{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/v1/auth; Max-Age={LIFETIME_SECONDS}{secure}"
        );
        (!token.is_empty()).then(|| HeaderValue::from_str(&cookie).ok()).flatten()
    }

    /// Whether the client came by https.
    pub(crate) fn is_secure(&self) -> bool {
        self.secure
    }
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies =
        headers.get_all(header::COOKIE).into_iter().filter_map(|cookies| cookies.to_str().ok());
    let mut pairs = cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, token)| token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_among_other_cookies() {
        let read = |cookies: &str| {
            let headers =
                HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(cookies).unwrap())]);
            token(&headers).map(str::to_owned)
        };
        assert_eq!(read("a=b; errand_device=xyz=; c=d"), Some("xyz=".to_owned()));
        assert_eq!(read("xerrand_device=xyz"), None);
    }

    #[test]
    fn a_cookie_is_for_the_login_alone() {
        let cookie = Device::cookie(true, "xyz").unwrap();
        let expected =
            "errand_device=xyz; HttpOnly; SameSite=Strict; Path=/v1/auth; Max-Age=15552000; Secure";
        assert_eq!(cookie.to_str().unwrap(), expected);
        assert!(!Device::cookie(false, "xyz").unwrap().to_str().unwrap().contains("Secure"));
        assert_eq!(Device::cookie(true, ""), None);
        assert_eq!(Device::cookie(true, "a\r\nb"), None);
    }
}
