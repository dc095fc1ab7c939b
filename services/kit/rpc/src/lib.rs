//! Calls between processes: the channel to a peer, what every call to a service goes through, who asks, and how two processes
//! prove to each other who they are.
mod authenticate;
mod caller;
pub mod channel;
pub mod idempotency;
pub mod layers;
pub mod metrics;
mod services;
pub mod span;
pub mod tls;
pub mod token;

pub use caller::{Caller, VALIDATE_ONLY, only_validates};
pub use channel::GrpcChannel;
pub use services::Services;
