//! The services behind the edge.
use kit_rpc::GrpcChannel;

/// The services behind the edge.
#[derive(Clone)]
pub struct Peers {
    /// Accounts, sessions and keys.
    pub auth: GrpcChannel,
    /// Tasks, projects, trash and changes.
    pub tasks: GrpcChannel,
}
