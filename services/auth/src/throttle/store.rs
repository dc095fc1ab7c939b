use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Binary, Integer},
};
use diesel_async::RunQueryDsl;
use kit_base::Timestamp;
use kit_db::{Cached, Connection, Db, housekeeping::Sweep, on, sql::Instant, statement};
use ring::hmac;

use super::{error::Error as ThrottleError, row::attempts, rules::Subject};
use crate::{error::Error, store::optional};

/// Counts are forgotten by when they were last touched.
pub(crate) const SWEEP: Sweep = Sweep::by_age("attempts", "key", "seen_at");

/// Counts an attempt, unless none is let through yet. It also locks the row, so that attempts come one after the other.
const COUNT: &str = "INSERT INTO attempts (key, failures, open_at, seen_at) VALUES ($1, 1, $2, $3) \
    ON CONFLICT (key) DO UPDATE SET failures = attempts.failures + 1, seen_at = excluded.seen_at \
    WHERE attempts.open_at <= excluded.seen_at RETURNING failures";

/// When nothing has to be waited for. Not the moment of who writes it: one who came a moment before may be counted after.
const OPEN: Timestamp = Timestamp::from_microseconds(0);

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Integer)]
    failures: i32,
}

/// Something that attempts are counted by, and the row that counts them.
#[derive(Clone, Debug)]
pub(crate) struct Counter {
    subject: Subject,
    key: Vec<u8>,
}

impl Counter {
    /// The row of the subject; its key tells nothing without `hiding`.
    pub(crate) fn new(subject: Subject, hiding: &hmac::Key) -> Self {
        let key = hmac::sign(hiding, subject.text().as_bytes()).as_ref().to_vec();
        Self { subject, key }
    }
}

/// Counts an attempt as failed with every counter before its outcome is known, so that no number of them at once gets through;
/// TOO_MANY_ATTEMPTS, and nothing counted, when one of them lets none through yet.
pub(crate) async fn reserve(db: &Db, counters: Vec<Counter>, now: Timestamp) -> Result<(), Error> {
    db.write("attempt.reserve", move |connection| {
        Box::pin(async move {
            for counter in &counters {
                count(connection, counter, now).await?;
            }
            Ok(())
        })
    })
    .await
}

async fn count(
    connection: &mut Connection,
    Counter { subject, key }: &Counter,
    now: Timestamp,
) -> Result<(), Error> {
    let query =
        sql_query(COUNT).bind::<Binary, _>(key).bind::<Instant, _>(OPEN).bind::<Instant, _>(now);
    let counted =
        optional(on!(connection, conn => Cached(query).get_result::<Counted>(conn).await))?;
    let row = attempts::table.find(key);
    let Some(Counted { failures }) = counted else {
        let open_at: Timestamp =
            on!(connection, conn => row.select(attempts::open_at).first(conn).await)?;
        return Err(ThrottleError::TooManyAttempts { pause: open_at.since(now) }.into());
    };
    if let Some(pause) = subject.pause(failures) {
        let query = Cached(diesel::update(row).set(attempts::open_at.eq(now.plus(pause))));
        on!(connection, conn => query.execute(conn).await)?;
    }
    Ok(())
}

/// Takes back a reserved attempt that was not made after all.
pub(crate) async fn release(db: &Db, counters: Vec<Counter>) -> Result<(), Error> {
    db.write("attempt.release", move |connection| {
        Box::pin(async move { take_back(connection, counters.iter()).await })
    })
    .await
}

/// Forgets the failures before a success. What is shared only loses this attempt: an attacker succeeds too, with an account
/// of his own.
pub(crate) async fn settle(connection: &mut Connection, counters: &[Counter]) -> Result<(), Error> {
    let (shared, own): (Vec<_>, Vec<_>) =
        counters.iter().partition(|counter| counter.subject.is_shared());
    let forget = own.into_iter().map(|counter| {
        let row = diesel::delete(attempts::table.find(counter.key.clone()));
        statement!(conn => row.execute(conn).await.map(drop))
    });
    connection.send::<()>(forget.collect()).await?;
    take_back(connection, shared.into_iter()).await
}

async fn take_back(
    connection: &mut Connection,
    counters: impl Iterator<Item = &Counter> + Send,
) -> Result<(), Error> {
    for Counter { subject: _, key } in counters {
        let row = attempts::table.find(key).filter(attempts::failures.gt(0));
        let less = (attempts::failures.eq(attempts::failures - 1), attempts::open_at.eq(OPEN));
        on!(connection, conn => Cached(diesel::update(row).set(less)).execute(conn).await)?;
    }
    Ok(())
}
