//! What is left of a rate, as the client is told it.
use axum::http::{HeaderMap, HeaderName, HeaderValue};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What is left of a rate.
#[derive(Debug)]
pub(crate) struct Quota {
    pub(super) policy: HeaderValue,
    pub(super) name: &'static str,
    pub(super) remaining: i64,
    pub(super) seconds: i64,
}

impl Quota {
    /// Tells the client.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        let left = format!("\"{}\";r={};t={}", self.name, self.remaining, self.seconds);
        headers
            .entry(RATE_LIMIT)
            .or_insert(HeaderValue::from_str(&left).expect("a name and two numbers"));
        headers.entry(RATE_LIMIT_POLICY).or_insert(self.policy.clone());
    }
}
