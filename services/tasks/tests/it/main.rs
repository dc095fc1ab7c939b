//! The tasks service through its own API, on every backend.
mod app;
mod feed;
mod lists;
mod projects;
mod tasks;
mod tree;
mod writes;
