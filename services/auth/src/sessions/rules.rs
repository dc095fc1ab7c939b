//! How long a login lasts, and where it came from.
use std::time::Duration;

use kit_base::Timestamp;
use kit_rpc::token;

use crate::refresh::rules::{IDLE, RefreshToken};

kit_db::id!(SessionId, "Names a session.");

/// A session ends after so long, however much it is used.
const ABSOLUTE: Duration = Duration::from_secs(30 * 24 * 3600);
/// After this no access token of a session that ended is alive anywhere, on clocks that differ a little.
const REMEMBERED: Duration = Duration::from_secs(60);
/// The longest user agent that is kept, in characters.
const MAX_USER_AGENT: usize = 256;

/// What someone who signed in gets.
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: RefreshToken,
    /// Empty on refresh.
    pub(crate) device: String,
}

/// Where a request comes from, in the form that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) address: String,
    pub(crate) user_agent: String,
}

impl Origin {
    /// Keeps what is an address, and of the user agent what can be shown in one line.
    pub(crate) fn new(address: &str, user_agent: &str) -> Self {
        let address =
            address.parse::<std::net::IpAddr>().map(|address| address.to_canonical().to_string());
        let shown = user_agent.chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT).collect();
        Self { address: address.unwrap_or_default(), user_agent: shown }
    }
}

/// When a session that is used `now` ends if it is not used again.
pub(crate) fn expiry(created_at: Timestamp, now: Timestamp) -> Timestamp {
    now.plus(IDLE).min(created_at.plus(ABSOLUTE))
}

/// Until when the end of a session has to be known to those who check access tokens.
pub(crate) fn remembered_until(ended_at: Timestamp) -> Timestamp {
    ended_at.plus(token::ACCESS_TOKEN_LIFETIME + REMEMBERED)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    #[test]
    fn a_session_ends_after_30_days_however_much_it_is_used() {
        let start = Timestamp::from_seconds(NOW);
        let day = Duration::from_secs(24 * 3600);
        assert_eq!(expiry(start, start), start.plus(day * 14));
        assert_eq!(expiry(start, start.plus(day * 20)), start.plus(day * 30));
    }

    #[test]
    fn an_origin_holds_no_line_break() {
        let origin =
            Origin::new("::ffff:192.0.2.7", &format!("curl\r\n\u{1b}[31m{}", "x".repeat(400)));
        assert_eq!(origin.address, "192.0.2.7");
        assert_eq!(
            (origin.user_agent.chars().count(), origin.user_agent.contains(char::is_control)),
            (MAX_USER_AGENT, false)
        );
        assert_eq!(Origin::new("somewhere", "").address, "");
    }
}
