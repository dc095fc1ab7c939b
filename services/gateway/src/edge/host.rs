//! Whom a request is for (RFC 9112, 3.2; RFC 9113, 8.3.1): without a name, or with two, it may be meant for someone else.
use axum::{
    extract::Request,
    http::{HeaderValue, Uri, Version, header, uri::Authority},
};

use crate::problem::Problem;

/// Refuses a request that does not name one host: in `Host`, in its target, or in both alike.
pub(super) fn named(request: &Request) -> Result<(), Problem> {
    let mut hosts = request.headers().get_all(header::HOST).into_iter();
    let target = request.uri().authority();
    let named = match (hosts.next(), hosts.next(), target) {
        (Some(host), None, None) => authority(host).is_some(),
        (Some(host), None, Some(target)) => {
            authority(host).is_some_and(|host| is_same(&host, target, request.uri()))
        }
        (None, _, Some(target)) => request.version() != Version::HTTP_11 && is_plain(target),
        // Before HTTP/1.1 there was no Host; HTTP/2 says it in `:authority`.
        (None, _, None) => request.version() < Version::HTTP_11,
        (Some(_), Some(_), _) => false,
    };
    let refusal = || Problem::bad_header("Host", "INVALID_HOST", "a request has one Host");
    named.then_some(()).ok_or_else(refusal)
}

fn authority(host: &HeaderValue) -> Option<Authority> {
    host.to_str().ok()?.parse().ok().filter(is_plain)
}

/// Whether it is a host and no more than a port, which may be empty (RFC 3986, 3.2.3).
fn is_plain(authority: &Authority) -> bool {
    let (text, host) = (authority.as_str(), authority.host());
    let port = text.strip_prefix(host).is_some_and(|rest| matches!(rest, "" | ":"));
    !host.is_empty() && !text.contains('@') && (port || authority.port().is_some())
}

/// Whether both are one, the port of the scheme being that of whoever names none.
fn is_same(host: &Authority, target: &Authority, uri: &Uri) -> bool {
    let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    let port = |of: &Authority| of.port_u16().unwrap_or(usual);
    let same = host.host().eq_ignore_ascii_case(target.host()) && port(host) == port(target);
    same && is_plain(target)
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
        assert!(!accepted(Version::HTTP_11, "http://a.test/", &[]), "it has to say Host as well");
    }

    #[test]
    fn a_host_that_is_said_twice_is_the_same_in_every_protocol() {
        for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
            let both = |uri: &str, host: &str| accepted(version, uri, &[host]);
            assert!(both("http://a.test/", "a.test") && both("http://A.test/", "a.TEST:80"));
            assert!(
                both("https://a.test/", "a.test:443") && both("http://[::1]:8080/", "[::1]:8080")
            );
            assert!(!both("http://a.test/", "b.test") && !both("http://a.test/", "a.test:8080"));
            assert!(!both("http://a.test/", "a.test:443") && !both("https://a.test/", "a.test:80"));
            for wrong in ["http://me@a.test/", "http://a.test@a.test:80/", "http://a.test:99999/"] {
                assert!(!both(wrong, "a.test"), "{version:?} {wrong}");
                assert!(!accepted(version, wrong, &[]), "{version:?} {wrong}");
            }
        }
    }
}
