//! The names by which a peer is known.
use std::{collections::BTreeMap, net::SocketAddr};

use anyhow::{Context as _, bail, ensure};
use http::{
    Uri,
    uri::{Authority, Scheme},
};
use rustls::pki_types::ServerName;

/// A name of the peer.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Its host and port.
    pub(crate) authority: Authority,
    /// Whom the certificates of all its addresses have to name; none where calls go without TLS.
    pub(crate) server: Option<ServerName<'static>>,
}

impl Target {
    pub(crate) fn scheme(&self) -> Scheme {
        if self.server.is_some() { Scheme::HTTPS } else { Scheme::HTTP }
    }
}

/// The endpoints and the name by which each is addressed.
pub(crate) type Addresses = BTreeMap<SocketAddr, Target>;

/// The hosts and ports of comma-separated `http://host:port` or `https://host:port`.
pub(crate) fn targets(urls: &str) -> anyhow::Result<Vec<Target>> {
    urls.split(',')
        .map(|url| {
            target(url.trim())
                .with_context(|| format!("{url}: should be http://host:port or https://host:port"))
        })
        .collect()
}

/// What is wrong with the URLs of a peer that the setting `name` holds, each by itself.
pub fn faults(name: &str, urls: &str) -> Vec<String> {
    let fault = |url: &str| {
        let error = target(url).err()?;
        Some(format!("{name} must be http://host:port or https://host:port, not {url:?}: {error}"))
    };
    urls.split(',').filter_map(|url| fault(url.trim())).collect()
}

fn target(url: &str) -> anyhow::Result<Target> {
    let uri: Uri = url.parse()?;
    let encrypted = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => bail!("the scheme is neither http nor https"),
    };
    ensure!(
        matches!(uri.path(), "" | "/") && uri.query().is_none(),
        "there is more than a host and a port"
    );
    let authority = uri.into_parts().authority.context("there is no host")?;
    ensure!(authority.port_u16().is_some(), "there is no port");
    ensure!(!authority.as_str().contains('@'), "there is a user name");
    let server = encrypted.then(|| server_name(&authority)).transpose()?;
    Ok(Target { authority, server })
}

fn server_name(authority: &Authority) -> anyhow::Result<ServerName<'static>> {
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    Ok(ServerName::try_from(host)?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plain_address_is_refused() {
        for url in [
            "",
            "tasks:50052",
            "ftp://tasks:1",
            "https://",
            "https://no host:1",
            "http://tasks",
            "http://tasks:1/v1",
            "http://a@b:1",
            "http://a:1,",
        ] {
            assert!(targets(url).is_err(), "{url}");
            assert_eq!(faults("URL", url).len(), 1, "{url}");
        }
        assert_eq!(targets("http://a:1, http://[::1]:2/").unwrap().len(), 2);
        assert_eq!(faults("URL", "http://a:1, http://[::1]:2/"), Vec::<String>::new());
        assert_eq!(faults("URL", "a, http://b:1, c").len(), 2);
    }

    #[test]
    fn the_host_of_a_url_is_whom_its_certificate_has_to_name() {
        let named = targets("https://things:1, https://[::1]:2/, http://things:3").unwrap();
        let names: Vec<_> =
            named.iter().map(|target| target.server.as_ref().map(ServerName::to_str)).collect();
        assert_eq!(names, [Some("things".into()), Some("::1".into()), None]);
    }
}
