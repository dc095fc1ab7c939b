//! Writes that share a unit of work, against the same writes one by one: nobody can tell which it was.
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _, join_all};
use kit_base::{Fault as _, testing::Random};
use kit_db::testing::Backend;
use proto::tasks::v1;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{
    Error, access,
    ids::{ObjectId, ProjectId, TaskId},
    journal::{
        self,
        change::Actor,
        command::{Answer, Command},
        stored::Wanted,
        unit::Unit,
    },
    migrations::tests::Store,
    projects,
    tasks::{
        row::{labels::Labels, names::Status},
        rules::TaskFields,
        write::{Beside, Place, Target, Write},
    },
    trash,
};

kit_db::on_each_backend!(writes_that_share_a_unit_end_as_if_each_had_been_alone);

/// Holds up the queue of a scope, so that what is submitted meanwhile is carried out together.
#[derive(Debug)]
struct Gate(Arc<Semaphore>);

impl Command for Gate {
    fn label(&self) -> [&'static str; 2] {
        ["task", "update"]
    }

    fn frees(&self) -> bool {
        true
    }

    fn wanted(&self) -> Vec<Wanted> {
        vec![]
    }

    fn run<'u>(&'u self, _: &'u mut Unit, _: &'u Actor) -> BoxFuture<'u, Result<Answer, Error>> {
        async {
            drop(self.0.acquire().await);
            Ok(Answer::new(v1::DeleteTaskResponse {}))
        }
        .boxed()
    }
}

/// What writes are about, by chance.
struct Draw(Random);

impl Draw {
    /// One of so few ids that most writes concern what others wrote.
    fn task(&mut self) -> TaskId {
        TaskId(Uuid::from_u128(10 + self.0.below(12) as u128))
    }

    fn project(&mut self) -> ProjectId {
        ProjectId(Uuid::from_u128(100 + self.0.below(2) as u128))
    }

    fn thrown(&mut self) -> ObjectId {
        if self.0.below(4) == 0 { self.project().into() } else { self.task().into() }
    }

    fn fields(&mut self) -> Box<TaskFields> {
        let statuses =
            [Status::NeedsAction, Status::InProcess, Status::Completed, Status::Cancelled];
        let status = statuses.into_iter().nth(self.0.below(7));
        let labels = (self.0.below(2) == 0).then(|| Labels(vec![self.0.below(3).to_string()]));
        let title = Some(self.0.below(3).to_string());
        Box::new(TaskFields { title, status, labels, ..TaskFields::default() })
    }

    fn place(&mut self) -> Target {
        let place = match self.0.below(3) {
            0 => Place::Stay,
            1 => Place::Under(self.task()),
            _ => Place::TopOf(self.project()),
        };
        let beside = match self.0.below(4) {
            0 => Beside::Before(self.task()),
            1 => Beside::After(self.task()),
            _ => Beside::AtEnd,
        };
        Target { place, beside }
    }
}

/// What is carried out: both stores get the same of these.
#[derive(Clone, Debug)]
enum Any {
    Task(Write),
    Project(projects::write::Write),
    Trash(trash::write::Write),
}

impl Any {
    fn next(random: &mut Draw) -> Self {
        let (id, if_version) = (random.task(), None);
        match random.0.below(16) {
            0..=4 => {
                let parent = (random.0.below(2) == 0).then(|| random.task());
                let project = (random.0.below(2) == 0).then(|| random.project());
                let (project, fields) = (project.filter(|_| parent.is_none()), random.fields());
                Self::Task(Write::Create { id: Some(id), project, parent, fields })
            }
            5..=6 => {
                let if_version = Some(1).filter(|_| random.0.below(3) == 0);
                Self::Task(Write::Update { id, fields: random.fields(), if_version })
            }
            7 => Self::Task(Write::Complete { id, if_version }),
            8 => Self::Task(Write::Reopen { id, if_version }),
            9..=10 => Self::Task(Write::Move { id, to: random.place(), if_version }),
            11 => Self::Task(Write::Delete { id, if_version }),
            12 => Self::Trash(trash::write::Write::Purge { id: random.thrown() }),
            13 => Self::Trash(trash::write::Write::Restore { id: random.thrown() }),
            14 => {
                let (id, name) = (Some(random.project()), "p".to_owned());
                Self::Project(projects::write::Write::Create { id, name })
            }
            _ if random.0.below(3) > 0 => Self::Task(Write::Delete { id, if_version }),
            _ => Self::Project(projects::write::Write::Delete { id: random.project(), if_version }),
        }
    }

    async fn by(self, store: &Store) -> Result<(), &'static str> {
        let done = match self {
            Self::Task(write) => store.carries_out(write).await,
            Self::Project(write) => store.carries_out(write).await,
            Self::Trash(write) => store.carries_out(write).await,
        };
        done.map(drop).map_err(|error| error.fault().1)
    }
}

async fn together(store: &Store, writes: Vec<Any>) -> Vec<Result<(), &'static str>> {
    let gate = Arc::new(Semaphore::new(0));
    let first = store.carries_out(Gate(Arc::clone(&gate)));
    let others = join_all(writes.into_iter().map(|write| write.by(store)));
    // Each is polled once, and waits, before the gate opens.
    let open = async { gate.add_permits(1) };
    let (first, outcomes, ()) = tokio::join!(first, others, open);
    assert!(first.is_ok());
    outcomes
}

/// The journal, without the order in which one act tells of several objects, and with one name for the Inbox.
async fn told(store: &Store) -> Vec<String> {
    let mut told = vec![];
    loop {
        let after = i64::try_from(told.len()).unwrap();
        let page =
            journal::store::changes_after(&store.db, store.scope, after, 999, false).await.unwrap();
        if page.is_empty() {
            break;
        }
        told.extend(page);
    }
    let inbox = told[0].object_id.to_string();
    let mut told: Vec<_> = told
        .into_iter()
        .map(|change| {
            let (id, version) = (change.object_id, change.object_version);
            let changes: serde_json::Value = serde_json::from_str(&change.changes.0).unwrap();
            let told = format!(
                "{} {id} {version:05} {:?} {changes}",
                change.object_type, change.operation
            );
            told.replace(&inbox, "the Inbox")
        })
        .collect();
    told.sort();
    told
}

/// Whatever was written, what is counted along the way is what a count of all finds.
async fn is_counted_as_it_is(store: &Store) {
    let usage = async || {
        let usage = access::store::usage(&store.db, store.scope, crate::kinds()).await.unwrap();
        (
            crate::kinds().iter().map(|kind| usage.rows_of(kind.object_type)).collect::<Vec<_>>(),
            usage.bytes,
        )
    };
    let along_the_way = usage().await;
    store.runs("UPDATE scopes SET usage = NULL").await;
    assert_eq!(along_the_way, usage().await);
}

async fn writes_that_share_a_unit_end_as_if_each_had_been_alone(backend: Backend) {
    let (alone, sharing) = (Store::new(backend).await, Store::new(backend).await);
    let (mut random, mut done, mut refused) = (Draw(Random::new(7)), 0, 0);
    for _ in 0..25 {
        let writes: Vec<_> = (0..20).map(|_| Any::next(&mut random)).collect();
        let outcomes = together(&sharing, writes.clone()).await;
        for (write, outcome) in writes.into_iter().zip(outcomes) {
            let said = format!("{write:?}");
            let expected = write.by(&alone).await;
            assert_eq!(outcome, expected, "{said}");
            *(if expected.is_ok() { &mut done } else { &mut refused }) += 1;
        }
        assert_eq!(told(&sharing).await, told(&alone).await);
        is_counted_as_it_is(&sharing).await;
    }
    assert!(done > 100 && refused > 100, "{done} done, {refused} refused: too little to tell");
}
