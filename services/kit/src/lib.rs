//! The chassis every service stands on: the life of a process, its configuration, its two ports, the channel to its peers,
//! its telemetry and its database. It knows HTTP, gRPC and SQL; it knows no task and no user's data.
pub mod admin;
pub mod caller;
pub mod channel;
pub mod client;
pub mod clock;
pub mod config;
pub mod db;
pub mod error;
pub mod id;
pub mod layers;
pub mod metrics;
pub mod page;
pub mod request;
pub mod run;
pub mod serve;
pub mod service;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;
pub mod time;
pub mod tls;
pub mod token;
pub mod work;

pub use caller::Caller;
pub use channel::GrpcChannel;
pub use clock::Clock;
pub use config::{Secret, Settings};
pub use db::Db;
pub use error::{Fault, Violation, status};
pub use run::run;
pub use service::{Service, Stop};
pub use time::Timestamp;
