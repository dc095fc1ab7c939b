//! TLS to PostgreSQL: verified when the URL asks for it, and where it says nothing as good as the server has it.
use std::{net::IpAddr, sync::Arc};

use anyhow::Context as _;
use rustls::{
    DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use tokio_postgres::{
    Socket,
    config::{Host, SslMode},
};
use tokio_postgres_rustls::MakeRustlsConnect;

pub(super) type Connector = MakeRustlsConnect;
pub(super) type Dialed = (
    tokio_postgres::Client,
    tokio_postgres::Connection<
        Socket,
        <MakeRustlsConnect as tokio_postgres::tls::MakeTlsConnect<Socket>>::Stream,
    >,
);

/// How the server is spoken to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tls {
    /// In plain text.
    Disabled,
    /// Encrypted where the server can, whoever it is: who only listens learns nothing, who stands between may.
    Preferred,
    /// Encrypted, by a server that has proved who it is.
    Verified {
        /// A PEM file of the authorities to trust instead of the public ones.
        root: Option<String>,
    },
}

/// Takes `sslmode` and `sslrootcert` out of the URL: the driver knows neither `verify-full` nor files. Nothing where it has no `sslmode`.
pub(super) fn split(url: &str) -> anyhow::Result<(String, Option<Tls>)> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut mode, mut root, mut rest) = (None, None, vec![]);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = Some(value),
            Some(("sslrootcert", value)) => root = Some(value.to_owned()),
            _ => rest.push(pair),
        }
    }
    let tls = match mode {
        None => None,
        Some("disable") => Some(Tls::Disabled),
        Some("prefer") => Some(Tls::Preferred),
        Some("require" | "verify-ca" | "verify-full") => Some(Tls::Verified { root: root.clone() }),
        Some(other) => {
            anyhow::bail!("sslmode is {other:?}; it can be disable, prefer, require or verify-full")
        }
    };
    anyhow::ensure!(
        root.is_none() || matches!(tls, Some(Tls::Verified { .. })),
        "sslrootcert is of no use without sslmode=verify-full"
    );
    let url = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
    Ok((url, tls))
}

impl Tls {
    /// Where nobody has said: what stays on this machine needs none.
    pub(super) fn by_default(config: &tokio_postgres::Config) -> Self {
        let (hosts, addresses) = (config.get_hosts(), config.get_hostaddrs());
        let is_near = |host: &Host| match host {
            Host::Unix(_) => true,
            Host::Tcp(name) => {
                let address = name.parse::<IpAddr>();
                name == "localhost" || address.is_ok_and(|address| address.is_loopback())
            }
        };
        if hosts.iter().all(is_near) && addresses.iter().all(IpAddr::is_loopback) {
            Self::Disabled
        } else {
            Self::Preferred
        }
    }

    /// The same for the driver.
    pub(super) fn mode(&self) -> SslMode {
        match self {
            Self::Disabled => SslMode::Disable,
            Self::Preferred => SslMode::Prefer,
            Self::Verified { .. } => SslMode::Require,
        }
    }
}

pub(super) fn connector(tls: &Tls) -> anyhow::Result<Connector> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let root = match tls {
        Tls::Disabled | Tls::Preferred => {
            let anybody =
                builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody(provider)));
            return Ok(MakeRustlsConnect::new(anybody.with_no_client_auth()));
        }
        Tls::Verified { root } => root,
    };
    let mut roots = rustls::RootCertStore::empty();
    match root {
        Some(path) => {
            let certificates = CertificateDer::pem_file_iter(path)
                .with_context(|| format!("sslrootcert {path}"))?;
            for certificate in certificates {
                roots.add(certificate?)?;
            }
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    Ok(MakeRustlsConnect::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// Takes any certificate, as `sslmode=prefer` does: what it buys is that nobody can read along. That the server has the key of its
/// certificate is checked all the same.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_settings_leave_the_url() {
        let (url, tls) =
            split("postgres://u@h/db?sslmode=verify-full&connect_timeout=3&sslrootcert=/ca.pem")
                .unwrap();
        assert_eq!(url, "postgres://u@h/db?connect_timeout=3");
        assert_eq!(tls, Some(Tls::Verified { root: Some("/ca.pem".to_owned()) }));
        assert_eq!(split("postgres://u@h/db").unwrap(), ("postgres://u@h/db".to_owned(), None));
        assert!(split("postgres://u@h/db?sslmode=sometimes").is_err());
    }

    #[test]
    fn over_a_network_nothing_is_said_in_plain_text_unless_it_was_asked_for_or_the_server_knows_no_better()
     {
        let (off, perhaps) = (Tls::Disabled, Tls::Preferred);
        let sure = Tls::Verified { root: None };
        for (url, expected) in [
            ("postgres://u@db.example.org/errand", &perhaps),
            ("postgres://u@10.0.0.1/errand?application_name=a", &perhaps),
            ("postgres://u@localhost,db.example.org/errand", &perhaps),
            ("postgres://u@db.example.org/errand?sslmode=disable", &off),
            ("postgres://u@localhost/errand?sslmode=prefer", &perhaps),
            ("postgres://u@db.example.org/errand?application_name=a&sslmode=verify-full", &sure),
            ("postgres://u@localhost/errand", &off),
            ("postgres://u@localhost/errand?hostaddr=10.0.0.5", &perhaps),
            ("postgres://u@localhost/errand?hostaddr=127.0.0.1", &off),
            ("postgres://u@127.0.0.1/errand", &off),
            ("postgres://u@[::1]/errand", &off),
            ("postgres:///errand?host=/run/postgresql", &off),
        ] {
            let (plain, said) = split(url).unwrap();
            let config: tokio_postgres::Config = plain.parse().unwrap();
            let tls = said.unwrap_or_else(|| Tls::by_default(&config));
            assert_eq!(&tls, expected, "{url}");
        }
    }

    #[test]
    fn what_is_no_setting_of_tls_stays_in_the_url_as_it_is() {
        for (url, rest) in [
            ("postgres://u@h/db?", "postgres://u@h/db"),
            ("postgres://u@h/db?&sslmode=require&", "postgres://u@h/db"),
            ("postgres://u@h/db?a=b&sslmode=disable&c=%26d&e", "postgres://u@h/db?a=b&c=%26d&e"),
            ("postgres://u@h/db?xsslmode=require", "postgres://u@h/db?xsslmode=require"),
        ] {
            assert_eq!(split(url).unwrap().0, rest, "{url}");
        }
        for query in ["sslrootcert=/ca.pem", "sslmode=prefer&sslrootcert=/ca.pem"] {
            let refused = split(&format!("postgres://u@h/db?{query}")).unwrap_err();
            assert!(refused.to_string().contains("sslmode=verify-full"), "{query}: {refused}");
        }
        let (_, tls) = split("postgres://u@h/db?sslmode=verify-ca").unwrap();
        assert_eq!(tls, Some(Tls::Verified { root: None }));
    }
}
