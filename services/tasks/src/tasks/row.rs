//! A task as the database keeps it, with the labels by which it is found.
pub(crate) mod labels;
pub(crate) mod names;
pub(crate) mod node;

use diesel::prelude::*;
use kit_base::{Timestamp, text::fold};

use self::{
    labels::Labels,
    names::{Priority, Status},
};
use super::{
    metrics::{self, Stage},
    rules::due::Due,
};
use crate::{
    ids::{CompletionId, ObjectId, ProjectId, ScopeId, TaskId, UserId},
    journal::{
        fields::ChangedFields,
        rows::{Row, Tally},
    },
};

diesel::table! {
    use diesel::sql_types::*;
    use kit_db::sql::{Instant, Json, Uuid};

    tasks (scope_id, id) {
        scope_id -> Uuid,
        id -> Uuid,
        project_id -> Uuid,
        parent_id -> Nullable<Uuid>,
        title -> Text,
        description -> Text,
        status -> Text,
        priority -> Text,
        due_local -> Nullable<Text>,
        due_zone -> Nullable<Text>,
        due_at -> Nullable<Instant>,
        labels -> Json,
        rank -> Text,
        version -> BigInt,
        created_at -> Instant,
        created_by -> Uuid,
        updated_at -> Instant,
        completed_at -> Nullable<Instant>,
        completion_id -> Nullable<Uuid>,
        trashed_at -> Nullable<Instant>,
        trash_id -> Nullable<Uuid>,
        folded -> Text,
        folded_version -> BigInt,
        estimate_minutes -> Nullable<Integer>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use kit_db::sql::Uuid;

    task_labels (scope_id, label, task_id) {
        scope_id -> Uuid,
        label -> Text,
        task_id -> Uuid,
    }
}

diesel::table! {
    use kit_db::sql::Uuid;

    unfolded (scope_id, task_id) {
        scope_id -> Uuid,
        task_id -> Uuid,
    }
}

diesel::allow_tables_to_appear_in_same_query!(tasks, task_labels);

/// Something to do.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = tasks, treat_none_as_default_value = false, treat_none_as_null = true, primary_key(scope_id, id))]
pub(crate) struct Task {
    pub(crate) scope_id: ScopeId,
    pub(crate) id: TaskId,
    pub(crate) project_id: ProjectId,
    pub(crate) parent_id: Option<TaskId>,
    pub(crate) title: String,
    /// Written where it differs and nowhere else: it is long.
    #[diesel(skip_update)]
    pub(crate) description: String,
    pub(crate) status: Status,
    pub(crate) priority: Priority,
    pub(crate) due_local: Option<String>,
    pub(crate) due_zone: Option<String>,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) labels: Labels,
    pub(crate) rank: String,
    pub(crate) version: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) created_by: UserId,
    pub(crate) updated_at: Timestamp,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) completion_id: Option<CompletionId>,
    pub(crate) trashed_at: Option<Timestamp>,
    pub(crate) trash_id: Option<ObjectId>,
    pub(crate) estimate_minutes: Option<i32>,
}

/// What a row takes beside its words, in bytes.
pub(super) const ROW: usize = 512;
/// How often its words are kept: as they were written, and as they are searched.
pub(super) const COPIES_OF_TEXT: usize = 2;
/// What a label takes beside its words: a row and an index of its own.
pub(super) const LABEL: usize = 96;
/// How often the words of a label are kept.
pub(super) const COPIES_OF_LABEL: usize = 3;

impl Task {
    /// About how many bytes its message takes.
    pub(crate) fn bytes(&self) -> usize {
        let labels: usize = self.labels.0.iter().map(String::len).sum();
        512 + self.title.len() + self.description.len() + labels
    }

    /// The due, as it was said.
    pub(crate) fn due(&self) -> Option<Due> {
        let (local, at) = (self.due_local.clone()?, self.due_at?);
        Some(Due { local, zone: self.due_zone.clone(), at })
    }
}

impl Task {
    fn stage(&self) -> Stage {
        Stage {
            status: self.status,
            priority: self.priority,
            is_deleted: self.trashed_at.is_some(),
            cycle: self.completed_at.map(|at| at.since(self.created_at)),
        }
    }
}

impl Row for Task {
    const TYPE: &'static str = "task";

    fn id(&self) -> ObjectId {
        self.id.into()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn kept_bytes(&self) -> usize {
        let label = |label: &String| LABEL + COPIES_OF_LABEL * fold(label).len();
        let labels: usize = self.labels.0.iter().map(label).sum();
        ROW + COPIES_OF_TEXT * (self.title.len() + self.description.len()) + labels
    }

    fn stamp(&mut self, version: i64, now: Timestamp) {
        (self.version, self.updated_at) = (version, now);
    }

    fn tally(&self, before: Option<&Self>) -> Option<Tally> {
        metrics::tally(before.map(Self::stage), self.stage())
    }

    fn tell_changes(&self, before: Option<&Self>, changes: &mut ChangedFields) {
        let Self {
            scope_id: _,
            id: _,
            project_id,
            parent_id,
            title,
            description,
            status,
            priority,
            due_local: _,
            due_zone: _,
            due_at: _,
            labels,
            rank,
            version: _,
            created_at: _,
            created_by: _,
            updated_at: _,
            completed_at,
            completion_id: _,
            trashed_at,
            trash_id: _,
            estimate_minutes: minutes,
        } = self;
        changes.field("project_id", before.map(|before| before.project_id.0), project_id.0);
        let parent = parent_id.map(|id| id.0);
        changes.field("parent_id", before.map(|before| before.parent_id.map(|id| id.0)), parent);
        changes.field("title", before.map(|before| &before.title), title);
        changes.field("description", before.map(|before| &before.description), description);
        changes.field("status", before.map(|before| before.status.name()), status.name());
        changes.field("priority", before.map(|before| before.priority.name()), priority.name());
        let due = |task: &Self| task.due().map(Due::into_fields);
        changes.field("due", before.map(due), due(self));
        changes.field("labels", before.map(|before| &before.labels.0), &labels.0);
        changes.field("rank", before.map(|before| &before.rank), rank);
        changes.field("completed_at", before.map(|before| before.completed_at), *completed_at);
        changes.field("deleted_at", before.map(|before| before.trashed_at), *trashed_at);
        changes.field("estimate_minutes", before.map(|task| task.estimate_minutes), *minutes);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A task with nothing special about it.
    pub(crate) fn example() -> Task {
        let (id, moment) = (uuid::Uuid::from_u128(7), Timestamp::from_seconds(1_800_000_000));
        Task {
            scope_id: ScopeId(id),
            id: TaskId(id),
            project_id: ProjectId(id),
            parent_id: None,
            title: "Ship it".to_owned(),
            description: String::new(),
            status: Status::NeedsAction,
            priority: Priority::None,
            due_local: None,
            due_zone: None,
            due_at: None,
            labels: Labels::default(),
            rank: "V".to_owned(),
            version: 1,
            created_at: moment,
            created_by: UserId(id),
            updated_at: moment,
            completed_at: None,
            completion_id: None,
            trashed_at: None,
            trash_id: None,
            estimate_minutes: None,
        }
    }
}
