//! What the API offers, a folder a resource: its operations, and its shape in JSON.
mod about;
mod accounts;
mod activity;
mod changes;
mod projects;
mod sessions;
mod tasks;
mod trash;
mod usage;

use crate::operations::Operations;

/// What each resource offers, in the order of the document.
pub(crate) fn all() -> Vec<Operations> {
    vec![
        accounts::operations(),
        sessions::operations(),
        projects::operations(),
        tasks::operations(),
        trash::operations(),
        changes::operations(),
        activity::operations(),
        usage::operations(),
        about::operations(),
    ]
}
