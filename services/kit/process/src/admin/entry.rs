//! Who may change anything by the admin port: this machine, or who has the token.
use std::net::SocketAddr;

use axum::http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::config::{Secret, Settings, Switch};

/// What an operator may do by the admin port.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// `SWITCHBOARD`: `on` lets an operator inject faults, refuse writes and take the process out of service by the admin port.
    pub switchboard: Switch,
    /// `ADMIN_TOKEN`: who sends it as a bearer token may change what the admin port changes, from any address; without it only this machine may.
    pub admin_token: Secret,
}

impl Default for Entry {
    fn default() -> Self {
        Self { switchboard: Switch::Off, admin_token: Secret::default() }
    }
}

impl Settings for Entry {
    fn faults(&self) -> Vec<String> {
        let token = self.admin_token.expose();
        let weak = !token.is_empty() && token.len() < 24;
        weak.then(|| "ADMIN_TOKEN must have 24 characters at least".to_owned())
            .into_iter()
            .collect()
    }
}

impl Entry {
    /// Whether who asks may change anything. With a token this machine needs it, too: whoever shares a pod's network would be let in.
    pub(super) fn permit(
        &self,
        peer: SocketAddr,
        headers: &HeaderMap,
    ) -> Result<(), (StatusCode, &'static str)> {
        let token = self.admin_token.expose();
        if token.is_empty() {
            let here = peer.ip().to_canonical().is_loopback();
            let elsewhere =
                "only from this machine, as `kubectl port-forward` comes; or set ADMIN_TOKEN\n";
            return here.then_some(()).ok_or((StatusCode::FORBIDDEN, elsewhere));
        }
        let sent = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let sent = sent.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        // How long it takes to compare digests says nothing of what they are of.
        let same =
            digest(&SHA256, sent.as_bytes()).as_ref() == digest(&SHA256, token.as_bytes()).as_ref();
        same.then_some(()).ok_or((StatusCode::UNAUTHORIZED, "send ADMIN_TOKEN as a bearer token\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_token_this_machine_may_and_with_one_whoever_has_it() {
        let token = "a-token-of-24-characters";
        let entry = |token: &str| Entry { admin_token: Secret::from(token), ..Entry::default() };
        let status = |entry: &Entry, peer: &str, sent: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.extend(sent.map(|sent| (AUTHORIZATION, sent.parse().unwrap())));
            let peer = format!("{peer}:1").parse().unwrap();
            entry.permit(peer, &headers).map_err(|(status, _)| status.as_u16())
        };
        let bearer = format!("Bearer {token}");
        for (token, peer, sent, expected) in [
            ("", "127.0.0.1", None, Ok(())),
            ("", "[::ffff:127.0.0.1]", None, Ok(())),
            ("", "10.0.0.7", None, Err(403)),
            ("", "10.0.0.7", Some("Bearer "), Err(403)),
            (token, "10.0.0.7", Some(&*bearer), Ok(())),
            (token, "127.0.0.1", Some(&*bearer), Ok(())),
            (token, "127.0.0.1", None, Err(401)),
            (token, "10.0.0.7", Some("Bearer a-token-of-24-character"), Err(401)),
            (token, "10.0.0.7", Some(token), Err(401)),
        ] {
            assert_eq!(status(&entry(token), peer, sent), expected, "{token} {peer} {sent:?}");
        }
        assert_eq!(entry("short").faults().len(), 1);
        assert_eq!(entry(token).faults().len() + entry("").faults().len(), 0);
    }
}
