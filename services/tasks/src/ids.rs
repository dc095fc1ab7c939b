//! What names what.
kit_db::id!(ScopeId, "Names a scope: what is shared as a whole.");
kit_db::id!(UserId, "Names a user, as the auth service does.");
kit_db::id!(SessionId, "Names a session of a user.");
kit_db::id!(ProjectId, "Names a project.");
kit_db::id!(TaskId, "Names a task.");
kit_db::id!(ObjectId, "Names an object of any type, among those of its type.");
kit_db::id!(CompletionId, "Names one act of completing.");

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

impl From<uuid::Uuid> for ObjectId {
    fn from(id: uuid::Uuid) -> Self {
        Self(id)
    }
}
