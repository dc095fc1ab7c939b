//! The rules of tasks: values in, values out. Time, ids and rows are handed in.
pub(crate) mod due;
pub(crate) mod event;
pub(crate) mod label;
pub(crate) mod names;
pub(crate) mod project;
pub(crate) mod rank;
pub(crate) mod task;

use kit::Violation;

kit::id!(ScopeId, "Names a scope: what is shared as a whole.");
kit::id!(UserId, "Names a user, as the auth service does.");
kit::id!(SessionId, "Names a session of a user.");
kit::id!(ProjectId, "Names a project.");
kit::id!(TaskId, "Names a task.");
kit::id!(ObjectId, "Names a task or a project.");
kit::id!(CompletionId, "Names one act of completing.");

impl From<TaskId> for ObjectId {
    fn from(TaskId(id): TaskId) -> Self {
        Self(id)
    }
}

impl From<ProjectId> for ObjectId {
    fn from(ProjectId(id): ProjectId) -> Self {
        Self(id)
    }
}

/// A text of `1..=longest` characters, without white space around it.
fn text(field: &str, raw: &str, longest: usize, faults: &mut Vec<Violation>) -> String {
    let text = raw.trim();
    if text.is_empty() {
        faults.push(Violation::new(field, "REQUIRED", format!("1 to {longest} characters")));
    } else if text.chars().count() > longest {
        faults.push(Violation::new(field, "TOO_LONG", format!("at most {longest} characters")));
    } else if text.contains('\0') {
        faults.push(Violation::new(field, "CHARACTER", "no NUL character"));
    }
    text.to_owned()
}
