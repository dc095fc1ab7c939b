mod bounds;
mod refused;

use std::sync::atomic::{AtomicUsize, Ordering};

use diesel_async::SimpleAsyncConnection as _;
use futures_util::future::{BoxFuture, FutureExt as _, join_all};
use kit_base::{Fault as _, error::Absent, testing::eventually};
use kit_db::{statement, testing::Backend};
use proto::tasks::v1;
use tokio::sync::Semaphore;

use super::*;
use crate::{
    ids::{TaskId, UserId},
    journal::{
        change::{Actor, Operation},
        command::{Answer, Command},
        stored::Wanted,
    },
    migrations::tests::Store,
    tasks::{self, rules::TaskFields},
};

kit_db::on_each_backend!(
    of_writes_that_wait_together_each_fares_as_it_deserves,
    a_write_that_takes_too_long_takes_no_other_with_it,
    a_write_that_breaks_the_end_of_its_unit_is_found_among_the_others,
    a_database_that_is_gone_is_not_asked_again_for_each_write,
    a_row_that_cannot_be_read_is_the_fault_of_who_asks_for_it,
    a_write_that_panics_does_not_keep_its_queue,
    what_panics_outside_of_a_write_gives_up_its_queue,
    what_is_not_wanted_any_more_is_not_carried_out,
);

/// What a write of a test does.
#[derive(Clone, Copy, Debug)]
enum Act {
    Succeed,
    Refuse,
    SaveAndRefuse,
    BreakTheDatabase,
    LoseTheDatabase,
    TakeTooLong,
    /// Leaves something that cannot be written when all is.
    BreakTheEnd,
    Panic,
    /// Before it is carried out, when it is asked what it needs.
    PanicBefore,
    /// Until the gate is opened.
    Wait,
    /// As much as is taken for little, or one byte more, and for as long as [`LONG`].
    WriteLittle,
    WriteMuch,
    /// And is refused, after as long.
    LookAtMany,
}

const LONG: Duration = Duration::from_millis(200);

/// Writes of a test, of which only one at a time is carried out.
struct Writes {
    label: &'static str,
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
    label: &'static str,
    gates: Arc<Gates>,
}

impl Command for Fake {
    fn label(&self) -> [&'static str; 2] {
        ["fake", self.label]
    }

    fn frees(&self) -> bool {
        false
    }

    fn wanted(&self) -> Vec<Wanted> {
        assert!(!matches!(self.act, Act::PanicBefore), "as a fault of ours would");
        vec![]
    }

    fn run<'u>(
        &'u self,
        unit: &'u mut Unit,
        actor: &'u Actor,
    ) -> BoxFuture<'u, Result<Answer, Error>> {
        async move {
            match self.act {
                Act::Succeed | Act::PanicBefore => {}
                Act::Refuse => return Err(tasks::error::Error::NotFound.into()),
                Act::SaveAndRefuse => {
                    unit.save(refused::some_project(unit), Operation::Create, actor).await?;
                    return Err(tasks::error::Error::NotFound.into());
                }
                Act::BreakTheDatabase => {
                    let none = |()| Vec::<()>::new();
                    let query =
                        statement!(conn => conn.batch_execute("SELECT a FROM b").await.map(none));
                    unit.query(query).await?;
                }
                Act::LoseTheDatabase => {
                    self.gates.carried_out.fetch_add(1, Ordering::SeqCst);
                    let gone = Absent::new(anyhow::anyhow!("the server went away"));
                    return Err(kit_db::Error::Unavailable(gone).into());
                }
                Act::TakeTooLong => {
                    let late = Absent::new(anyhow::anyhow!("canceling statement due to timeout"));
                    return Err(kit_db::Error::GivenUp(late).into());
                }
                Act::BreakTheEnd => (0..2).for_each(|_| unit.use_key(some_key(unit))),
                Act::Panic => panic!("as a fault of ours would"),
                Act::WriteLittle | Act::WriteMuch => {
                    let more = usize::from(matches!(self.act, Act::WriteMuch));
                    unit.usage.write(unit.now, LARGE as usize + more);
                    sleep(LONG).await;
                }
                Act::LookAtMany => {
                    unit.rows_read += MANY + 1;
                    sleep(LONG).await;
                    return Err(tasks::error::Error::NotFound.into());
                }
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

/// A key that is nobody's.
fn some_key(unit: &Unit) -> UsedKey {
    let (scope_id, user_id, key) = (unit.scope.id, UserId(uuid::Uuid::nil()), "k".to_owned());
    let (fingerprint, reply) = (vec![], vec![]);
    UsedKey { scope_id, user_id, key, fingerprint, reply, created_at: unit.now }
}

impl Writes {
    async fn new(backend: Backend) -> Self {
        let (entered, left) = (Semaphore::new(0), Semaphore::new(0));
        let gates = Arc::new(Gates { entered, left, carried_out: AtomicUsize::new(0) });
        Self { label: "write", store: Store::new(backend).await, gates }
    }

    fn submission(&self, act: Act) -> Submission {
        let (label, gates) = (self.label, Arc::clone(&self.gates));
        self.store.submission(Fake { act, label, gates })
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
    let label = match backend {
        Backend::Sqlite => "counted on SQLite",
        Backend::Postgres => "counted on PostgreSQL",
    };
    let writes = Writes { label, ..Writes::new(backend).await };
    let acts = [
        Act::Succeed,
        Act::Refuse,
        Act::BreakTheDatabase,
        Act::Succeed,
        Act::Panic,
        Act::Refuse,
        Act::BreakTheDatabase,
        Act::Succeed,
    ];
    let outcomes = writes.together(acts.map(|act| writes.submission(act)).into()).await;
    let (done, refused, broken) = (Ok(()), Err("TASK_NOT_FOUND"), Err("INTERNAL"));
    assert_eq!(outcomes, [done, refused, broken, done, broken, refused, broken, done]);
    let line = format!(r#"errand_tasks_writes_total{{object="fake",operation="{label}"}} "#);
    let counted = kit_base::metrics::text();
    let counted = counted.lines().find_map(|told| told.strip_prefix(&line));
    assert_eq!(counted, Some("4"), "each once, however often it was tried");
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

async fn a_write_that_takes_too_long_takes_no_other_with_it(backend: Backend) {
    let writes = Writes::new(backend).await;
    let acts = [Act::Succeed, Act::TakeTooLong, Act::Succeed];
    let outcomes = writes.together(acts.map(|act| writes.submission(act)).into()).await;
    assert_eq!(outcomes, [Ok(()), Err("DATABASE_UNAVAILABLE"), Ok(())]);
}

async fn a_write_that_breaks_the_end_of_its_unit_is_found_among_the_others(backend: Backend) {
    let writes = Writes::new(backend).await;
    let acts = [[Act::Succeed; 5].as_slice(), &[Act::BreakTheEnd], &[Act::Succeed; 7]].concat();
    let acts = acts.into_iter().map(|act| writes.submission(act));
    let mut outcomes = writes.together(acts.collect()).await;
    assert_eq!(outcomes.remove(5), Err("INTERNAL"));
    assert_eq!(outcomes, [Ok(()); 12]);
}

async fn a_row_that_cannot_be_read_is_the_fault_of_who_asks_for_it(backend: Backend) {
    let writes = Writes::new(backend).await;
    let [broken, well] = [1, 2].map(|number| TaskId(uuid::Uuid::from_u128(number)));
    for id in [broken, well] {
        let title = Some(id.to_string());
        let fields = Box::new(TaskFields { title, ..TaskFields::default() });
        let made =
            tasks::write::Write::Create { id: Some(id), project: None, parent: None, fields };
        writes.store.carries_out(made).await.unwrap();
    }
    writes.store.runs(format!("UPDATE tasks SET labels = '7' WHERE title = '{broken}'")).await;
    let deletes = [broken, well]
        .map(|id| writes.store.submission(tasks::write::Write::Delete { id, if_version: None }));
    assert_eq!(writes.together(deletes.into()).await, [Err("INTERNAL"), Ok(())]);
}

async fn a_write_that_panics_does_not_keep_its_queue(backend: Backend) {
    let writes = Writes::new(backend).await;
    assert_eq!(writes.submit(writes.submission(Act::Panic)).await, Err("INTERNAL"));
    assert_eq!(writes.submit(writes.submission(Act::Succeed)).await, Ok(()));
}

async fn what_panics_outside_of_a_write_gives_up_its_queue(backend: Backend) {
    let writes = Writes::new(backend).await;
    assert_eq!(writes.submit(writes.submission(Act::PanicBefore)).await, Err("BUSY"));
    // Who comes while the queue is given up is told to come again.
    eventually("something is written again", async || {
        writes.submit(writes.submission(Act::Succeed)).await.is_ok()
    })
    .await;
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
