//! Carries out writes, one scope at a time and as many at once as are waiting: they share a lock, a trip to the database and a
//! flush to disk, and each still succeeds or fails on its own. See docs/adr/0002-writes-share-a-unit-of-work.md.
use std::{
    any::Any,
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use kit_base::Clock;
use kit_db::Db;
use tokio::{sync::oneshot, time::Instant};

use super::{
    change::Actor,
    command::{Answer, Command},
    error,
    feed::Feed,
    keys::UsedKey,
    metrics,
    unit::Unit,
};
use crate::{Error, ids::ScopeId};

/// Writes that share a unit of work.
const MOST_TOGETHER: usize = 64;
/// Writes that may wait for a scope.
const MOST_WAITING: usize = 1024;

/// A write, and who wants it until when.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) actor: Actor,
    pub(crate) key: Option<Key>,
    pub(crate) command: Box<dyn Command>,
    pub(crate) deadline: Instant,
}

/// An idempotency key, and what it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) key: String,
    /// SHA-256 of the method and the message.
    pub(crate) fingerprint: Vec<u8>,
}

/// What a write came to.
pub(crate) enum Done {
    /// It was carried out now: the message.
    Fresh(Box<dyn Any + Send>),
    /// It was carried out before, under the same key: the message of then, encoded.
    Replayed(Vec<u8>),
}

struct Waiting {
    write: Submission,
    done: oneshot::Sender<Result<Done, Error>>,
}

/// See the module.
#[derive(Clone)]
pub(crate) struct Writer {
    db: Db,
    clock: Clock,
    feed: Feed,
    queues: Arc<Mutex<HashMap<ScopeId, VecDeque<Waiting>>>>,
}

impl Writer {
    pub(crate) fn new(db: Db, clock: Clock, feed: Feed) -> Self {
        Self { db, clock, feed, queues: Arc::default() }
    }

    /// Carries out a write and tells what came of it. When the caller hangs up, it may still be carried out.
    pub(crate) async fn submit(&self, scope: ScopeId, write: Submission) -> Result<Done, Error> {
        let (done, outcome) = oneshot::channel();
        if self.enqueue(scope, Waiting { write, done })? {
            let working = Working { writer: self.clone(), scope };
            kit_base::work::spawn(async move { working.drain().await });
        }
        outcome.await.unwrap_or(Err(error::Error::Busy.into()))
    }

    /// Puts a write in the scope's queue; true when nobody works on it yet.
    fn enqueue(&self, scope: ScopeId, waiting: Waiting) -> Result<bool, Error> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = !queues.contains_key(&scope);
        let queue = queues.entry(scope).or_default();
        if queue.len() >= MOST_WAITING {
            return Err(error::Error::Busy.into());
        }
        queue.push_back(waiting);
        Ok(idle)
    }

    /// The next writes of a scope; none, and the queue is gone, when nobody waits.
    fn next_writes(&self, scope: ScopeId) -> Vec<Waiting> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(queue) = queues.get_mut(&scope) else { return vec![] };
        let together = queue.drain(..queue.len().min(MOST_TOGETHER)).collect::<Vec<_>>();
        if together.is_empty() {
            queues.remove(&scope);
        }
        together
    }

    async fn carry_out(&self, scope: ScopeId, waiting: Vec<Waiting>) {
        let (writes, askers): (Vec<_>, Vec<_>) =
            waiting.into_iter().map(|waiting| (waiting.write, waiting.done)).unzip();
        let outcomes = match self.attempt(scope, &writes).await {
            Ok(outcomes) => outcomes,
            // One of them asked for what the database cannot do. Alone, each fares as it deserves.
            Err(Error::Database(error)) if writes.len() > 1 && !error.is_passing() => {
                let mut outcomes = vec![];
                for write in writes.chunks(1) {
                    outcomes.extend(match self.attempt(scope, write).await {
                        Ok(outcomes) => outcomes,
                        Err(error) => vec![Err(error)],
                    });
                }
                outcomes
            }
            Err(error) => writes.iter().map(|_| Err(error.clone())).collect(),
        };
        for (done, outcome) in askers.into_iter().zip(outcomes) {
            _ = done.send(outcome);
        }
    }

    /// All writes in one unit of work. An error is of the database, and means that none of them was acknowledged.
    async fn attempt(
        &self,
        scope: ScopeId,
        writes: &[Submission],
    ) -> Result<Vec<Result<Done, Error>>, Error> {
        let started = Instant::now();
        metrics::count_unit(writes.len());
        let outcomes = self.run_unit(scope, writes).await;
        kit_db::metrics::database_operation(
            self.db.system(),
            "unit.write",
            started.elapsed(),
            outcomes.is_ok(),
        );
        outcomes
    }

    async fn run_unit(
        &self,
        scope: ScopeId,
        writes: &[Submission],
    ) -> Result<Vec<Result<Done, Error>>, Error> {
        let keys: Vec<_> = writes
            .iter()
            .filter_map(|write| Some((write.actor.user_id, write.key.as_ref()?.key.clone())))
            .collect();
        let wanted = writes.iter().flat_map(|write| write.command.wanted()).collect();
        let connection = self.db.acquire().await?;
        let mut unit = Unit::begin(connection, self.clock.clone(), scope, &keys, wanted).await?;
        let mut outcomes = Vec::with_capacity(writes.len());
        for write in writes {
            match run_write(&mut unit, write).await {
                Err(error @ Error::Database(_)) => {
                    unit.abandon().await;
                    return Err(error);
                }
                outcome => outcomes.push(outcome),
            }
        }
        let sequence = unit.scope.sequence;
        unit.commit().await?;
        self.feed.announce(scope, sequence);
        Ok(outcomes)
    }
}

/// Works on the queue of a scope until it is empty. Whatever ends it, the queue is given up, so that the next write begins anew.
struct Working {
    writer: Writer,
    scope: ScopeId,
}

impl Working {
    async fn drain(&self) {
        loop {
            let waiting = self.writer.next_writes(self.scope);
            if waiting.is_empty() {
                return;
            }
            let (wanted, expired): (Vec<_>, Vec<_>) =
                waiting.into_iter().partition(Waiting::is_wanted);
            for Waiting { write: _, done } in expired {
                _ = done.send(Err(error::Error::Expired.into()));
            }
            if !wanted.is_empty() {
                self.writer.carry_out(self.scope, wanted).await;
            }
        }
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut queues = self.writer.queues.lock().unwrap_or_else(PoisonError::into_inner);
            // Those who wait are told so by their channels.
            queues.remove(&self.scope);
        }
    }
}

impl Waiting {
    /// Whether somebody still waits for it.
    fn is_wanted(&self) -> bool {
        !self.done.is_closed() && self.write.deadline > Instant::now()
    }
}

/// One write of a unit: what it answered before, if its key was used, or what it answers now.
async fn run_write(unit: &mut Unit, write: &Submission) -> Result<Done, Error> {
    let Submission { actor, key, command, deadline: _ } = write;
    if let Some(Key { key, fingerprint }) = key
        && let Some(used) = unit.used_key(actor.user_id, key)
    {
        if used.fingerprint != *fingerprint {
            return Err(error::Error::KeyReused.into());
        }
        return Ok(Done::Replayed(used.reply.clone()));
    }
    let Answer { message, encoded } = command.run(unit, actor).await?;
    metrics::count_write(command.label());
    if let Some(Key { key, fingerprint }) = key {
        unit.use_key(UsedKey {
            scope_id: unit.scope.id,
            user_id: actor.user_id,
            key: key.clone(),
            fingerprint: fingerprint.clone(),
            reply: encoded,
            created_at: unit.now,
        });
    }
    Ok(Done::Fresh(message))
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use diesel_async::SimpleAsyncConnection as _;
    use futures_util::future::{BoxFuture, FutureExt as _, join_all};
    use kit_base::{Fault as _, error::Absent};
    use kit_db::{statement, testing::Backend};
    use proto::tasks::v1;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::{journal::stored::Wanted, migrations::tests::Store, tasks};

    kit_db::on_each_backend!(
        of_writes_that_wait_together_each_fares_as_it_deserves,
        a_database_that_is_gone_is_not_asked_again_for_each_write,
        a_write_that_panics_does_not_keep_its_queue,
        what_is_not_wanted_any_more_is_not_carried_out,
        a_scope_takes_no_more_writes_than_it_can_hold,
    );

    /// What a write of a test does.
    #[derive(Clone, Copy, Debug)]
    enum Act {
        Succeed,
        Refuse,
        BreakTheDatabase,
        LoseTheDatabase,
        Panic,
        /// Until the gate is opened.
        Wait,
    }

    /// Writes of a test, of which only one at a time is carried out.
    struct Writes {
        store: Store,
        gates: Arc<Gates>,
    }

    #[derive(Debug)]
    struct Gates {
        entered: Semaphore,
        left: Semaphore,
        carried_out: AtomicUsize,
    }

    #[derive(Debug)]
    struct Fake {
        act: Act,
        gates: Arc<Gates>,
    }

    impl Command for Fake {
        fn label(&self) -> [&'static str; 2] {
            ["task", "create"]
        }

        fn wanted(&self) -> Vec<Wanted> {
            vec![]
        }

        fn run<'u>(
            &'u self,
            unit: &'u mut Unit,
            _: &'u Actor,
        ) -> BoxFuture<'u, Result<Answer, Error>> {
            async move {
                match self.act {
                    Act::Succeed => {}
                    Act::Refuse => return Err(tasks::error::Error::NotFound.into()),
                    Act::BreakTheDatabase => {
                        let query = statement!(conn => conn.batch_execute("SELECT a FROM b").await);
                        unit.query(query).await?;
                    }
                    Act::LoseTheDatabase => {
                        self.gates.carried_out.fetch_add(1, Ordering::SeqCst);
                        let gone = Absent::new(anyhow::anyhow!("the server went away"));
                        return Err(kit_db::Error::Unavailable(gone).into());
                    }
                    Act::Panic => panic!("as a fault of ours would"),
                    Act::Wait => {
                        self.gates.entered.add_permits(1);
                        drop(self.gates.left.acquire().await);
                    }
                }
                self.gates.carried_out.fetch_add(1, Ordering::SeqCst);
                Ok(Answer::new(v1::DeleteTaskResponse {}))
            }
            .boxed()
        }
    }

    impl Writes {
        async fn new(backend: Backend) -> Self {
            let (entered, left) = (Semaphore::new(0), Semaphore::new(0));
            let gates = Arc::new(Gates { entered, left, carried_out: AtomicUsize::new(0) });
            Self { store: Store::new(backend).await, gates }
        }

        fn submission(&self, act: Act) -> Submission {
            self.store.submission(Fake { act, gates: Arc::clone(&self.gates) })
        }

        fn carried_out(&self) -> usize {
            self.gates.carried_out.load(Ordering::SeqCst)
        }

        async fn submit(&self, submission: Submission) -> Result<(), &'static str> {
            let outcome = self.store.writer.submit(self.store.scope, submission).await;
            outcome.map(drop).map_err(|error| error.fault().1)
        }

        /// What comes of `others`, which begin while a write is being carried out; it ends when they have been polled once.
        async fn behind_another<T>(&self, others: impl Future<Output = T>) -> T {
            let others = async {
                self.gates.entered.acquire().await.unwrap().forget();
                let open = async { self.gates.left.add_permits(1) };
                tokio::join!(others, open).0
            };
            let (first, outcome) = tokio::join!(self.submit(self.submission(Act::Wait)), others);
            assert_eq!(first, Ok(()));
            self.gates.left.forget_permits(1);
            outcome
        }

        async fn together(&self, submissions: Vec<Submission>) -> Vec<Result<(), &'static str>> {
            let others = submissions.into_iter().map(|submission| self.submit(submission));
            self.behind_another(join_all(others)).await
        }
    }

    async fn of_writes_that_wait_together_each_fares_as_it_deserves(backend: Backend) {
        let writes = Writes::new(backend).await;
        let acts = [Act::Succeed, Act::Refuse, Act::BreakTheDatabase, Act::Succeed, Act::Refuse];
        let outcomes = writes.together(acts.map(|act| writes.submission(act)).into()).await;
        let (done, refused) = (Ok(()), Err("TASK_NOT_FOUND"));
        assert_eq!(outcomes, [done, refused, Err("INTERNAL"), done, refused]);
        let alone = writes.submit(writes.submission(Act::BreakTheDatabase)).await;
        assert_eq!(alone, Err("INTERNAL"));
        assert_eq!(writes.submit(writes.submission(Act::Succeed)).await, Ok(()));
    }

    async fn a_database_that_is_gone_is_not_asked_again_for_each_write(backend: Backend) {
        let writes = Writes::new(backend).await;
        let acts = [Act::LoseTheDatabase, Act::Succeed, Act::LoseTheDatabase];
        let outcomes = writes.together(acts.map(|act| writes.submission(act)).into()).await;
        assert_eq!(outcomes, [Err("DATABASE_UNAVAILABLE"); 3], "none of them was kept");
        assert_eq!(writes.carried_out(), 2, "the first, and the one that lost it");
        assert_eq!(writes.submit(writes.submission(Act::Succeed)).await, Ok(()));
    }

    async fn a_write_that_panics_does_not_keep_its_queue(backend: Backend) {
        let writes = Writes::new(backend).await;
        assert_eq!(writes.submit(writes.submission(Act::Panic)).await, Err("BUSY"));
        // Who comes while the queue is given up is told to come again.
        for _ in 0..100 {
            if writes.submit(writes.submission(Act::Succeed)).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nothing is written any more");
    }

    async fn what_is_not_wanted_any_more_is_not_carried_out(backend: Backend) {
        let writes = Writes::new(backend).await;
        let late = Submission { deadline: Instant::now(), ..writes.submission(Act::Succeed) };
        let outcomes = writes.together(vec![late, writes.submission(Act::Succeed)]).await;
        assert_eq!(outcomes, [Err("DEADLINE_EXCEEDED"), Ok(())]);
        assert_eq!(writes.carried_out(), 2, "the first, and the one in time");

        let left = writes.submit(writes.submission(Act::Succeed));
        let left = async { left.now_or_never() };
        assert_eq!(writes.behind_another(left).await, None, "its caller has gone");
        assert_eq!(writes.submit(writes.submission(Act::Succeed)).await, Ok(()));
        assert_eq!(writes.carried_out(), 4);
    }

    async fn a_scope_takes_no_more_writes_than_it_can_hold(backend: Backend) {
        let writes = Writes::new(backend).await;
        let most = MOST_WAITING + 2;
        let submissions = (0..most).map(|_| writes.submission(Act::Succeed));
        let outcomes = writes.together(submissions.collect()).await;
        assert!(outcomes[..MOST_WAITING].iter().all(Result::is_ok));
        assert_eq!(outcomes[MOST_WAITING..], [Err("BUSY"); 2]);
        assert_eq!(writes.submit(writes.submission(Act::Succeed)).await, Ok(()));
    }
}
