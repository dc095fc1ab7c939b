use std::{
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

/// A block of addresses, as `10.0.0.0/8` (RFC 4632) or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    prefix: u128,
    shift: u32,
}

impl Network {
    /// Whether `address` lies in it. IPv4 addresses that are mapped into IPv6 count as IPv4.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        bits(address).checked_shr(self.shift) == self.prefix.checked_shr(self.shift)
    }

    /// The first address of it, of the kind of `like`.
    fn first(&self, like: IpAddr) -> IpAddr {
        let kept = u128::MAX.checked_shl(self.shift).unwrap_or(0);
        let first = Ipv6Addr::from_bits(self.prefix & kept);
        // An IPv4 network keeps what maps it to IPv6: it is shorter than the last 32 bits.
        let mapped = first.to_ipv4_mapped().filter(|_| like.is_ipv4());
        mapped.map_or(first.into(), IpAddr::from)
    }
}

impl FromStr for Network {
    /// What would be right.
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "networks as 10.0.0.0/8 or fd00::/8";
        let (address, length) =
            text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.trim().parse().map_err(|_| EXPECTED)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let length = length
            .map_or(Ok(longest), |length| length.trim().parse::<u32>().map_err(|_| EXPECTED))?;
        let shift = longest.checked_sub(length).ok_or(EXPECTED)?;
        let network = Self { prefix: bits(address), shift };
        match network.first(address) {
            first if first == address => Ok(network),
            first => Err(format!("{first}/{length} or {address}")),
        }
    }
}

/// All addresses on one line: IPv4 where IPv6 maps it to.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        network.parse::<Network>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_network_contains_its_own_addresses_and_no_other() {
        assert!(contains("10.0.0.0/8", "10.255.0.1"));
        assert!(!contains("10.0.0.0/8", "11.0.0.0"));
        assert!(contains("10.1.2.3", "10.1.2.3"));
        assert!(!contains("10.1.2.3", "10.1.2.4"));
        assert!(contains("10.0.0.0/8", "::ffff:10.0.0.1"));
        assert!(contains("fd00::/8", "fd12::1"));
        assert!(!contains("fd00::/8", "2001:db8::1"));
        assert!(contains("0.0.0.0/0", "203.0.113.1"));
        assert!(!contains("0.0.0.0/0", "2001:db8::1"));
        assert!(contains("::/0", "2001:db8::1"));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for (text, right) in [
            ("10.0.0.1/8", "10.0.0.0/8 or 10.0.0.1"),
            ("203.0.113.1/0", "0.0.0.0/0 or 203.0.113.1"),
            ("fd00::1/8", "fd00::/8 or fd00::1"),
            ("::1/0", "::/0 or ::1"),
        ] {
            assert_eq!(text.parse::<Network>(), Err(right.to_owned()));
        }
        for text in ["", "10.0.0.0/33", "10.0.0/8", "fd00::/129", "10.0.0.0/-1", "localhost"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
