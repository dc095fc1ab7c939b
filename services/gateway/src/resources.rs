//! What the API offers, a folder a resource: its routes, and its shape in JSON.
pub(crate) mod about;
pub(crate) mod accounts;
pub(crate) mod activity;
pub(crate) mod changes;
pub(crate) mod projects;
pub(crate) mod sessions;
pub(crate) mod tasks;
pub(crate) mod trash;
