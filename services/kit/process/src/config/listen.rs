use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::Settings;

/// Where a process listens.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Listen {
    /// `LISTEN`: the address of the service; every interface and the service's own port by default.
    pub listen: Option<SocketAddr>,
    /// `PORT`: the port alone; it replaces the one in `LISTEN`.
    pub port: Option<u16>,
    /// `ADMIN_LISTEN`: the address for probes and metrics.
    pub admin_listen: SocketAddr,
}

impl Default for Listen {
    fn default() -> Self {
        Self { listen: None, port: None, admin_listen: (Ipv4Addr::UNSPECIFIED, 9090).into() }
    }
}

impl Settings for Listen {
    fn faults(&self) -> Vec<String> {
        let taken =
            self.listen.is_some_and(|listen| listen == self.admin_listen && listen.port() != 0);
        let fault =
            || format!("ADMIN_LISTEN must differ from LISTEN, which is {} too", self.admin_listen);
        taken.then(fault).into_iter().collect()
    }
}

impl Listen {
    /// The address of the service.
    pub fn address(&self, default_port: u16) -> SocketAddr {
        let mut address =
            self.listen.unwrap_or_else(|| (Ipv4Addr::UNSPECIFIED, default_port).into());
        address.set_port(self.port.unwrap_or_else(|| address.port()));
        address
    }
}

/// Where this machine finds what listens there: every interface is the loopback one too.
pub fn reachable(mut address: SocketAddr) -> SocketAddr {
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

    #[test]
    fn the_port_alone_can_be_set() {
        let address = |listen: Option<&str>, port| {
            let listen =
                Listen { listen: listen.map(|l| l.parse().unwrap()), port, ..Listen::default() };
            listen.address(8080).to_string()
        };
        assert_eq!(address(None, None), "0.0.0.0:8080");
        assert_eq!(address(None, Some(3000)), "0.0.0.0:3000");
        assert_eq!(address(Some("127.0.0.1:80"), None), "127.0.0.1:80");
        assert_eq!(address(Some("[::1]:80"), Some(3000)), "[::1]:3000");
    }

    #[test]
    fn two_servers_do_not_share_a_port_unless_the_system_chooses_it() {
        for (listen, admin, faults) in [
            (None, "0.0.0.0:9090", 0),
            (Some("0.0.0.0:9090"), "0.0.0.0:9090", 1),
            (Some("127.0.0.1:9090"), "0.0.0.0:9091", 0),
            (Some("127.0.0.1:0"), "127.0.0.1:0", 0),
        ] {
            let listen = Listen {
                listen: listen.map(|listen| listen.parse().unwrap()),
                port: None,
                admin_listen: admin.parse().unwrap(),
            };
            assert_eq!(listen.faults().len(), faults, "{listen:?}");
        }
    }
}
