use super::catalogue::{BREAKER, CLIENT_ENDPOINTS, CLIENT_RETRIES};

/// Tells how many replicas of the peer `target` are in which state.
pub(crate) fn client_endpoints(target: &str, ready: usize, failed: usize) {
    for (state, count) in [("ready", ready), ("failed", failed)] {
        CLIENT_ENDPOINTS.set(&[target, state], count);
    }
    for (state, is) in [("closed", ready > 0), ("open", ready == 0)] {
        BREAKER.set(&[target, state], is);
    }
}

/// Begins to count, at 0, what is sent once more to the peer `target`.
pub(crate) fn begin_client_retries(target: &str, reasons: impl IntoIterator<Item = &'static str>) {
    reasons.into_iter().for_each(|reason| drop(CLIENT_RETRIES.series(&[target, reason])));
}

/// Counts a call to the peer `target` that is sent once more.
pub(crate) fn client_retry(target: &str, reason: &'static str) {
    CLIENT_RETRIES.series(&[target, reason]).inc();
}
