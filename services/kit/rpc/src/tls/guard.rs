use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{io::AsyncWriteExt as _, net::TcpStream, time};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    Identity, certificate,
    refusal::{Refusal, Refusals},
};

/// What stands at a server's port: it lets in who shows a certificate of the right authority and with a name on its list.
#[derive(Debug)]
pub struct Guard {
    identity: Arc<Identity>,
    clients: Vec<String>,
    refusals: Refusals,
}

impl Guard {
    /// A guard that lets `clients` in.
    pub fn new(identity: Arc<Identity>, clients: &[String]) -> Self {
        let clients = clients.iter().map(|name| name.trim().to_owned()).collect();
        Self { identity, clients, refusals: Refusals::default() }
    }

    /// Lets a connection in within `limit`; none when it was refused, which has been said.
    pub async fn admit(
        &self,
        stream: TcpStream,
        address: SocketAddr,
        limit: Duration,
    ) -> Option<TlsStream<TcpStream>> {
        let admitted = time::timeout(limit, self.examine(stream)).await;
        match admitted.unwrap_or(Err(Refusal::Slow)) {
            Ok(stream) => Some(stream),
            Err(refusal) => {
                self.refusals.note(&refusal, address);
                None
            }
        }
    }

    async fn examine(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, Refusal> {
        let accepting = TlsAcceptor::from(self.identity.server()).accept(stream);
        let mut stream =
            accepting.await.map_err(|error: io::Error| Refusal::from_handshake(&error))?;
        let judged = self.judge(&stream);
        if judged.is_err() {
            // Whether the stranger waits for it does not matter.
            _ = stream.shutdown().await;
        }
        judged.map(|()| stream)
    }

    /// Compares whole names: a wildcard in a certificate stands for no client.
    fn judge(&self, stream: &TlsStream<TcpStream>) -> Result<(), Refusal> {
        let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let names = certificates.first().map_or_else(|| Ok(vec![]), certificate::names);
        let names = names.map_err(|error| Refusal::Certificate(format!("{error:#}")))?;
        let is_client = |name: &String| self.clients.iter().any(|c| c.eq_ignore_ascii_case(name));
        if names.iter().any(is_client) { Ok(()) } else { Err(Refusal::Name(names)) }
    }
}
