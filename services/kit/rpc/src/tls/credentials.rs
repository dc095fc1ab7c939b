//! What a folder of TLS files holds, found usable as a whole or not at all.
use std::{fs, path::Path, sync::Arc};

use anyhow::{Context as _, ensure};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
    version::TLS13,
};

use super::certificate::{self, Validity};

/// The names under which Kubernetes keeps a certificate (`kubernetes.io/tls`), with that of its authority.
const CHAIN: &str = "tls.crt";
const KEY: &str = "tls.key";
const AUTHORITIES: &str = "ca.crt";

/// The three files as they were read: to be compared, and to be judged together.
#[derive(PartialEq, Eq)]
pub(super) struct Files {
    chain: Vec<u8>,
    key: Vec<u8>,
    authorities: Vec<u8>,
}

impl Files {
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let read = |name: &str| {
            fs::read(folder.join(name)).with_context(|| format!("{name} cannot be read"))
        };
        Ok(Self { chain: read(CHAIN)?, key: read(KEY)?, authorities: read(AUTHORITIES)? })
    }
}

/// How this process shows itself and whom it believes, at both ends of a connection.
pub(super) struct Credentials {
    pub(super) server: Arc<ServerConfig>,
    pub(super) client: Arc<ClientConfig>,
    pub(super) validity: Validity,
}

impl Credentials {
    pub(super) fn new(files: &Files) -> anyhow::Result<Self> {
        let chain = certificates(CHAIN, &files.chain)?;
        let validity = certificate::validity(&chain[0]).context(CHAIN)?;
        let key = || PrivateKeyDer::from_pem_slice(&files.key).context(KEY);
        let mut roots = RootCertStore::empty();
        for authority in certificates(AUTHORITIES, &files.authorities)? {
            roots.add(authority).context(AUTHORITIES)?;
        }
        let (roots, provider) =
            (Arc::new(roots), Arc::new(rustls::crypto::ring::default_provider()));
        Ok(Self {
            server: server(&provider, &roots, chain.clone(), key()?)?,
            client: client(&provider, &roots, chain, key()?)?,
            validity,
        })
    }
}

fn certificates(name: &str, pem: &[u8]) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.with_context(|| name.to_owned())?;
    ensure!(!certificates.is_empty(), "{name} holds no certificate");
    Ok(certificates)
}

fn server(
    provider: &Arc<CryptoProvider>,
    roots: &Arc<RootCertStore>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> anyhow::Result<Arc<ServerConfig>> {
    let verifier =
        WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone()).build()?;
    let mut server = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .with_context(|| format!("{CHAIN} and {KEY}"))?;
    server.alpn_protocols = vec![b"h2".to_vec()];
    // A resumed session would let a certificate in that has ended since. Connections last for minutes: a handshake is cheap.
    server.send_tls13_tickets = 0;
    Ok(Arc::new(server))
}

fn client(
    provider: &Arc<CryptoProvider>,
    roots: &Arc<RootCertStore>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> anyhow::Result<Arc<ClientConfig>> {
    let mut client = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&TLS13])?
        .with_root_certificates(roots.clone())
        .with_client_auth_cert(chain, key)
        .with_context(|| format!("{CHAIN} and {KEY}"))?;
    client.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(client))
}
