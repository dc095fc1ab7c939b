//! The tasks service through its own API, on every backend.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod acts;
mod app;
mod arranged;
mod completeness;
mod cursors;
mod erasure;
mod every_write;
mod feed;
mod inputs;
mod labels;
mod lists;
mod order;
mod pages;
mod places;
mod projects;
mod quotas;
mod refusals;
mod replay;
mod replicas;
mod sizes;
mod status;
mod tasks;
mod trash;
mod tree;
mod twins;
mod watching;
mod words;
mod writes;
