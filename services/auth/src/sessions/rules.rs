//! How long a login lasts, and where it came from.
use std::time::Duration;

use kit_base::Timestamp;
use kit_rpc::token::ACCESS_TOKEN_LIFETIME;

use crate::refresh::rules::{IDLE, RefreshToken};

/// A session ends after so long, however much it is used.
const ABSOLUTE: Duration = Duration::from_secs(30 * 24 * 3600);
/// Sessions of an account: one more ends the one that was used least recently.
pub(super) const MOST: i64 = 100;
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
    ended_at.plus(ACCESS_TOKEN_LIFETIME + REMEMBERED)
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

    #[test]
    fn a_session_goes_on_from_its_last_use_and_never_beyond_its_end() {
        let (start, day) = (Timestamp::from_seconds(NOW), Duration::from_secs(24 * 3600));
        let moment = Duration::from_micros(1);
        let end = start.plus(day * 30);
        for (used, expires) in [
            (day, start.plus(day * 15)),
            (day * 16 - moment, end.minus(moment)),
            (day * 16, end),
            (day * 16 + moment, end),
            (day * 29, end),
        ] {
            assert_eq!(expiry(start, start.plus(used)), expires, "used after {used:?}");
        }
    }

    #[test]
    fn an_end_is_known_for_longer_than_any_token_of_the_session_is_accepted() {
        let ended = Timestamp::from_seconds(NOW);
        // Clocks differ: a verifier accepts a token 10 s after its end.
        let accepted = ACCESS_TOKEN_LIFETIME + Duration::from_secs(10);
        assert!(remembered_until(ended) > ended.plus(accepted));
    }

    #[test]
    fn an_origin_is_an_address_and_a_line_of_text() {
        for (given, kept) in [
            ("2001:DB8::0:1", "2001:db8::1"),
            ("::ffff:c000:207", "192.0.2.7"),
            ("192.0.2.7:80", ""),
            ("<script>", ""),
            ("", ""),
        ] {
            assert_eq!(Origin::new(given, "").address, kept, "{given}");
        }
        for (given, kept) in [
            ("Mozilla/5.0 (X11)", "Mozilla/5.0 (X11)"),
            ("a\0b\tc\u{7f}d\u{85}e", "abcde"),
            ("„Straße“ 🦀", "„Straße“ 🦀"),
        ] {
            assert_eq!(Origin::new("", given).user_agent, kept);
        }
        let long = "ä".repeat(MAX_USER_AGENT + 1);
        assert_eq!(Origin::new("", &long).user_agent, "ä".repeat(MAX_USER_AGENT));
        assert_eq!(
            Origin::new("", &long[..2 * MAX_USER_AGENT]).user_agent.chars().count(),
            MAX_USER_AGENT
        );
    }
}
