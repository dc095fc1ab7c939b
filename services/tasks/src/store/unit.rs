//! A unit of work on one scope: its row is locked, so nobody else writes there; what is read stays in memory, what is written
//! goes out at once at the end, together with its journal and its idempotency keys.
mod flush;

use std::collections::{BTreeSet, HashMap};

use diesel::{prelude::*, sql_query};
use diesel_async::RunQueryDsl;
use kit::{
    Clock, Timestamp,
    db::{Cached, Connection},
    on, together,
};

use super::{keys::UsedKey, scopes::Scope};
use crate::{
    Error,
    domain::{
        ObjectId, ProjectId, ScopeId, TaskId, UserId,
        event::{Actor, Event, changes},
        names::{ObjectType, Operation},
        project::Project,
        task::Task,
    },
    schema::{idempotency_keys, projects, tasks},
};

/// What a unit knows of a row: how it is in the database, and how it will be.
#[derive(Clone, Debug)]
struct Known<T> {
    stored: Option<T>,
    row: Option<T>,
}

impl<T: Clone> Known<T> {
    fn new(row: Option<T>) -> Self {
        Self { stored: row.clone(), row }
    }
}

/// See the module.
pub(crate) struct Unit {
    pub(crate) connection: Connection,
    pub(crate) scope: Scope,
    pub(crate) now: Timestamp,
    pub(crate) clock: Clock,
    tasks: HashMap<TaskId, Known<Task>>,
    projects: HashMap<ProjectId, Known<Project>>,
    purged: Vec<ObjectId>,
    events: Vec<Event>,
    used: HashMap<(UserId, String), UsedKey>,
    fresh_keys: Vec<UsedKey>,
}

impl Unit {
    /// Locks the scope and reads what the writes at hand name: their keys, and the tasks they are about.
    pub(crate) async fn begin(
        mut connection: Connection,
        clock: Clock,
        scope_id: ScopeId,
        keys: &[(UserId, String)],
        wanted: &[TaskId],
    ) -> Result<Self, Error> {
        let begin = connection.begin_statement();
        let lock = format!(
            "SELECT id, sequence, inbox_id, created_at FROM scopes WHERE id = $1{}",
            connection.row_lock()
        );
        let scope = Cached(sql_query(lock).bind::<kit::db::sql::Uuid, _>(scope_id));
        let (users, names): (BTreeSet<UserId>, Vec<&str>) =
            keys.iter().map(|(user, key)| (*user, key.as_str())).unzip();
        // All columns of the key, so that it is looked up and not searched.
        let used = idempotency_keys::table
            .filter(idempotency_keys::scope_id.eq(scope_id))
            .filter(idempotency_keys::user_id.eq_any(users))
            .filter(idempotency_keys::key.eq_any(names));
        let rows = tasks::table.filter(tasks::scope_id.eq(scope_id).and(tasks::id.eq_any(wanted)));
        let (_, scope, used, rows) = together!(connection, conn =>
            begin.execute(conn).await,
            scope.get_result::<Scope>(conn).await,
            used.select(UsedKey::as_select()).load::<UsedKey>(conn).await,
            rows.select(Task::as_select()).load::<Task>(conn).await,
        )?;
        let mut tasks: HashMap<_, _> = wanted.iter().map(|id| (*id, Known::new(None))).collect();
        tasks.extend(rows.into_iter().map(|row| (row.id, Known::new(Some(row)))));
        let used = used.into_iter().map(|used| ((used.user_id, used.key.clone()), used)).collect();
        let (projects, purged, events, fresh_keys) = (HashMap::new(), vec![], vec![], vec![]);
        Ok(Self {
            connection,
            scope,
            now: clock.now(),
            clock,
            tasks,
            projects,
            purged,
            events,
            used,
            fresh_keys,
        })
    }

    /// What was answered under a key before.
    pub(crate) fn used_key(&self, user: UserId, key: &str) -> Option<&UsedKey> {
        self.used.get(&(user, key.to_owned()))
    }

    /// Keeps an answer under its key.
    pub(crate) fn use_key(&mut self, used: UsedKey) {
        self.used.insert((used.user_id, used.key.clone()), used.clone());
        self.fresh_keys.push(used);
    }

    /// The id of a task that is to be made: nobody has to look whether it is there.
    pub(crate) fn new_task_id(&mut self) -> TaskId {
        let id = TaskId::new(&self.clock);
        self.tasks.insert(id, Known::new(None));
        id
    }

    /// The task, in the trash or not.
    pub(crate) async fn any_task(&mut self, id: TaskId) -> Result<Option<Task>, Error> {
        if let Some(known) = self.tasks.get(&id) {
            return Ok(known.row.clone());
        }
        let row = tasks::table.find((self.scope.id, id));
        let row: Option<Task> = on!(self.connection, conn => row.select(Task::as_select()).first(conn).await.optional())?;
        self.tasks.insert(id, Known::new(row.clone()));
        Ok(row)
    }

    /// The task; not found when it is in the trash.
    pub(crate) async fn task(&mut self, id: TaskId) -> Result<Task, Error> {
        self.any_task(id).await?.filter(|task| task.trashed_at.is_none()).ok_or(Error::TaskNotFound)
    }

    /// The project, in the trash or not.
    pub(crate) async fn any_project(&mut self, id: ProjectId) -> Result<Option<Project>, Error> {
        if let Some(known) = self.projects.get(&id) {
            return Ok(known.row.clone());
        }
        let row = projects::table.find((self.scope.id, id));
        let row: Option<Project> = on!(self.connection, conn => row.select(Project::as_select()).first(conn).await.optional())?;
        self.projects.insert(id, Known::new(row.clone()));
        Ok(row)
    }

    /// The project; not found when it is in the trash.
    pub(crate) async fn project(&mut self, id: ProjectId) -> Result<Project, Error> {
        self.any_project(id)
            .await?
            .filter(|project| project.trashed_at.is_none())
            .ok_or(Error::ProjectNotFound)
    }

    /// Takes rows that a query found; what is known already is newer and stays.
    pub(crate) fn learn(&mut self, rows: Vec<Task>) {
        for row in rows {
            self.tasks.entry(row.id).or_insert_with(|| Known::new(Some(row)));
        }
    }

    /// Writes a task, and journals what differs: nothing at all where nothing does.
    pub(crate) async fn save_task(
        &mut self,
        mut task: Task,
        operation: Operation,
        actor: &Actor,
    ) -> Result<Task, Error> {
        let before = self.any_task(task.id).await?;
        let Some(changes) = changes(before.as_ref().map(Task::visible), task.visible()) else {
            return Ok(task);
        };
        if let Some(before) = before {
            task.version = before.version + 1;
            task.updated_at = self.now;
        }
        self.journal((ObjectType::Task, task.id.into(), task.version), operation, changes, actor);
        self.tasks.get_mut(&task.id).expect("looked up above").row = Some(task.clone());
        Ok(task)
    }

    /// Writes a project, and journals what differs.
    pub(crate) async fn save_project(
        &mut self,
        mut project: Project,
        operation: Operation,
        actor: &Actor,
    ) -> Result<Project, Error> {
        let before = self.any_project(project.id).await?;
        let Some(changes) = changes(before.as_ref().map(Project::visible), project.visible())
        else {
            return Ok(project);
        };
        if let Some(before) = before {
            project.version = before.version + 1;
            project.updated_at = self.now;
        }
        self.journal(
            (ObjectType::Project, project.id.into(), project.version),
            operation,
            changes,
            actor,
        );
        self.projects.get_mut(&project.id).expect("looked up above").row = Some(project.clone());
        Ok(project)
    }

    /// Removes an object for good.
    pub(crate) fn purge(
        &mut self,
        object_type: ObjectType,
        id: ObjectId,
        version: i64,
        actor: &Actor,
    ) {
        let nothing = kit::db::sql::JsonText("{}".to_owned());
        self.journal((object_type, id, version + 1), Operation::Purge, nothing, actor);
        self.tasks.insert(TaskId(id.0), Known::new(None));
        self.projects.insert(ProjectId(id.0), Known::new(None));
        self.purged.push(id);
    }

    /// The sequence number that the next entry of the journal will have.
    pub(crate) fn next_sequence(&self) -> i64 {
        self.scope.sequence + 1
    }

    fn journal(
        &mut self,
        (object_type, object_id, object_version): (ObjectType, ObjectId, i64),
        operation: Operation,
        changes: kit::db::sql::JsonText,
        actor: &Actor,
    ) {
        self.scope.sequence += 1;
        let Actor { user_id, session_id, request_id, trace_id } = actor.clone();
        self.events.push(Event {
            scope_id: self.scope.id,
            sequence: self.scope.sequence,
            at: self.now,
            actor_id: user_id,
            session_id,
            request_id,
            trace_id,
            object_type,
            object_id,
            object_version,
            operation,
            changes,
        });
    }
}
