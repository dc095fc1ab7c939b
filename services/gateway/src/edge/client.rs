use std::net::{IpAddr, Ipv4Addr};

use axum::{extract::Request, http::HeaderMap};
use kit_process::serve::PeerAddress;

use super::{access::Access, visit::Visit};
use crate::config::Network;

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
const FORWARDED: &str = "forwarded";

/// Who comes: as the connection says, or as proxies say that are ours.
pub(super) fn visit(access: Access, request: &Request, proxies: &[Network]) -> Visit {
    // In process there is no connection.
    let peer = request
        .extensions()
        .get::<PeerAddress>()
        .map_or(Ipv4Addr::LOCALHOST.into(), |peer| peer.0.ip());
    let peer = peer.to_canonical();
    let (address, secure) = client(peer, request.headers(), proxies);
    Visit { by_proxy: is_ours(peer, proxies), ..Visit::new(access, address, secure) }
}

fn is_ours(address: IpAddr, proxies: &[Network]) -> bool {
    proxies.iter().any(|network| network.contains(address))
}

/// The address of the client, and whether it came by https.
fn client(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> (IpAddr, bool) {
    let trusted = |address: IpAddr| is_ours(address, proxies);
    if proxies.is_empty() || !trusted(peer) {
        return (peer, false);
    }
    let hops = hops(headers);
    let mut client = peer;
    // The rightmost that is not ours was seen by a proxy that is; what stands left of it anyone can write.
    for hop in hops.iter().rev() {
        let Some(address) = hop else { break };
        client = *address;
        if !trusted(client) {
            break;
        }
    }
    (client, is_secure(headers))
}

/// The addresses along the way, the nearest last; `None` for one that cannot be read.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let listed = elements(headers, FORWARDED_FOR);
    if !listed.is_empty() {
        return listed.into_iter().map(address).collect();
    }
    elements(headers, FORWARDED)
        .into_iter()
        .map(|element| address(parameter(element, "for")?))
        .collect()
}

fn is_secure(headers: &HeaderMap) -> bool {
    let listed = elements(headers, FORWARDED_PROTO);
    let nearest = listed.last().copied();
    let nearest = nearest.or_else(|| parameter(elements(headers, FORWARDED).last()?, "proto"));
    nearest.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"))
}

/// The elements of a list header in all its lines. Without a header nothing is allocated.
fn elements<'h>(headers: &'h HeaderMap, name: &'static str) -> Vec<&'h str> {
    let lines = headers.get_all(name).into_iter().map(|line| line.to_str().unwrap_or_default());
    lines.flat_map(|line| line.split(',')).map(str::trim).collect()
}

/// A parameter of a `Forwarded` element (RFC 7239, 4).
fn parameter<'h>(element: &'h str, name: &str) -> Option<&'h str> {
    let mut pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().trim_matches('"'))
}

/// `192.0.2.1`, `192.0.2.1:1234`, `2001:db8::1` or `[2001:db8::1]:1234`.
fn address(text: &str) -> Option<IpAddr> {
    let bracketed =
        text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(address, _)| address);
    let bare = bracketed.unwrap_or(text);
    let without_port = || bare.split_once(':').and_then(|(address, _)| address.parse().ok());
    bare.parse().ok().or_else(without_port).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn seen(peer: &str, headers: &[(&'static str, &'static str)]) -> (String, bool) {
        let pairs = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut map = HeaderMap::new();
        pairs.for_each(|(name, value)| _ = map.append(name, value));
        let proxies = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let (address, secure) = client(peer.parse().unwrap(), &map, &proxies);
        (address.to_string(), secure)
    }

    #[test]
    fn only_our_own_proxies_are_believed() {
        let headers = [("x-forwarded-for", "198.51.100.7"), ("x-forwarded-proto", "https")];
        assert_eq!(seen("203.0.113.9", &headers), ("203.0.113.9".to_owned(), false));
        assert_eq!(seen("10.0.0.1", &headers), ("198.51.100.7".to_owned(), true));
    }

    #[test]
    fn what_a_client_writes_to_the_left_does_not_count() {
        let chain = |chain: &'static str| seen("10.0.0.1", &[("x-forwarded-for", chain)]).0;
        assert_eq!(chain("1.1.1.1, 198.51.100.7, 10.0.0.2"), "198.51.100.7");
        assert_eq!(chain("10.9.9.9, 198.51.100.7"), "198.51.100.7");
        assert_eq!(chain("1.1.1.1, nonsense, 10.0.0.2"), "10.0.0.2");
        assert_eq!(chain("10.0.0.3, 10.0.0.2"), "10.0.0.3");
        let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(seen("10.0.0.1", &lines).0, "198.51.100.7");
    }

    #[test]
    fn addresses_are_read_with_and_without_port() {
        let chain = |chain: &'static str| seen("fd00::1", &[("x-forwarded-for", chain)]).0;
        assert_eq!(chain("198.51.100.7:4711"), "198.51.100.7");
        assert_eq!(chain("[2001:db8::7]:4711"), "2001:db8::7");
        assert_eq!(chain("2001:db8::7"), "2001:db8::7");
        assert_eq!(chain("::ffff:198.51.100.7"), "198.51.100.7");
    }

    #[test]
    fn the_standard_header_is_read_where_the_common_one_is_missing() {
        let forwarded =
            "for=1.1.1.1;proto=http, for=\"[2001:db8::7]:4711\";proto=https;by=10.0.0.1";
        assert_eq!(seen("10.0.0.1", &[("forwarded", forwarded)]), ("2001:db8::7".to_owned(), true));
    }

    #[test]
    fn a_hop_that_hides_is_where_belief_ends() {
        let forwarded = |value: &'static str| seen("10.0.0.1", &[("forwarded", value)]).0;
        for hidden in ["for=unknown", "for=_hidden", "for=\"\"", "by=10.0.0.1", "proto=https", ""] {
            assert_eq!(forwarded(hidden), "10.0.0.1", "{hidden}");
        }
        assert_eq!(forwarded("for=198.51.100.7, for=unknown, for=10.0.0.2"), "10.0.0.2");
        assert_eq!(forwarded("For = \"198.51.100.7\" ; proto=http"), "198.51.100.7");
        assert_eq!(forwarded("for=192.0.2.1;for=198.51.100.7"), "192.0.2.1", "the first of two");
    }

    #[test]
    fn the_nearest_proxy_says_whether_it_was_https() {
        let secure = |headers: &[(&'static str, &'static str)]| seen("10.0.0.1", headers).1;
        for (proto, expected) in [
            ("https", true),
            ("HTTPS", true),
            ("http", false),
            ("http, https", true),
            ("https, http", false),
            ("", false),
        ] {
            assert_eq!(secure(&[("x-forwarded-proto", proto)]), expected, "{proto}");
        }
        assert!(!secure(&[]));
        assert!(secure(&[("forwarded", "for=1.1.1.1;proto=http, for=2.2.2.2;Proto=\"https\"")]));
        assert!(!secure(&[("x-forwarded-proto", "http"), ("forwarded", "proto=https")]));
    }

    #[test]
    fn a_proxy_is_known_however_its_address_is_written() {
        let headers = [("x-forwarded-for", "198.51.100.7")];
        let address = |peer: &str| {
            let map = HeaderMap::from_iter(headers.map(|(name, value)| {
                (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())
            }));
            let mut request = Request::new(axum::body::Body::empty());
            *request.headers_mut() = map;
            let peer = format!("{peer}:4711").parse().unwrap();
            request.extensions_mut().insert(PeerAddress(peer));
            visit(Access::Users, &request, &["10.0.0.0/8".parse().unwrap()]).address.to_string()
        };
        assert_eq!(address("10.0.0.1"), "198.51.100.7");
        assert_eq!(address("[::ffff:10.0.0.1]"), "198.51.100.7", "a socket for both families");
        assert_eq!(address("[::ffff:192.0.2.1]"), "192.0.2.1");
    }
}
