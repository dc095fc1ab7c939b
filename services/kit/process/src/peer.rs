use std::net::SocketAddr;

/// Who is at the other end of the connection; an extension of each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);
