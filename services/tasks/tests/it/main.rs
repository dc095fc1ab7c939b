//! The tasks service through its own API, on every backend.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod acts;
mod app;
mod completeness;
mod cursors;
mod every_write;
mod feed;
mod lists;
mod order;
mod places;
mod projects;
mod refusals;
mod replay;
mod status;
mod tasks;
mod trash;
mod tree;
mod words;
mod writes;
