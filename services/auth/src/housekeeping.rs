//! What is of no use any more goes.
use kit_base::{Clock, Stop, Timestamp};
use kit_db::{
    Db,
    housekeeping::{self, Sweep, remove},
};

use crate::{accounts, error::Error, idempotency, refresh, sessions, throttle, trust};

/// What goes: its name, where it is, until when it was of use, and how much of it goes in one transaction.
type Chore = (&'static str, Sweep, Timestamp, i64);

fn chores(now: Timestamp) -> [Chore; 7] {
    [
        ("revocations", trust::store::SWEEP, now, 500),
        ("refresh_tokens", refresh::store::SWEEP, now.minus(refresh::rules::IDLE), 500),
        ("refresh_tokens_of_sessions", refresh::store::SWEEP_OF_SESSIONS, now, 500),
        // A session takes with it what tokens it has left.
        ("sessions", sessions::store::SWEEP, now, 20),
        ("account_keys", idempotency::store::SWEEP, now.minus(kit_rpc::idempotency::KEPT), 500),
        ("accounts", accounts::store::SWEEP, now.minus(accounts::rules::REMEMBERED), 500),
        ("throttle_counters", throttle::store::SWEEP, now.minus(throttle::rules::MEMORY), 500),
    ]
}

/// Begins every series.
pub(crate) fn start(clock: &Clock) {
    housekeeping::register(&chores(clock.now()).map(|(what, ..)| what), clock);
}

/// Removes what is of no use any more, in small transactions that hold no lock for long. What fails keeps nothing else from it.
pub(crate) async fn sweep(db: &Db, clock: &Clock, stop: &Stop) -> Result<(), Error> {
    let mut all = Ok(());
    for (what, sweep, before, limit) in chores(clock.now()) {
        let some = || remove(db, "housekeeping.sweep", sweep, before, limit);
        all = housekeeping::until_none(what, (clock, stop), some).await.and(all);
    }
    Ok(all?)
}
