//! What the database knows. Every query stands once, for both backends, bounded, and within a scope.
pub(crate) mod housekeeping;
pub(crate) mod journal;
pub(crate) mod keys;
pub(crate) mod projects;
pub(crate) mod scopes;
pub(crate) mod tasks;
pub(crate) mod trash;
pub(crate) mod unit;
