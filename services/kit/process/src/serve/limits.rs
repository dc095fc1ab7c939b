use serde::{Deserialize, Serialize};

use crate::config::{Period, Settings};

/// A process is gone this long after it was told to stop; telemetry is flushed in what the drain leaves of it.
const LONGEST_DRAIN: Period = Period::from_secs(26);

/// The most header lines that a request may have.
pub const MOST_HEADERS: usize = 64;

/// How long a head may be until hyper gives up on it, in bytes: more than a service lets through, so that it is the service who says
/// no. Beyond that HTTP/2 is told no more than 431. Each of a connection's 128 streams may hold as much.
pub(super) const LONGEST_HEAD: u32 = 32 * 1024;

/// The clocks and bounds of the server loop. A bound of 0 is none.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// `MAX_CONNECTIONS`: open connections in all; what comes above is closed at once.
    pub max_connections: usize,
    /// `MAX_CONNECTIONS_PER_IP`: open connections of one address, or of one /64 with IPv6.
    pub max_connections_per_ip: usize,
    /// `FIRST_BYTE_TIMEOUT`: how long a new connection may say nothing, and how long its TLS handshake may then take.
    pub first_byte_timeout: Period,
    /// `HEADER_TIMEOUT`: how long the head of an HTTP/1 request may take once it has begun.
    pub header_timeout: Period,
    /// `SEND_TIMEOUT`: how long a client of the edge may take nothing of the answers that wait for it.
    pub send_timeout: Period,
    /// `IDLE_TIMEOUT`: how long an HTTP/1 connection may wait for its next request; longer than an ingress keeps its own.
    pub idle_timeout: Period,
    /// `MAX_CONNECTION_AGE`: when a connection is replaced, ±10 %, so that new replicas get their share.
    pub max_connection_age: Period,
    /// `CONNECTION_AGE_GRACE`: what requests under way still get after that.
    pub connection_age_grace: Period,
    /// `STARTUP_TIMEOUT`: how long what the process depends on is waited for before it ends, with exit code 69.
    pub startup_timeout: Period,
    /// `DRAIN_DELAY`: how long a stopping process still accepts, until every balancer knows.
    pub drain_delay: Period,
    /// `DRAIN_TIMEOUT`: how long it then waits for requests and jobs under way.
    pub drain_timeout: Period,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 8192,
            max_connections_per_ip: 256,
            first_byte_timeout: Period::from_secs(5),
            header_timeout: Period::from_secs(10),
            send_timeout: Period::from_secs(30),
            idle_timeout: Period::from_secs(75),
            max_connection_age: Period::from_secs(300),
            connection_age_grace: Period::from_secs(60),
            startup_timeout: Period::from_secs(300),
            drain_delay: Period::from_secs(5),
            drain_timeout: Period::from_secs(20),
        }
    }
}

impl Settings for Limits {
    fn faults(&self) -> Vec<String> {
        let drain = self.drain_delay.duration().saturating_add(self.drain_timeout.duration());
        let fault =
            || format!("DRAIN_DELAY and DRAIN_TIMEOUT must be at most {LONGEST_DRAIN} together");
        (drain > LONGEST_DRAIN.duration()).then(fault).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drain_that_outlasts_the_grace_period_is_refused() {
        assert_eq!(Limits::default().faults(), Vec::<String>::new());
        let limits = Limits { drain_delay: Period::from_secs(7), ..Limits::default() };
        assert_eq!(limits.faults().len(), 1);
    }
}
