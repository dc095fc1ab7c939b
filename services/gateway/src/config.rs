//! What an operator may set.
mod network;
mod url;

use kit_process::{Settings, config::Switch};
use kit_rpc::channel;
use proto::auth::v1::limits::PASSWORD_LEAST;
use serde::{Deserialize, Serialize};

pub(crate) use network::Network;

/// What is added to a body, as the name of a device, has room in the rest of a message.
const LARGEST_BODY: usize = channel::MESSAGE / 4 * 3;

/// The settings of the edge. Rates are requests a minute, and the whole minute's may come at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// `AUTH_URL`: where the auth service is, as `http://auth:50051`; with `https://` it needs `TLS_DIR`.
    pub auth_url: String,
    /// `TASKS_URL`: where the tasks service is.
    pub tasks_url: String,
    /// `TLS_DIR`: the folder with `tls.crt`, `tls.key` and `ca.crt`: who the edge is to the services behind it.
    pub tls_dir: String,
    /// `PUBLIC_URL`: how clients reach the edge; the `servers` entry of the OpenAPI document. Relative when empty.
    pub public_url: String,
    /// `PASSWORD_MINIMUM`: the fewest characters of a password, as auth has it, which the OpenAPI document tells.
    pub password_minimum: usize,
    /// `CORS_ORIGINS`: origins whose scripts may call the API, as `https://app.example.org`; `*` for any. None by default.
    pub cors_origins: Vec<String>,
    /// `TRUSTED_PROXIES`: networks whose `X-Forwarded-*` and `Forwarded` are believed, as `10.0.0.0/8`. None by default.
    pub trusted_proxies: Vec<String>,
    /// `RATE_LIMIT`: `off` lifts all four rates.
    pub rate_limit: Switch,
    /// `RATE_LIMIT_USER`: of one user.
    pub rate_limit_user: u32,
    /// `RATE_LIMIT_ADDRESS`: of one address, or of one /64 with IPv6.
    pub rate_limit_address: u32,
    /// `RATE_LIMIT_LOGIN`: logins, registrations and passwords that are said once more, of one address.
    pub rate_limit_login: u32,
    /// `RATE_LIMIT_REFRESH`: refreshes of one address.
    pub rate_limit_refresh: u32,
    /// `LOG_REQUESTS`: the part of the requests that went well, and fast, that have a line in the log, from 0 to 1. All others have
    /// one, and of those that are shed unread ten a second.
    pub log_requests: f64,
    /// `SERVER_TIMING`: `on` says in each answer which build has made it, and in what time (Server-Timing).
    pub server_timing: Switch,
    /// `BODY_LIMIT`: the largest body of a request, in bytes; at most 3145728.
    pub body_limit: usize,
    /// `MAX_IN_FLIGHT`: the most requests that are worked on at once. Streams do not count.
    pub max_in_flight: usize,
    /// `MAX_IN_FLIGHT_PER_ADDRESS`: of them, those of one address.
    pub max_in_flight_per_address: usize,
    /// `MAX_IN_FLIGHT_PER_USER`: of them, those of one user.
    pub max_in_flight_per_user: usize,
    /// `MAX_STREAMS`: open change streams and polls for changes.
    pub max_streams: usize,
    /// `MAX_STREAMS_PER_USER`: open change streams of one user.
    pub max_streams_per_user: usize,
    /// `MAX_POLLS_PER_USER`: polls of one user that wait for changes.
    pub max_polls_per_user: usize,
    /// `MAX_STREAMS_PER_ADDRESS`: open change streams and polls of one address, or of one /64 with IPv6; at most half of what others leave.
    pub max_streams_per_address: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            auth_url: "http://localhost:50051".to_owned(),
            tasks_url: "http://localhost:50052".to_owned(),
            tls_dir: String::new(),
            public_url: String::new(),
            password_minimum: PASSWORD_LEAST,
            cors_origins: vec![],
            trusted_proxies: vec![],
            rate_limit: Switch::On,
            rate_limit_user: 6_000,
            rate_limit_address: 12_000,
            rate_limit_login: 10,
            rate_limit_refresh: 120,
            log_requests: 1.0,
            server_timing: Switch::Off,
            body_limit: 256 * 1024,
            max_in_flight: 512,
            max_in_flight_per_address: 128,
            max_in_flight_per_user: 64,
            max_streams: 5_000,
            max_streams_per_user: 4,
            max_polls_per_user: 16,
            max_streams_per_address: 1_000,
        }
    }
}

impl Settings for Config {
    const RELOADED: &'static [&'static str] = &[
        "CORS_ORIGINS",
        "RATE_LIMIT",
        "RATE_LIMIT_USER",
        "RATE_LIMIT_ADDRESS",
        "RATE_LIMIT_LOGIN",
        "RATE_LIMIT_REFRESH",
        "LOG_REQUESTS",
    ];

    fn faults(&self) -> Vec<String> {
        let counts = [
            ("PASSWORD_MINIMUM", self.password_minimum),
            ("RATE_LIMIT_USER", self.rate_limit_user as usize),
            ("RATE_LIMIT_ADDRESS", self.rate_limit_address as usize),
            ("RATE_LIMIT_LOGIN", self.rate_limit_login as usize),
            ("RATE_LIMIT_REFRESH", self.rate_limit_refresh as usize),
            ("BODY_LIMIT", self.body_limit),
            ("MAX_IN_FLIGHT", self.max_in_flight),
            ("MAX_IN_FLIGHT_PER_ADDRESS", self.max_in_flight_per_address),
            ("MAX_IN_FLIGHT_PER_USER", self.max_in_flight_per_user),
            ("MAX_STREAMS", self.max_streams),
            ("MAX_STREAMS_PER_USER", self.max_streams_per_user),
            ("MAX_POLLS_PER_USER", self.max_polls_per_user),
            ("MAX_STREAMS_PER_ADDRESS", self.max_streams_per_address),
        ];
        let few = |(name, count): (&str, usize)| {
            (count == 0).then(|| format!("{name} must be at least 1"))
        };
        let urls = [("AUTH_URL", &*self.auth_url), ("TASKS_URL", &*self.tasks_url)];
        let tls = kit_rpc::tls::faults(&self.tls_dir, &urls);
        let urls = urls.into_iter().flat_map(|(name, urls)| channel::faults(name, urls)).chain(tls);
        let large = (self.body_limit > LARGEST_BODY)
            .then(|| format!("BODY_LIMIT must be at most {LARGEST_BODY}"));
        let share = (!(0.0..=1.0).contains(&self.log_requests))
            .then(|| "LOG_REQUESTS must be from 0 to 1, as 0.1".to_owned());
        let urls = urls.chain(not_public(&self.public_url)).chain(large).chain(share);
        let networks = self.trusted_proxies.iter().filter_map(|text| not_a_network(text));
        let origins = self.cors_origins.iter().filter_map(|text| not_an_origin(text));
        urls.chain(networks).chain(origins).chain(counts.into_iter().filter_map(few)).collect()
    }
}

fn not_public(text: &str) -> Option<String> {
    let known = "PUBLIC_URL must be http or https, a host and a path at most";
    let (text, written) = (text.trim_end_matches('/'), url::public(text));
    (!text.is_empty()).then(|| otherwise(known, "https://errand.example.org", text, written))?
}

fn not_a_network(text: &str) -> Option<String> {
    let fault = |expected| format!("TRUSTED_PROXIES must be {expected}, not {text:?}");
    text.parse::<Network>().err().map(fault)
}

fn not_an_origin(text: &str) -> Option<String> {
    let known = "CORS_ORIGINS must be origins as browsers send them";
    (text != "*").then(|| otherwise(known, "https://app.example.org", text, url::origin(text)))?
}

/// The fault of what is not in the one form that is `written`, with what to write.
fn otherwise(known: &str, example: &str, text: &str, written: Option<String>) -> Option<String> {
    match written {
        Some(written) if written == text => None,
        Some(written) => Some(format!("{known}: write {written}, not {text:?}")),
        None => Some(format!("{known}, as {example}, not {text:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_can_be_used() {
        assert_eq!(Config::default().faults(), Vec::<String>::new());
    }

    #[test]
    fn every_value_that_cannot_be_used_is_named() {
        let config = Config {
            auth_url: "auth:50051".to_owned(),
            trusted_proxies: vec!["10.0.0.0/8".to_owned(), "10.0.0.0/33".to_owned()],
            cors_origins: vec!["https://app.example.org/".to_owned()],
            max_in_flight: 0,
            ..Config::default()
        };
        let named: Vec<_> = config
            .faults()
            .iter()
            .map(|fault| fault.split(' ').next().unwrap().to_owned())
            .collect();
        assert_eq!(named, ["AUTH_URL", "TRUSTED_PROXIES", "CORS_ORIGINS", "MAX_IN_FLIGHT"]);
    }

    /// The variables that are at fault.
    fn named(configure: impl FnOnce(&mut Config)) -> Vec<String> {
        let mut config = Config::default();
        configure(&mut config);
        config.faults().iter().map(|fault| fault.split(' ').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn no_limit_can_be_nothing() {
        type Change = fn(&mut Config);
        let all: [(&str, Change); 13] = [
            ("RATE_LIMIT_USER", |config| config.rate_limit_user = 0),
            ("RATE_LIMIT_ADDRESS", |config| config.rate_limit_address = 0),
            ("RATE_LIMIT_LOGIN", |config| config.rate_limit_login = 0),
            ("RATE_LIMIT_REFRESH", |config| config.rate_limit_refresh = 0),
            ("LOG_REQUESTS", |config| config.log_requests = 1.1),
            ("BODY_LIMIT", |config| config.body_limit = 0),
            ("MAX_IN_FLIGHT", |config| config.max_in_flight = 0),
            ("MAX_IN_FLIGHT_PER_ADDRESS", |config| config.max_in_flight_per_address = 0),
            ("MAX_IN_FLIGHT_PER_USER", |config| config.max_in_flight_per_user = 0),
            ("MAX_STREAMS", |config| config.max_streams = 0),
            ("MAX_STREAMS_PER_USER", |config| config.max_streams_per_user = 0),
            ("MAX_POLLS_PER_USER", |config| config.max_polls_per_user = 0),
            ("MAX_STREAMS_PER_ADDRESS", |config| config.max_streams_per_address = 0),
        ];
        for (name, nothing) in all {
            assert_eq!(named(nothing), [name]);
        }
    }

    #[test]
    fn no_body_is_let_in_that_a_service_could_not_read() {
        assert_eq!(named(|config| config.body_limit = LARGEST_BODY), [""; 0]);
        assert_eq!(named(|config| config.body_limit = LARGEST_BODY + 1), ["BODY_LIMIT"]);
    }

    #[test]
    fn a_peer_is_named_by_a_url_and_with_https_an_identity_is_needed() {
        for url in ["http://auth:50051", "http://[::1]:1/"] {
            assert_eq!(named(|config| config.auth_url = url.to_owned()), [""; 0], "{url}");
        }
        for url in ["", "auth:50051", "http://", "http://auth", "ftp://auth:1", "HTTP//auth"] {
            assert_eq!(named(|config| config.tasks_url = url.to_owned()), ["TASKS_URL"], "{url}");
        }
        let faults = named(|config| config.auth_url = "https://auth:50051".to_owned());
        assert_eq!(faults, ["AUTH_URL"], "without TLS_DIR");
        assert_eq!(named(|config| config.tls_dir = "/nowhere".to_owned()), ["TLS_DIR"]);
    }

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for origin in ["*", "https://app.example.org", "http://localhost:3000", "app://errand"] {
            assert_eq!(
                named(|config| config.cors_origins = vec![origin.to_owned()]),
                [""; 0],
                "{origin}"
            );
        }
        for origin in [
            "",
            "app.example.org",
            "https://",
            "://app",
            "https://app.example.org/",
            "https://a/b",
            "https://ä.example",
            "https://a b",
        ] {
            let faults =
                named(|config| config.cors_origins = vec!["*".to_owned(), origin.to_owned()]);
            assert_eq!(faults, ["CORS_ORIGINS"], "{origin}");
        }
    }

    #[test]
    fn a_value_that_is_never_met_is_told_what_to_write_instead() {
        let config = Config {
            auth_url: "http://a:1,nope".to_owned(),
            tasks_url: "http://a:1/path".to_owned(),
            public_url: "https://A.b:443/errand?x".to_owned(),
            trusted_proxies: vec!["10.0.0.1/8".to_owned(), "fd00::1/8".to_owned(), "x".to_owned()],
            cors_origins: vec!["ftp://b".to_owned(), "http://A.b:80".to_owned(), "*".to_owned()],
            ..Config::default()
        };
        let expected = [
            "AUTH_URL must be http://host:port or https://host:port, not \"nope\"",
            "TASKS_URL must be http://host:port or https://host:port, not \"http://a:1/path\"",
            "PUBLIC_URL must be http or https, a host and a path at most: write https://a.b/errand, not",
            "TRUSTED_PROXIES must be 10.0.0.0/8 or 10.0.0.1, not \"10.0.0.1/8\"",
            "TRUSTED_PROXIES must be fd00::/8 or fd00::1, not \"fd00::1/8\"",
            "TRUSTED_PROXIES must be networks as 10.0.0.0/8 or fd00::/8, not \"x\"",
            "CORS_ORIGINS must be origins as browsers send them, as https://app.example.org, not",
            "CORS_ORIGINS must be origins as browsers send them: write http://a.b, not \"http://A.b:80\"",
        ];
        let told = config.faults();
        assert_eq!(told.len(), expected.len(), "{told:?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.starts_with(expected), "{told} is not {expected}");
        }
        for public_url in ["nope", "ftp://a.b", "//a.b", "/errand"] {
            let config = Config { public_url: public_url.to_owned(), ..Config::default() };
            assert_eq!(config.faults().len(), 1, "{public_url}");
        }
    }
}
