//! The edge over a socket, with peers that say what the test wants.
mod browsers;
mod bodies;
mod conditions;
mod contract;
mod edge;
mod limits;
mod peers;
mod problems;
mod queries;
mod sessions;
mod streams;
