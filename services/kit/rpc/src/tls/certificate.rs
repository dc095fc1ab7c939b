//! What a certificate says about itself. Whether it may be believed, rustls decides.
use anyhow::{Context as _, anyhow};
use rustls::pki_types::CertificateDer;
use x509_cert::{
    Certificate,
    der::Decode as _,
    ext::pkix::{SubjectAltName, name::GeneralName},
};

/// When a certificate begins and ends to be valid, in seconds of Unix time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) not_before: u64,
    pub(super) not_after: u64,
}

pub(super) fn validity(certificate: &CertificateDer<'_>) -> anyhow::Result<Validity> {
    let validity = parse(certificate)?.tbs_certificate.validity;
    let seconds = |time: x509_cert::time::Time| time.to_unix_duration().as_secs();
    Ok(Validity {
        not_before: seconds(validity.not_before),
        not_after: seconds(validity.not_after),
    })
}

/// The DNS names that a certificate is for. Its common name is none of them (RFC 9525, 2).
pub(super) fn names(certificate: &CertificateDer<'_>) -> anyhow::Result<Vec<String>> {
    let certificate = parse(certificate)?;
    let named = certificate.tbs_certificate.get::<SubjectAltName>();
    let named = named.map_err(|error| anyhow!("its alternative names: {error}"))?;
    let names = named.into_iter().flat_map(|(_critical, SubjectAltName(names))| names);
    let dns = names.filter_map(|name| match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        _ => None,
    });
    Ok(dns.collect())
}

fn parse(certificate: &CertificateDer<'_>) -> anyhow::Result<Certificate> {
    Certificate::from_der(certificate)
        .map_err(|error| anyhow!(error.to_string()))
        .context("it is not a certificate")
}
