//! `errand health`
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::ExitCode,
};

use clap::Args;
use http::Method;
use kit::config::{Environment, Listen, load};

use super::{block_on, say};
use crate::client::{Client, Reply};

/// Which process to ask.
#[derive(Args)]
pub(crate) struct Options {
    /// Its admin port; the one that ADMIN_LISTEN names by default.
    #[arg(long, value_name = "URL")]
    admin_url: Option<String>,
}

pub(crate) fn run(options: Options) -> ExitCode {
    block_on(async {
        let reply = answer(options).await?;
        say(reply.text().trim_end());
        Ok(if reply.status.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

/// What the process says of itself, check by check.
pub(super) async fn answer(options: Options) -> anyhow::Result<Reply> {
    let url = match options.admin_url {
        Some(url) => url,
        None => {
            let listen: Listen = load(&Environment::process(), |reader| reader.read(""))?.settings;
            format!("http://{}", reachable(listen.admin_listen))
        }
    };
    Client::new(&url)?.ask(Method::GET, "/readyz?verbose", &[], None).await
}

/// Whether the process behind that admin port takes requests.
pub(super) async fn is_ready(admin: SocketAddr) -> bool {
    let options = Options { admin_url: Some(format!("http://{}", reachable(admin))) };
    answer(options).await.is_ok_and(|reply| reply.status.is_success())
}

/// Where this machine finds what listens there: every interface is the loopback one too.
pub(super) fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_interface_is_reached_by_the_loopback_one() {
        for (listens, asked) in
            [("0.0.0.0:1", "127.0.0.1:1"), ("[::]:1", "[::1]:1"), ("10.0.0.1:1", "10.0.0.1:1")]
        {
            assert_eq!(reachable(listens.parse().unwrap()).to_string(), asked);
        }
    }
}
