//! How the rows of tasks are written, with the words and labels by which they are found.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kit_base::text::fold;
use kit_db::{Cached, Connection, Db, Statement, among, inserts, on, search, statement};

use crate::{
    Error,
    ids::{ObjectId, ScopeId, TaskId},
    journal::{
        rows::Difference,
        store::counts,
        stored::{Stored, Tables},
    },
    tasks::row::{COPIES_OF_LABEL, COPIES_OF_TEXT, LABEL, ROW, Task, task_labels, tasks, unfolded},
};

/// Title and description, as they are searched.
fn folded(task: &Task) -> String {
    format!("{}\n{}", fold(&task.title), fold(&task.description))
}

/// A label by which a task is found.
#[derive(Insertable)]
#[diesel(table_name = task_labels)]
struct LabelRow {
    scope_id: ScopeId,
    label: String,
    task_id: TaskId,
}

impl LabelRow {
    fn all(task: &Task) -> impl Iterator<Item = Self> {
        let (scope_id, task_id) = (task.scope_id, task.id);
        let folded = task.labels.0.iter().map(|label| fold(label));
        folded.map(move |label| Self { scope_id, label, task_id })
    }
}

impl Stored for Task {
    /// One that is folded anew gets its labels while its row is locked, so that they are there to be found when it has gone.
    const TABLES: Tables =
        &[("tasks", "id"), ("task_labels", "label, task_id"), ("unfolded", "task_id")];

    fn load(scope: ScopeId, ids: Vec<ObjectId>) -> Statement<Vec<Self>> {
        let keys = ids.into_iter().map(|id| (scope, id));
        let rows = tasks::table.filter(among((tasks::scope_id, tasks::id), keys));
        statement!(conn => rows.select(Self::as_select()).load(conn).await)
    }

    fn count(scope: ScopeId) -> Statement<(i64, i64)> {
        let label = format!("{LABEL} + {COPIES_OF_LABEL} * octet_length(label)");
        let labels =
            format!("SELECT coalesce(sum({label}), 0) FROM task_labels WHERE scope_id = $1");
        let task =
            format!("{ROW} + {COPIES_OF_TEXT} * (octet_length(title) + octet_length(description))");
        let counted =
            format!("count(*) AS objects, coalesce(sum({task}), 0) + ({labels}) AS bytes");
        counts(format!("SELECT {counted} FROM tasks WHERE scope_id = $1"), scope)
    }

    fn clear(scope: ScopeId, differences: &[Difference<Self>]) -> Vec<Statement> {
        let mut statements = vec![];
        for difference in differences {
            let (id, gone) = match difference {
                Difference::Gone(task) => (task.id, true),
                Difference::Changed { from, to } if from.labels != to.labels => (to.id, false),
                Difference::Changed { .. } | Difference::Made(_) => continue,
            };
            let labels = task_labels::table
                .filter(task_labels::scope_id.eq(scope).and(task_labels::task_id.eq(id)));
            let labels = diesel::delete(labels);
            statements.push(statement!(conn => labels.execute(conn).await.map(drop)));
            if gone {
                let row = diesel::delete(tasks::table.find((scope, id)));
                statements.push(statement!(conn => Cached(row).execute(conn).await.map(drop)));
            }
        }
        statements
    }

    fn write(scope: ScopeId, differences: Vec<Difference<Self>>) -> Vec<Statement> {
        let (mut made, mut labels, mut statements) = (vec![], vec![], vec![]);
        for difference in differences {
            match difference {
                Difference::Made(task) => {
                    labels.extend(LabelRow::all(&task));
                    made.push((
                        tasks::folded.eq(folded(&task)),
                        tasks::folded_version.eq(task.version),
                        task,
                    ));
                }
                Difference::Changed { from, to } => {
                    if from.labels != to.labels {
                        labels.extend(LabelRow::all(&to));
                    }
                    let description = (from.description != to.description)
                        .then(|| tasks::description.eq(to.description.clone()));
                    let words = (from.title != to.title || description.is_some())
                        .then(|| tasks::folded.eq(folded(&to)));
                    // Where words or labels are those of another release they are so afterwards, too.
                    let grown = tasks::folded_version + (to.version - from.version);
                    let row = diesel::update(tasks::table.find((scope, to.id))).set((
                        description,
                        words,
                        tasks::folded_version.eq(grown),
                        to,
                    ));
                    statements.push(statement!(conn => Cached(row).execute(conn).await.map(drop)));
                }
                Difference::Gone(_) => {}
            }
        }
        statements.extend(inserts!(tasks::table => made));
        statements.extend(inserts!(task_labels::table => labels));
        statements
    }
}

/// A task, and the version of it that its words were taken from.
#[derive(Clone, Copy, Debug, Queryable, Selectable)]
#[diesel(table_name = tasks)]
pub(crate) struct Folding {
    pub(crate) scope_id: ScopeId,
    pub(crate) id: TaskId,
    pub(crate) version: i64,
    pub(crate) folded_version: i64,
}

/// At most `limit` tasks of all scopes behind `after`.
pub(crate) async fn foldings(
    db: &Db,
    after: Option<(ScopeId, TaskId)>,
    limit: i64,
) -> Result<Vec<Folding>, Error> {
    Ok(search!(db, "task.foldings", conn: Backend => {
        let rows = tasks::table.select(Folding::as_select()).limit(limit);
        let mut rows = rows.order((tasks::scope_id.asc(), tasks::id.asc())).into_boxed::<Backend>();
        if let Some((scope, id)) = after {
            let behind = tasks::scope_id.gt(scope).or(tasks::id.gt(id));
            rows = rows.filter(tasks::scope_id.ge(scope).and(behind));
        }
        rows.load(conn).await
    })?)
}

/// At most `limit` tasks of all scopes behind `after` that the database took note of: their words and labels are to be taken anew.
pub(crate) async fn unfolded(
    db: &Db,
    after: Option<(ScopeId, TaskId)>,
    limit: i64,
) -> Result<Vec<(ScopeId, TaskId)>, Error> {
    Ok(search!(db, "task.unfolded", conn: Backend => {
        let rows = unfolded::table.order((unfolded::scope_id.asc(), unfolded::task_id.asc()));
        let mut rows = rows.limit(limit).into_boxed::<Backend>();
        if let Some((scope, id)) = after {
            let behind = unfolded::scope_id.gt(scope).or(unfolded::task_id.gt(id));
            rows = rows.filter(unfolded::scope_id.ge(scope).and(behind));
        }
        rows.load(conn).await
    })?)
}

/// Takes the words and labels of tasks from what they are now, and forgets that this was to be done; how many were not written
/// meanwhile.
pub(crate) async fn fold_anew(db: &Db, scope: ScopeId, ids: Vec<TaskId>) -> Result<usize, Error> {
    db.write("task.fold", move |connection| {
        Box::pin(async move {
            let rows = tasks::table.filter(tasks::scope_id.eq(scope).and(tasks::id.eq_any(&ids)));
            let rows: Vec<Task> =
                on!(connection, conn => rows.select(Task::as_select()).load(conn).await)?;
            let (mut written, mut done) = (0, ids);
            for task in &rows {
                match fold_one(connection, task).await? {
                    0 => done.retain(|id| *id != task.id),
                    one => written += one,
                }
            }
            let noted = unfolded::table.filter(unfolded::scope_id.eq(scope));
            let noted = diesel::delete(noted.filter(unfolded::task_id.eq_any(done)));
            on!(connection, conn => noted.execute(conn).await)?;
            Ok(written)
        })
    })
    .await
}

async fn fold_one(connection: &mut Connection, task: &Task) -> Result<usize, Error> {
    let row = tasks::table.find((task.scope_id, task.id)).filter(tasks::version.eq(task.version));
    let words = (tasks::folded.eq(folded(task)), tasks::folded_version.eq(task.version));
    let written = on!(connection, conn => diesel::update(row).set(words).execute(conn).await)?;
    if written > 0 {
        let labels = task_labels::table.filter(task_labels::scope_id.eq(task.scope_id));
        let labels = diesel::delete(labels.filter(task_labels::task_id.eq(task.id)));
        on!(connection, conn => labels.execute(conn).await)?;
        connection.send(inserts!(task_labels::table => LabelRow::all(task).collect())).await?;
    }
    Ok(written)
}
