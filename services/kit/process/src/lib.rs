//! The life of a process: its configuration, its two ports, its telemetry, and how it starts and ends.
pub mod admin;
pub mod admission;
pub mod client;
pub mod config;
pub mod metrics;
mod peer;
mod protocol;
pub mod run;
pub mod serve;
pub mod service;
pub mod telemetry;
mod unread;
mod waiting;

pub use config::{Secret, Settings};
pub use run::run;
pub use service::Service;
