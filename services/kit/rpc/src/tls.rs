//! Mutual TLS between services: who this process is, whom it lets in, and whom it calls. TLS 1.3 and HTTP/2, nothing older.
mod certificate;
mod credentials;
mod folder;
mod guard;
mod identity;
mod refusal;

pub use self::{folder::faults, guard::Guard, identity::Identity};
