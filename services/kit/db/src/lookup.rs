//! Reads by key that come at the same time and go to the database as one statement: there it costs little more than one of them.
use std::{
    collections::HashMap,
    hash::Hash,
    mem,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use kit_base::{error::Absent, work};
use tokio::sync::oneshot;

use crate::{Db, Error, metrics};

/// How many keys go along in one statement.
const MOST_KEYS: usize = 256;
/// How many statements of one lookup are under way at once. What comes meanwhile waits, and goes along with the next.
const MOST_UNDER_WAY: usize = 4;

/// How long one statement may keep its place: a connection that has fallen silent must not take all of them.
const LONGEST: Duration = Duration::from_secs(1);

/// Reads rows by keys, in any order; a key without a row is left out.
pub type Load<K, R> = fn(Db, Vec<K>) -> BoxFuture<'static, Result<Vec<(K, R)>, Error>>;

/// Gathers reads by key. A clone goes along with its original.
pub struct Lookup<K, R>(Arc<Shared<K, R>>);

struct Shared<K, R> {
    db: Db,
    name: &'static str,
    load: Load<K, R>,
    queue: Mutex<Queue<K, R>>,
}

/// A key, and whom to tell.
type Asked<K, R> = (K, oneshot::Sender<Result<Option<R>, Error>>);

struct Queue<K, R> {
    waiting: Vec<Asked<K, R>>,
    /// Somebody is about to take what waits.
    gathering: bool,
    under_way: usize,
}

impl<K, R> Clone for Lookup<K, R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, R> Lookup<K, R>
where
    K: Copy + Eq + Hash + Send + Sync + 'static,
    R: Clone + Send + Sync + 'static,
{
    /// Of what `load` reads by the query of this name.
    pub fn new(db: Db, name: &'static str, load: Load<K, R>) -> Self {
        let queue = Mutex::new(Queue { waiting: vec![], gathering: false, under_way: 0 });
        Self(Arc::new(Shared { db, name, load, queue }))
    }

    /// The row of a key, as it is at some moment after the call.
    pub async fn find(&self, key: K) -> Result<Option<R>, Error> {
        // The statement itself is of many requests, and of none.
        let step = metrics::begin(self.0.db.system(), self.0.name);
        let (teller, answer) = oneshot::channel();
        if self.0.queue().add((key, teller)) {
            work::detach(self.0.clone().serve());
        }
        let gone =
            |_| Err(Error::Unavailable(Absent::new(anyhow::anyhow!("the read was given up"))));
        let found = answer.await.unwrap_or_else(gone);
        metrics::end(step, found.is_ok());
        found
    }
}

impl<K, R> Queue<K, R> {
    /// Puts a key to the others: whether the caller has to see to them.
    fn add(&mut self, asked: Asked<K, R>) -> bool {
        self.waiting.push(asked);
        self.may_gather()
    }

    /// Whether the caller has to see to what waits.
    fn may_gather(&mut self) -> bool {
        let begins = !self.waiting.is_empty() && !self.gathering && self.under_way < MOST_UNDER_WAY;
        self.gathering |= begins;
        begins
    }

    /// What goes along with the next statement.
    fn next_batch(&mut self) -> Vec<Asked<K, R>> {
        let rest = self.waiting.split_off(self.waiting.len().min(MOST_KEYS));
        self.gathering = false;
        self.under_way += 1;
        mem::replace(&mut self.waiting, rest)
    }

    /// A statement was answered: whether the caller has to see to what came meanwhile.
    fn is_left(&mut self) -> bool {
        self.under_way -= 1;
        self.may_gather()
    }
}

impl<K, R> Shared<K, R>
where
    K: Copy + Eq + Hash + Send + Sync + 'static,
    R: Clone + Send + Sync + 'static,
{
    fn queue(&self) -> MutexGuard<'_, Queue<K, R>> {
        self.queue.lock().expect("nothing panics while it holds this lock")
    }

    /// Reads what waits, until nothing does.
    async fn serve(self: Arc<Self>) {
        loop {
            // Behind all tasks that can run: what they have to ask goes along.
            tokio::task::yield_now().await;
            let asked = self.queue().next_batch();
            self.answer(asked).await;
            if !self.queue().is_left() {
                return;
            }
        }
    }

    async fn answer(&self, asked: Vec<Asked<K, R>>) {
        let keys = asked.iter().filter(|(_, answer)| !answer.is_closed()).map(|(key, _)| *key);
        let keys: Vec<K> = keys.collect();
        if keys.is_empty() {
            return;
        }
        match self.read(keys).await {
            Ok(rows) => {
                let rows: HashMap<K, R> = rows.into_iter().collect();
                for (key, answer) in asked {
                    _ = answer.send(Ok(rows.get(&key).cloned()));
                }
            }
            Err(error) => {
                for (_, answer) in asked {
                    _ = answer.send(Err(error.told_again()));
                }
            }
        }
    }

    /// No statement keeps its place for ever, and none that breaks takes it along.
    async fn read(&self, keys: Vec<K>) -> Result<Vec<(K, R)>, Error> {
        let reading = AssertUnwindSafe((self.load)(self.db.clone(), keys)).catch_unwind();
        let silence = || Absent::new(anyhow::anyhow!("no answer within {LONGEST:?}"));
        match tokio::time::timeout(LONGEST, reading).await {
            Ok(Ok(found)) => found,
            Ok(Err(_)) => Err(Error::Query(anyhow::anyhow!("reading panicked"))),
            Err(_) => Err(Error::Unavailable(silence())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use futures_util::future::join_all;

    use super::*;
    use crate::{
        Limits,
        testing::{Backend, Database},
    };

    /// A lookup that `load` answers, and the database beside which it does.
    async fn lookup<R>(load: Load<usize, R>) -> (Lookup<usize, R>, Database)
    where
        R: Clone + Send + Sync + 'static,
    {
        let database = Database::new(Backend::Sqlite, "lookup").await;
        let db = Db::open(&database.url, &Limits::default()).unwrap();
        (Lookup::new(db, "test.get", load), database)
    }

    #[tokio::test]
    async fn reads_that_come_at_the_same_time_are_one_statement() {
        static STATEMENTS: AtomicUsize = AtomicUsize::new(0);
        let (tens, _database) = lookup(|_, keys: Vec<usize>| {
            STATEMENTS.fetch_add(1, SeqCst);
            let even = keys.into_iter().filter(|key| key % 2 == 0);
            async move { Ok(even.map(|key| (key, 10 * key)).collect()) }.boxed()
        })
        .await;
        let found = join_all([1, 2, 2, 4].map(|key| tens.find(key))).await;
        let found: Vec<_> = found.into_iter().map(Result::unwrap).collect();
        assert_eq!(found, [None, Some(20), Some(20), Some(40)]);
        assert_eq!(STATEMENTS.load(SeqCst), 1);
        let many = join_all((0..2 * MOST_KEYS).map(|key| tens.find(key))).await;
        assert!(
            many.into_iter().enumerate().all(|(key, found)| {
                found.unwrap() == key.is_multiple_of(2).then_some(10 * key)
            })
        );
        assert_eq!(STATEMENTS.load(SeqCst), 3, "so many keys at most");
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_while_statements_are_under_way_waits_for_one_of_them() {
        static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        let (slow, _database) = lookup(|_, keys: Vec<usize>| {
            async move {
                MOST.fetch_max(UNDER_WAY.fetch_add(1, SeqCst) + 1, SeqCst);
                tokio::time::sleep(LONGEST / 2).await;
                UNDER_WAY.fetch_sub(1, SeqCst);
                Ok(keys.into_iter().map(|key| (key, ())).collect())
            }
            .boxed()
        })
        .await;
        let reads = (0..100).map(|key| {
            let slow = slow.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(10 * key as u64)).await;
                slow.find(key).await
            }
        });
        let found = join_all(reads).await;
        assert!(found.into_iter().all(|found| found.unwrap() == Some(())));
        assert_eq!(MOST.load(SeqCst), MOST_UNDER_WAY);
    }

    #[tokio::test]
    async fn a_failure_is_told_to_all_who_waited_and_ends_with_them() {
        static CALLS: AtomicUsize = AtomicUsize::new(0);
        let (broken, _database) = lookup(|_, keys: Vec<usize>| {
            let works = CALLS.fetch_add(1, SeqCst) > 0;
            let rows = keys.into_iter().map(|key| (key, ())).collect();
            let failure = || Error::Query(anyhow::anyhow!("no such table").context("task.get"));
            async move { works.then_some(rows).ok_or_else(failure) }.boxed()
        })
        .await;
        for found in join_all([1, 2, 3].map(|key| broken.find(key))).await {
            let Err(Error::Query(cause)) = found else { panic!("{found:?}") };
            assert_eq!(format!("{cause:#}"), "task.get: no such table");
        }
        assert_eq!(broken.find(1).await.unwrap(), Some(()));
    }

    #[tokio::test(start_paused = true)]
    async fn statements_that_hang_or_panic_give_their_places_back() {
        let (bad, _database) = lookup(|_, keys: Vec<usize>| {
            async move {
                match keys[0] % 3 {
                    0 => std::future::pending().await,
                    1 => panic!("for the test"),
                    _ => Ok(keys.into_iter().map(|key| (key, ())).collect()),
                }
            }
            .boxed()
        })
        .await;
        for key in 0..6 * MOST_UNDER_WAY {
            let found = bad.find(key).await;
            match key % 3 {
                0 => assert!(matches!(found, Err(Error::Unavailable(_)))),
                1 => assert!(matches!(found, Err(Error::Query(_)))),
                _ => assert_eq!(found.unwrap(), Some(())),
            }
        }
    }

    #[tokio::test]
    async fn who_has_gone_is_not_looked_up_for() {
        static KEYS: AtomicUsize = AtomicUsize::new(0);
        let (counted, _database) = lookup(|_, keys: Vec<usize>| {
            KEYS.fetch_add(keys.len(), SeqCst);
            async move { Ok(keys.into_iter().map(|key| (key, ())).collect()) }.boxed()
        })
        .await;
        assert!(counted.find(1).now_or_never().is_none());
        assert_eq!(counted.find(2).await.unwrap(), Some(()));
        assert_eq!(KEYS.load(SeqCst), 1);
    }
}
