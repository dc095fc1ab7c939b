//! A login and all that came of it: the chain of its refresh tokens (RFC 9700, 4.14.2).
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use diesel::prelude::*;
use kit::{Timestamp, token};
use ring::{digest, hmac};

use super::account::AccountId;
use crate::schema::{refresh_tokens, sessions};

kit::id!(SessionId, "Names a session.");

/// A refresh token is worth nothing when it was not used for so long, and so is its session.
pub(crate) const IDLE: Duration = Duration::from_secs(14 * 24 * 3600);
/// A session ends after so long, however much it is used.
const ABSOLUTE: Duration = Duration::from_secs(30 * 24 * 3600);
/// A token that was used no longer ago than this gives its successor again: tabs race, and answers get lost.
const GRACE: Duration = Duration::from_secs(10);
/// After this no access token of a session that ended is alive anywhere, on clocks that differ a little.
const REMEMBERED: Duration = Duration::from_secs(60);
/// The longest user agent that is kept, in characters.
const MAX_USER_AGENT: usize = 256;
/// What a refresh token begins with, for people and secret scanners.
const PREFIX: &str = "er_";

/// A login.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
pub(crate) struct Session {
    pub(crate) account_id: AccountId,
    pub(crate) id: SessionId,
    pub(crate) address: String,
    pub(crate) user_agent: String,
    pub(crate) created_at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
}

/// Where a request comes from, in the form that is kept.
#[derive(Clone, Debug, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = sessions)]
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

/// A secret that is good for one refresh.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RefreshToken([u8; 32]);

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl RefreshToken {
    /// The first of a session, from 256 random bits.
    pub(crate) fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// Reads one; none when it has not the form of one.
    pub(crate) fn read(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?.try_into().ok().map(Self)
    }

    /// As the client gets it.
    pub(crate) fn text(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }

    /// As it is stored: SHA-256, which is enough for 256 random bits.
    pub(crate) fn hash(&self) -> Vec<u8> {
        digest::digest(&digest::SHA256, &self.0).as_ref().to_vec()
    }

    /// The one that follows, always the same: docs/adr/0004-refresh-successor.md.
    pub(crate) fn successor(&self, key: &hmac::Key) -> Self {
        let bytes = hmac::sign(key, &self.0).as_ref().try_into().expect("SHA-256 gives 32 bytes");
        Self(bytes)
    }
}

/// What is stored of a refresh token.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = refresh_tokens, treat_none_as_default_value = false)]
pub(crate) struct StoredToken {
    pub(crate) hash: Vec<u8>,
    pub(crate) account_id: AccountId,
    pub(crate) session_id: SessionId,
    pub(crate) issued_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
}

/// A refresh token that is known, with what is known of its session.
#[derive(Clone, Debug, Queryable)]
pub(crate) struct KnownToken {
    pub(crate) account_id: AccountId,
    pub(crate) session_id: SessionId,
    pub(crate) issued_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
}

/// What a refresh token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A successor.
    Fresh,
    /// The same successor as before.
    Again,
    /// The end of its session: someone else has it too.
    Reused,
    /// Nothing.
    Dead,
}

/// What the token is good for now.
pub(crate) fn judge(token: &KnownToken, now: Timestamp) -> Verdict {
    let alive =
        token.ended_at.is_none() && token.expires_at > now && token.issued_at.plus(IDLE) > now;
    match token.used_at {
        _ if !alive => Verdict::Dead,
        None => Verdict::Fresh,
        Some(used_at) if now.since(used_at) <= GRACE => Verdict::Again,
        Some(_) => Verdict::Reused,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn known(used_before: Option<u64>) -> KnownToken {
        let now = Timestamp::from_seconds(NOW);
        KnownToken {
            account_id: AccountId(Uuid::from_u128(1)),
            session_id: SessionId(Uuid::from_u128(2)),
            issued_at: now.minus(Duration::from_secs(3600)),
            used_at: used_before.map(|seconds| now.minus(Duration::from_secs(seconds))),
            created_at: now.minus(Duration::from_secs(3600)),
            expires_at: now.plus(IDLE),
            ended_at: None,
        }
    }

    #[test]
    fn a_token_is_good_once_and_for_10_seconds_more() {
        let verdict = |used_before| judge(&known(used_before), Timestamp::from_seconds(NOW));
        assert_eq!(verdict(None), Verdict::Fresh);
        assert_eq!(
            [verdict(Some(0)), verdict(Some(10)), verdict(Some(11))],
            [Verdict::Again, Verdict::Again, Verdict::Reused]
        );
    }

    #[test]
    fn a_token_dies_with_its_session_or_when_it_rested_for_14_days() {
        let now = Timestamp::from_seconds(NOW);
        assert_eq!(judge(&KnownToken { ended_at: Some(now), ..known(None) }, now), Verdict::Dead);
        assert_eq!(judge(&KnownToken { expires_at: now, ..known(None) }, now), Verdict::Dead);
        assert_eq!(
            judge(&KnownToken { issued_at: now.minus(IDLE), ..known(Some(11)) }, now),
            Verdict::Dead
        );
    }

    #[test]
    fn a_session_ends_after_30_days_however_much_it_is_used() {
        let start = Timestamp::from_seconds(NOW);
        let day = Duration::from_secs(24 * 3600);
        assert_eq!(expiry(start, start), start.plus(day * 14));
        assert_eq!(expiry(start, start.plus(day * 20)), start.plus(day * 30));
    }

    #[test]
    fn a_token_has_one_successor_which_only_the_key_tells() {
        let (key, other) = (
            hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]),
            hmac::Key::new(hmac::HMAC_SHA256, &[2; 32]),
        );
        let token = RefreshToken::new([7; 32]);
        assert_eq!(RefreshToken::read(&token.text()), Some(token.clone()));
        assert!(
            token.successor(&key) == token.successor(&key)
                && token.successor(&key) != token.successor(&other)
        );
        for text in [
            "",
            "er_",
            &token.text()[..45],
            &format!("{}A", token.text()),
            &token.text().replace("er_", "ed_"),
        ] {
            assert_eq!(RefreshToken::read(text), None, "{text}");
        }
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
