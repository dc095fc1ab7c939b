//! What the auth service counts, each beside what it counts. Nothing of it names a person.
use kit_base::metrics::Declared;

use crate::{accounts, keys, passwords, refresh, sessions, throttle, trust};

/// All of them, for documentation, rules and dashboards.
pub static CATALOGUE: &[&dyn Declared] = &[
    &sessions::metrics::LOGINS,
    &accounts::metrics::REGISTRATIONS,
    &sessions::metrics::TOKENS_ISSUED,
    &refresh::metrics::REFRESHES,
    &refresh::metrics::REUSE_DETECTED,
    &throttle::metrics::LOCKOUTS,
    &passwords::metrics::HASH_DURATION,
    &passwords::metrics::HASHES_SKIPPED,
    &sessions::metrics::ACTIVE_SESSIONS,
    &keys::metrics::KEY_CREATED,
    &trust::metrics::TRUST_STREAMS,
];
