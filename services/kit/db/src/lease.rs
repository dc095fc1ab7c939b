//! What is done once for all replicas, by whichever holds the lease of it. The schema of a service that uses one has the table `leases`
//! (name, holder, ends).
use std::time::Duration;

use diesel::{sql_query, sql_types::Text};
use diesel_async::RunQueryDsl as _;
use kit_base::Clock;

use crate::{
    Cached, Db, Error,
    metrics::LEASE_HELD,
    on,
    sql::{self, Instant},
};

crate::id!(ReplicaId, "Names a replica while it lives.");

/// How long one outlives the round that took it, in rounds: a replica that is slow once keeps it.
const ROUNDS: u32 = 3;

/// A lease, as one replica sees it.
#[derive(Debug)]
pub struct Lease {
    name: &'static str,
    holder: ReplicaId,
    lasts: Duration,
    clock: Clock,
}

impl Lease {
    /// One that is asked for each `round`, held by nobody yet. It is taken over three rounds after its holder was seen last; clocks that
    /// differ by more than that may both hold it, so that what is done under it must do no harm when it is done twice.
    pub fn new(name: &'static str, round: Duration, clock: &Clock) -> Self {
        LEASE_HELD.set(&[name], 0);
        Self { name, holder: ReplicaId::new(clock), lasts: round * ROUNDS, clock: clock.clone() }
    }

    /// Takes the lease, or keeps it; false while another replica has it.
    ///
    /// # Errors
    /// When the database cannot tell: then nobody has it here.
    pub async fn acquire(&self, db: &Db) -> Result<bool, Error> {
        let outcome = self.ask(db).await;
        LEASE_HELD.set(&[self.name], i64::from(*outcome.as_ref().unwrap_or(&false)));
        outcome
    }

    async fn ask(&self, db: &Db) -> Result<bool, Error> {
        let (name, holder, now) = (self.name, self.holder, self.clock.now());
        let ends = now.plus(self.lasts);
        db.write("lease.acquire", move |connection| {
            Box::pin(async move {
                let query = sql_query(
                    "INSERT INTO leases (name, holder, ends) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE \
                     SET holder = excluded.holder, ends = excluded.ends \
                     WHERE leases.holder = excluded.holder OR leases.ends <= $4",
                );
                let query = query.bind::<Text, _>(name).bind::<sql::Uuid, _>(holder);
                let query = Cached(query.bind::<Instant, _>(ends).bind::<Instant, _>(now));
                Ok(on!(connection, conn => query.execute(conn).await)? > 0)
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use kit_base::Timestamp;

    use super::*;
    use crate::testing::{Backend, Database, run_script};

    crate::on_each_backend!(one_replica_holds_a_lease_until_it_is_not_seen_any_more);

    const ROUND: Duration = Duration::from_secs(60);

    async fn one_replica_holds_a_lease_until_it_is_not_seen_any_more(backend: Backend) {
        let database = Database::new(backend, "leases").await;
        let table = match backend {
            Backend::Sqlite => {
                "CREATE TABLE leases (name TEXT PRIMARY KEY, holder BLOB, ends INTEGER)"
            }
            Backend::Postgres => {
                "CREATE TABLE leases (name text PRIMARY KEY, holder uuid, ends timestamptz)"
            }
        };
        run_script(&database.url, table).await;
        let db = Db::open(&database.url, &crate::Limits::default()).unwrap();
        db.up().await.unwrap();
        let clock = Clock::fixed(Timestamp::from_seconds(1_800_000_000));
        let [one, other] = [(); 2].map(|()| Lease::new("counting", ROUND, &clock));
        let elsewhere = Lease::new("cleaning", ROUND, &clock);
        let both = async || {
            let (one, other) = tokio::join!(one.acquire(&db), other.acquire(&db));
            [one.unwrap(), other.unwrap()]
        };
        let first = both().await;
        assert!(first[0] != first[1], "one of two that ask at once: {first:?}");
        for _ in 0..5 {
            clock.advance(ROUND);
            assert_eq!(both().await, first, "it keeps it");
        }
        assert!(elsewhere.acquire(&db).await.unwrap(), "another one is free");
        let (holder, waiting) = if first[0] { (&one, &other) } else { (&other, &one) };
        clock.advance(ROUNDS * ROUND - Duration::from_micros(1));
        assert!(!waiting.acquire(&db).await.unwrap());
        clock.advance(Duration::from_micros(1));
        assert!(waiting.acquire(&db).await.unwrap(), "its holder was not seen for so long");
        assert!(!holder.acquire(&db).await.unwrap());
        run_script(&database.url, "DROP TABLE leases").await;
        assert!(waiting.acquire(&db).await.is_err());
    }
}
