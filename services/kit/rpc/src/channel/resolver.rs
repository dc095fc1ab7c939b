//! Where the peer's endpoints are: names are looked up again and again, and never trusted to be complete.
use std::{collections::BTreeMap, io, net::SocketAddr, sync::Weak, time::Duration};

use anyhow::{Context as _, bail, ensure};
use http::{
    Uri,
    uri::{Authority, Scheme},
};
use rustls::pki_types::ServerName;

use super::balancer::Balancer;
use kit_base::{chance, error::chain};

/// How long one look-up may take.
const LOOK_UP: Duration = Duration::from_secs(2);
/// The pause after a failed look-up or a failed connection, so that trouble is not answered with a flood of questions.
const PAUSE: Duration = Duration::from_millis(500);

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

/// Keeps the balancer's endpoints what the names say, until the balancer is gone.
pub(crate) async fn follow(balancer: Weak<Balancer>, targets: Vec<Target>) {
    let mut failing = false;
    loop {
        let found = look_up(&targets).await;
        let Some(balancer) = balancer.upgrade() else { return };
        let failed = found.is_err();
        match found {
            Ok(addresses) => balancer.replace(addresses),
            // Said once, not each half second of an outage.
            Err(error) if !failing => balancer.unresolved(&chain(&error)),
            Err(_) => {}
        }
        failing = failed;
        let peer = balancer.peer().clone();
        drop(balancer);
        tokio::time::sleep(chance::around(PAUSE)).await;
        if !failing {
            let rest = chance::around(peer.limits.resolve).saturating_sub(PAUSE);
            let _ = tokio::time::timeout(rest, peer.doubt.notified()).await;
        }
    }
}

/// All addresses of all names; a name that cannot be looked up counts as an error only if none can.
async fn look_up(targets: &[Target]) -> io::Result<Addresses> {
    let mut addresses = Addresses::new();
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for target in targets {
        let looking_up =
            tokio::time::timeout(LOOK_UP, tokio::net::lookup_host(target.authority.as_str()));
        match looking_up.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(found) => addresses.extend(found.map(|address| (address, target.clone()))),
            Err(error) => failure = error,
        }
    }
    if addresses.is_empty() { Err(failure) } else { Ok(addresses) }
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
        }
        assert_eq!(targets("http://a:1, http://[::1]:2/").unwrap().len(), 2);
    }

    #[test]
    fn the_host_of_a_url_is_whom_its_certificate_has_to_name() {
        let named = targets("https://things:1, https://[::1]:2/, http://things:3").unwrap();
        let names: Vec<_> =
            named.iter().map(|target| target.server.as_ref().map(ServerName::to_str)).collect();
        assert_eq!(names, [Some("things".into()), Some("::1".into()), None]);
    }

    #[tokio::test]
    async fn a_name_that_is_unknown_does_not_hide_the_others() {
        let both = targets("http://nowhere.invalid:1,http://127.0.0.1:2").unwrap();
        assert_eq!(look_up(&both).await.unwrap().len(), 1);
        assert!(look_up(&both[..1]).await.is_err());
    }
}
