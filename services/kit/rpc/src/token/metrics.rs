//! What is counted of access tokens, and of the word from auth by which they are checked.
use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicI64, Ordering},
};

use kit_base::{
    Clock, Timestamp,
    metrics::{Counter, Gauge, Layer, before_scrape},
};
use prometheus::IntCounter;

use super::error::{Flaw, TokenError};

pub(crate) static VALIDATIONS: Counter = Counter::new(
    Layer::Business,
    "errand_auth_token_validations_total",
    &["result", "reason"],
    "Access tokens that were brought to a service, the edge among them, by what came of it.",
)
.from_start(&[
    &["success", ""],
    &["failure", "malformed"],
    &["failure", "unknown_key"],
    &["failure", "signature"],
    &["failure", "claims"],
    &["failure", "expired"],
    &["failure", "revoked"],
    &["failure", "unready"],
]);
pub(crate) static JWKS_FETCHES: Counter = Counter::new(
    Layer::Application,
    "errand_auth_jwks_fetch_total",
    &["result"],
    "Streams of keys and ended sessions that auth began to send, or that could not be had or broke off.",
)
.from_start(&[&["success"], &["failure"]]);
pub(crate) static JWKS_AGE: Gauge = Gauge::new(
    Layer::Application,
    "errand_jwks_age_seconds",
    &["audience"],
    "Time since auth last said which keys are good and which sessions have ended; above 30 s nothing is written.",
);

static ACCEPTED: LazyLock<IntCounter> = LazyLock::new(|| VALIDATIONS.series(&["success", ""]));

/// Counts a token that was checked.
pub(super) fn validated<T>(outcome: &Result<T, TokenError>) {
    match outcome {
        Ok(_) => ACCEPTED.inc(),
        Err(error) => VALIDATIONS.series(&["failure", reason(error)]).inc(),
    }
}

fn reason(error: &TokenError) -> &'static str {
    match error {
        TokenError::Missing | TokenError::Invalid(Flaw::Malformed) => "malformed",
        TokenError::Invalid(Flaw::UnknownKey) => "unknown_key",
        TokenError::Invalid(Flaw::Signature) => "signature",
        TokenError::Invalid(Flaw::Claims) => "claims",
        TokenError::Expired => "expired",
        TokenError::Revoked => "revoked",
        TokenError::Unready | TokenError::Stale => "unready",
    }
}

/// Counts a stream of updates that began, or could not be had or broke off.
pub(super) fn fetched(began: bool) {
    JWKS_FETCHES.series(&[if began { "success" } else { "failure" }]).inc();
}

/// Tells how long ago was `heard` what is known, in microseconds since 1970 and 0 for never, for as long as anybody else holds it.
pub(super) fn watch_age(audience: &'static str, heard: &Arc<AtomicI64>, clock: Clock) {
    let heard = Arc::downgrade(heard);
    before_scrape(move || {
        let Some(heard) = heard.upgrade() else { return false };
        let heard = heard.load(Ordering::Relaxed);
        if heard > 0 {
            let age = clock.now().since(Timestamp::from_microseconds(heard));
            JWKS_AGE.set(&[audience], age.as_secs());
        }
        true
    });
}
