//! The edge over a socket, with peers that say what the test wants.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod bodies;
mod browsers;
mod conditions;
mod contract;
mod edge;
mod holding;
mod limits;
mod operations;
mod peers;
mod problems;
mod protocol;
mod queries;
mod sessions;
mod shapes;
mod streams;
mod turning;
mod untaken;
