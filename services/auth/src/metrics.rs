//! What the auth service counts, each beside what it counts. Nothing of it names a person.
pub(crate) mod series;

use kit_base::metrics::Metric;

use crate::{accounts, keys, passwords, refresh, sessions, throttle, trust};

/// All of them, for documentation, rules and dashboards.
pub const CATALOGUE: &[Metric] = &[
    sessions::metrics::LOGINS,
    accounts::metrics::REGISTRATIONS,
    sessions::metrics::TOKENS_ISSUED,
    refresh::metrics::REFRESHES,
    refresh::metrics::REUSE_DETECTED,
    throttle::metrics::LOCKOUTS,
    passwords::metrics::HASH_DURATION,
    passwords::metrics::HASHES_SKIPPED,
    sessions::metrics::ACTIVE_SESSIONS,
    keys::metrics::KEY_CREATED,
    trust::metrics::TRUST_STREAMS,
];

/// Begins every series at 0.
pub(crate) fn start() {
    accounts::metrics::start();
    passwords::metrics::start();
    sessions::metrics::start();
    refresh::metrics::start();
    throttle::metrics::start();
    keys::metrics::start();
    trust::metrics::start();
}
