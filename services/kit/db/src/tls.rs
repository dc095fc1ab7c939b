//! TLS to PostgreSQL: on when the URL asks for it, and then always verified.
use std::sync::Arc;

use anyhow::Context as _;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use tokio_postgres::{Socket, config::Host};
use tokio_postgres_rustls::MakeRustlsConnect;

pub(super) type Connector = MakeRustlsConnect;
pub(super) type Dialed = (
    tokio_postgres::Client,
    tokio_postgres::Connection<
        Socket,
        <MakeRustlsConnect as tokio_postgres::tls::MakeTlsConnect<Socket>>::Stream,
    >,
);

/// What the URL asks of TLS.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tls {
    /// A PEM file of the authorities to trust instead of the public ones.
    root: Option<String>,
}

/// Takes `sslmode` and `sslrootcert` out of the URL: the driver knows neither `verify-full` nor files.
pub(super) fn split(url: &str) -> anyhow::Result<(String, Option<Tls>)> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut mode, mut root, mut rest) = ("disable", None, vec![]);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = value,
            Some(("sslrootcert", value)) => root = Some(value.to_owned()),
            _ => rest.push(pair),
        }
    }
    let tls = match mode {
        "disable" => None,
        "require" | "verify-ca" | "verify-full" => Some(Tls { root }),
        other => anyhow::bail!("sslmode is {other}; it can be disable, require or verify-full"),
    };
    let url = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
    Ok((url, tls))
}

/// Whether what is said to a server on another machine can be read on the way, and nobody has said that it may.
pub(super) fn is_open_by_default(url: &str, hosts: &[Host]) -> bool {
    let (_, query) = url.split_once('?').unwrap_or((url, ""));
    let is_near = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            let address = name.parse::<std::net::IpAddr>();
            name == "localhost" || address.is_ok_and(|address| address.is_loopback())
        }
    };
    !query.split('&').any(|pair| pair.starts_with("sslmode=")) && !hosts.iter().all(is_near)
}

pub(super) fn connector(tls: Option<&Tls>) -> anyhow::Result<Connector> {
    let mut roots = rustls::RootCertStore::empty();
    match tls.and_then(|tls| tls.root.as_ref()) {
        Some(path) => {
            let certificates = CertificateDer::pem_file_iter(path)
                .with_context(|| format!("sslrootcert {path}"))?;
            for certificate in certificates {
                roots.add(certificate?)?;
            }
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?;
    Ok(MakeRustlsConnect::new(versions.with_root_certificates(roots).with_no_client_auth()))
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
        assert_eq!(tls, Some(Tls { root: Some("/ca.pem".to_owned()) }));
        assert_eq!(split("postgres://u@h/db").unwrap(), ("postgres://u@h/db".to_owned(), None));
        assert!(split("postgres://u@h/db?sslmode=sometimes").is_err());
    }

    #[test]
    fn plain_text_over_a_network_is_only_quiet_where_it_was_asked_for() {
        for (url, open) in [
            ("postgres://u@db.example.org/errand", true),
            ("postgres://u@10.0.0.1/errand?application_name=a", true),
            ("postgres://u@localhost,db.example.org/errand", true),
            ("postgres://u@db.example.org/errand?sslmode=disable", false),
            ("postgres://u@db.example.org/errand?application_name=a&sslmode=verify-full", false),
            ("postgres://u@localhost/errand", false),
            ("postgres://u@127.0.0.1/errand", false),
            ("postgres://u@[::1]/errand", false),
            ("postgres:///errand?host=/run/postgresql", false),
        ] {
            let (plain, _) = split(url).unwrap();
            let config: tokio_postgres::Config = plain.parse().unwrap();
            assert_eq!(is_open_by_default(url, config.get_hosts()), open, "{url}");
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
        let (_, tls) = split("postgres://u@h/db?sslrootcert=/ca.pem").unwrap();
        assert_eq!(tls, None, "a root alone asks for nothing");
        let (_, tls) = split("postgres://u@h/db?sslmode=verify-ca").unwrap();
        assert_eq!(tls, Some(Tls { root: None }));
    }
}
