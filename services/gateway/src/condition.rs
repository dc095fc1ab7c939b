//! Conditional requests (RFC 9110, 13): an ETag is the version in quotes.
use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
};

use crate::problem::Problem;

/// The ETag of a version.
pub(crate) fn etag(version: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).expect("digits in quotes")
}

/// `If-Match`: the version that the client believes to be there; none when it does not care.
#[derive(Debug)]
pub(crate) struct IfMatch(pub(crate) Option<i64>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        version(&parts.headers).map(Self)
    }
}

fn version(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let malformed = || {
        let message = "If-Match is `*` or one ETag, as \"7\"";
        Problem::bad_header("If-Match", "INVALID_IF_MATCH", message)
    };
    let mut given = headers.get_all(header::IF_MATCH).into_iter();
    let Some(first) = given.next() else { return Ok(None) };
    let text = first.to_str().map_err(|_| malformed())?.trim();
    if given.next().is_some() {
        return Err(malformed());
    }
    if text == "*" {
        return Ok(None);
    }
    let opaque = text.strip_prefix("W/").unwrap_or(text);
    let tag = opaque
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .filter(|tag| !tag.contains('"'));
    let tag = tag.ok_or_else(malformed)?;
    // A tag that is not one of ours cannot match, nor can a weak one.
    let own = tag.parse().ok().filter(|version| {
        *version >= 0 && opaque == text && tag.bytes().all(|byte| byte.is_ascii_digit())
    });
    own.map(Some).ok_or_else(|| Problem::of_status(StatusCode::PRECONDITION_FAILED))
}

/// `If-None-Match`: what the client already has.
#[derive(Debug)]
pub(crate) struct IfNoneMatch(Vec<HeaderValue>);

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.get_all(header::IF_NONE_MATCH).into_iter().cloned().collect()))
    }
}

impl IfNoneMatch {
    /// Whether the client has what `etag` stands for. The comparison is weak, as it has to be here.
    pub(crate) fn has(&self, etag: &HeaderValue) -> bool {
        let same =
            |tag: &[u8]| tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == etag.as_bytes();
        self.0.iter().any(|list| {
            list.as_bytes().split(|byte| *byte == b',').any(|tag| same(tag.trim_ascii()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn if_match(value: &str) -> Result<Option<i64>, u16> {
        let headers =
            HeaderMap::from_iter([(header::IF_MATCH, HeaderValue::from_str(value).unwrap())]);
        version(&headers).map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn a_version_is_read_from_its_etag() {
        assert_eq!(if_match("\"7\""), Ok(Some(7)));
        assert_eq!(if_match("*"), Ok(None));
        assert_eq!(version(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn an_etag_that_is_not_ours_cannot_match() {
        for value in ["W/\"7\"", "\"abc\"", "\"\"", "\"-7\"", "\"+7\"", "\"99999999999999999999\""]
        {
            assert_eq!(if_match(value), Err(412), "{value}");
        }
    }

    #[test]
    fn what_is_no_etag_is_malformed() {
        for value in ["", "7", "\"7", "7\"", "\"7\", \"8\"", "\"7\"\"", "**"] {
            assert_eq!(if_match(value), Err(400), "{value}");
        }
    }

    #[test]
    fn what_the_client_has_is_compared_weakly() {
        let has =
            |list: &'static str| IfNoneMatch(vec![HeaderValue::from_static(list)]).has(&etag(7));
        assert!(["\"7\"", "W/\"7\"", "*", "\"6\", \"7\""].map(has).into_iter().all(|has| has));
        assert!(!["\"8\"", "7", ""].map(has).into_iter().any(|has| has));
    }
}
