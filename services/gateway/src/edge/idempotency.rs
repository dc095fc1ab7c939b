//! The `Idempotency-Key` of a write (draft-ietf-httpapi-idempotency-key-header): made here when the client sends none, so
//! that a retry after a crash is always safe.
use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, request::Parts},
};
use kit_rpc::idempotency;
use tonic::metadata::MetadataMap;

use crate::{problem::Problem, shared::Shared};

/// The header of requests, and the metadata that carries it on.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static(idempotency::KEY);
/// Marks an answer that was given before, in metadata and in the reply.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static(idempotency::REPLAYED);

/// The key of a write that nobody signs.
pub(crate) struct Key(HeaderValue);

impl Key {
    /// Sends the write under it.
    pub(crate) fn mark<T>(self, request: &mut tonic::Request<T>) {
        let mut headers = std::mem::take(request.metadata_mut()).into_headers();
        headers.insert(IDEMPOTENCY_KEY, self.0);
        *request.metadata_mut() = MetadataMap::from_headers(headers);
    }
}

impl FromRequestParts<Arc<Shared>> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        key(&parts.headers, &shared.clock).map(Self)
    }
}

/// The client's key without quotes, or a new one.
pub(crate) fn key(headers: &HeaderMap, clock: &kit_base::Clock) -> Result<HeaderValue, Problem> {
    let new = || {
        let key = kit_base::id::uuid(clock).to_string();
        HeaderValue::from_str(&key).expect("hexadecimal digits and dashes")
    };
    Ok(key_of_client(headers)?.unwrap_or_else(new))
}

/// The client's key without quotes.
pub(crate) fn key_of_client(headers: &HeaderMap) -> Result<Option<HeaderValue>, Problem> {
    let mut given = headers.get_all(&IDEMPOTENCY_KEY).into_iter();
    match (given.next(), given.next()) {
        (None, _) => Ok(None),
        (Some(only), None) => bare(only).ok_or_else(malformed).map(Some),
        (Some(_), Some(_)) => Err(malformed()),
    }
}

/// A structured-field string (RFC 9651, 3.3.3) without escapes, or the same without its quotes, as most clients send it.
fn bare(value: &HeaderValue) -> Option<HeaderValue> {
    let text = value.to_str().ok()?;
    let quoted = text.strip_prefix('"').map(|rest| rest.strip_suffix('"'));
    let text = quoted.unwrap_or(Some(text))?;
    let plain =
        text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b','));
    let fits = (1..=idempotency::LONGEST).contains(&text.len());
    (plain && fits).then(|| HeaderValue::from_str(text).ok()).flatten()
}

fn malformed() -> Problem {
    Problem::bad_header("Idempotency-Key", "INVALID_IDEMPOTENCY_KEY", MALFORMED)
}

const MALFORMED: &str = "an Idempotency-Key is one string of 1 to 128 visible characters without comma and backslash, best a UUID";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Option<String> {
        bare(&HeaderValue::from_str(value).unwrap()).map(|key| key.to_str().unwrap().to_owned())
    }

    #[test]
    fn quotes_are_not_part_of_a_key() {
        assert_eq!(
            read("\"8e03978e-40d5-43dd-bc93-6894a57f9324\""),
            read("8e03978e-40d5-43dd-bc93-6894a57f9324")
        );
        assert_eq!(read("order:17"), Some("order:17".to_owned()));
        let longest = "k".repeat(idempotency::LONGEST);
        assert_eq!(read(&longest), Some(longest));
        assert!(MALFORMED.contains(&format!(" 1 to {} ", idempotency::LONGEST)));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for value in ["", "\"\"", "\"open", "close\"", "two words", "a,b", "a\\b", &"k".repeat(129)]
        {
            assert_eq!(read(value), None, "{value}");
        }
    }
}
