use super::catalogue::{TLS_NOT_AFTER, TLS_NOT_BEFORE, TLS_REFUSALS, TLS_RELOADS};

/// Tells when this process's certificate begins and ends to be valid, in seconds of Unix time.
pub(crate) fn tls_certificate(not_before: u64, not_after: u64) {
    TLS_NOT_BEFORE.set(&[], not_before);
    TLS_NOT_AFTER.set(&[], not_after);
}

/// Counts new TLS files that were taken, or refused.
pub(crate) fn tls_reloaded(taken: bool) {
    TLS_RELOADS.series(&[if taken { "success" } else { "failure" }]).inc();
}

/// Counts a connection that was not let in.
pub(crate) fn tls_refused(reason: &'static str) {
    TLS_REFUSALS.series(&[reason]).inc();
}
