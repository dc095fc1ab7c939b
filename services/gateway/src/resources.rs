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

/// What each resource offers, in the order of the document, where a password has at least `password_minimum` characters.
pub(crate) fn all(password_minimum: usize) -> Vec<Operations> {
    vec![
        accounts::operations(password_minimum),
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
