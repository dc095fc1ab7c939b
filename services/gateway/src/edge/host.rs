//! Whom a request is for (RFC 9112, 3.2; RFC 9113, 8.3.1): without a name, or with two, it may be meant for someone else.
use axum::{
    extract::Request,
    http::{HeaderValue, Version, header, uri::Authority},
};

use crate::problem::Problem;

/// Refuses a request that does not name one host.
pub(super) fn named(request: &Request) -> Result<(), Problem> {
    let mut hosts = request.headers().get_all(header::HOST).into_iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_authority(host) => Ok(()),
        (None, _) if needs_none(request) => Ok(()),
        _ => Err(Problem::bad_header("Host", "INVALID_HOST", "a request has one Host")),
    }
}

/// HTTP/1.0 knew no Host; HTTP/2 says it in `:authority`.
fn needs_none(request: &Request) -> bool {
    match request.version() {
        Version::HTTP_09 | Version::HTTP_10 => true,
        Version::HTTP_11 => false,
        _ => request.uri().authority().is_some(),
    }
}

fn is_authority(host: &HeaderValue) -> bool {
    host.to_str()
        .is_ok_and(|host| host.parse::<Authority>().is_ok_and(|host| !host.as_str().contains('@')))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn accepted(version: Version, uri: &str, hosts: &[&str]) -> bool {
        let request = axum::http::Request::builder().version(version).uri(uri);
        let request = hosts.iter().fold(request, |request, host| request.header("host", *host));
        named(&request.body(Body::empty()).unwrap()).is_ok()
    }

    #[test]
    fn a_request_names_one_host() {
        let old = |hosts: &[&str]| accepted(Version::HTTP_11, "/", hosts);
        assert!(old(&["errand.test"]) && old(&["errand.test:8080"]) && old(&["[::1]:8080"]));
        assert!(!old(&[]) && !old(&["a.test", "b.test"]) && !old(&["a.test", "a.test"]));
        assert!(!old(&[""]) && !old(&["a b"]) && !old(&["a/b"]) && !old(&["me@a.test"]));
        assert!(accepted(Version::HTTP_10, "/", &[]), "it knew none");
        assert!(accepted(Version::HTTP_2, "http://errand.test/", &[]), "in `:authority`");
        assert!(accepted(Version::HTTP_2, "/", &["errand.test"]));
        assert!(!accepted(Version::HTTP_2, "/", &[]));
    }
}
