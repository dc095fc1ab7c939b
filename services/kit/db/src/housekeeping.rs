//! Deleting what is too old: some rows at a time until there are none, and telling when that was so.
use std::time::Duration;

use diesel::{sql_query, sql_types::BigInt};
use diesel_async::RunQueryDsl as _;
use kit_base::{Clock, Stop, Timestamp};

use crate::{
    Cached, Db, Error,
    metrics::{HOUSEKEEPING_DELETED, HOUSEKEEPING_FINISHED},
    on,
    sql::Instant,
};

/// Between two transactions: on SQLite others write in them.
const PAUSE: Duration = Duration::from_millis(20);

/// Names what is kept in order, so that a rate has a beginning: it counts as in order from now on.
pub fn register(whats: &[&'static str], clock: &Clock) {
    for what in whats {
        drop(HOUSEKEEPING_DELETED.series(&[what]));
        finished(what, clock);
    }
}

/// Says that of `what` nothing is left that is too old.
pub fn finished(what: &'static str, clock: &Clock) {
    HOUSEKEEPING_FINISHED.set(&[what], clock.now().as_seconds());
}

/// Deletes some rows of `what` after others until there are none, or it is time to stop. Any number of replicas may do so at once.
pub async fn until_none<F, E>(
    what: &'static str,
    (clock, stop): (&Clock, &Stop),
    mut some: impl FnMut() -> F,
) -> Result<(), E>
where
    F: Future<Output = Result<usize, E>>,
{
    while !stop.is_cancelled() {
        let deleted = some().await?;
        HOUSEKEEPING_DELETED.series(&[what]).inc_by(u64::try_from(deleted).unwrap_or(0));
        if deleted == 0 {
            finished(what, clock);
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// What of a table goes when it is old.
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    /// The table.
    pub table: &'static str,
    /// Where it is read from: the table, with those that tell when it is old.
    pub from: &'static str,
    /// What names a row: a column, or some with commas between.
    pub key: &'static str,
    /// The column that tells since when it is of no use.
    pub age: &'static str,
}

impl Sweep {
    /// Of a table that tells by itself when a row is old.
    pub const fn by_age(table: &'static str, key: &'static str, age: &'static str) -> Self {
        Self { table, from: table, key, age }
    }
}

/// Deletes at most `limit` rows that are of no use since `before`, the oldest first, in a transaction called `operation`; gives how many.
/// Those that somebody else holds are left alone: a sibling deletes them, or they are not that old any more.
pub async fn remove(
    db: &Db,
    operation: &'static str,
    Sweep { table, from, key, age }: Sweep,
    before: Timestamp,
    limit: i64,
) -> Result<usize, Error> {
    db.write(operation, move |connection| {
        Box::pin(async move {
            let lock = connection.free_row_lock();
            let old =
                format!("SELECT {key} FROM {from} WHERE {age} < $1 ORDER BY {age} LIMIT $2{lock}");
            let query = sql_query(format!("DELETE FROM {table} WHERE ({key}) IN ({old})"));
            let query = Cached(query.bind::<Instant, _>(before).bind::<BigInt, _>(limit));
            Ok(on!(connection, conn => query.execute(conn).await)?)
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn told(what: &'static str) -> (u64, i64) {
        (HOUSEKEEPING_DELETED.series(&[what]).get(), HOUSEKEEPING_FINISHED.series(&[what]).get())
    }

    #[tokio::test(start_paused = true)]
    async fn it_goes_on_until_nothing_is_left_and_tells_when_that_was() {
        let (clock, stop) = (Clock::fixed(Timestamp::from_seconds(1_000)), Stop::new());
        register(&["done"], &clock);
        assert_eq!(told("done"), (0, 1_000));
        clock.advance(DAY);
        let rows = RefCell::new(vec![0, 3, 5, 5]);
        let some = || async { Ok::<_, ()>(rows.borrow_mut().pop().unwrap()) };
        let began = tokio::time::Instant::now();
        until_none("done", (&clock, &stop), some).await.unwrap();
        assert_eq!(began.elapsed(), 3 * PAUSE, "others write in between");
        assert_eq!((rows.borrow().len(), told("done")), (0, (13, 1_000 + 86_400)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_or_is_told_to_stop_is_not_done() {
        let (clock, stop) = (Clock::fixed(Timestamp::from_seconds(1_000)), Stop::new());
        register(&["undone"], &clock);
        clock.advance(DAY);
        let rows = RefCell::new(vec![Err("gone"), Ok(5)]);
        let some = || async { rows.borrow_mut().pop().unwrap() };
        assert_eq!(until_none("undone", (&clock, &stop), some).await, Err("gone"));
        let stops = || async {
            stop.cancel();
            Ok::<_, ()>(5)
        };
        until_none("undone", (&clock, &stop), stops).await.unwrap();
        until_none("undone", (&clock, &stop), || async { Err("asked") }).await.unwrap();
        assert_eq!(told("undone"), (10, 1_000), "what was done is counted");
    }
}
