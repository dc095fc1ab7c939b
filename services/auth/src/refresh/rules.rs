//! The chain of the refresh tokens of a session (RFC 9700, 4.14.2).
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kit_base::Timestamp;
use ring::{digest, hmac};

/// A refresh token is worth nothing when it was not used for so long, and so is its session.
pub(crate) const IDLE: Duration = Duration::from_secs(14 * 24 * 3600);
/// An account has so many refreshes an hour at each replica: a hundred sessions with one each ten minutes. What is kept of them, for as long
/// as a token lives, can be deleted in one statement.
pub(crate) const REFRESHES_AN_HOUR: u32 = 600;
/// What a refresh token begins with, for people and secret scanners.
const PREFIX: &str = "er_";

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

/// What decides whether a refresh token is good for anything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    pub(crate) issued_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
    /// When its session ends by itself.
    pub(crate) expires_at: Timestamp,
    /// When its session was ended.
    pub(crate) ended_at: Option<Timestamp>,
}

/// What a refresh token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A successor.
    Fresh,
    /// The same successor as before.
    Again,
    /// What its successor decides: see [`judge_used`].
    Used,
    /// The end of its session: someone else has it too.
    Reused,
    /// Nothing.
    Dead,
}

/// What the token is good for now.
pub(crate) fn judge(token: &Life, now: Timestamp) -> Verdict {
    let alive =
        token.ended_at.is_none() && token.expires_at > now && token.issued_at.plus(IDLE) > now;
    match token.used_at {
        _ if !alive => Verdict::Dead,
        None => Verdict::Fresh,
        Some(_) => Verdict::Used,
    }
}

/// What a token is good for that was used. As long as nobody has used its successor, tabs may race and the answer that brought it may
/// have been lost: it is given again. One that was used says that two parties hold the token, however little time has passed.
pub(crate) fn judge_used(successor: Option<&Life>) -> Verdict {
    match successor {
        Some(Life { used_at: None, .. }) => Verdict::Again,
        Some(_) | None => Verdict::Reused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn known(used_before: Option<u64>) -> Life {
        let now = Timestamp::from_seconds(NOW);
        Life {
            issued_at: now.minus(Duration::from_secs(3600)),
            used_at: used_before.map(|seconds| now.minus(Duration::from_secs(seconds))),
            expires_at: now.plus(IDLE),
            ended_at: None,
        }
    }

    #[test]
    fn a_token_is_good_once_and_then_its_successor_decides_whenever_that_was() {
        let verdict = |used_before| judge(&known(used_before), Timestamp::from_seconds(NOW));
        assert_eq!(verdict(None), Verdict::Fresh);
        assert_eq!([0, 10, 11].map(|seconds| verdict(Some(seconds))), [Verdict::Used; 3]);
    }

    #[test]
    fn a_token_that_was_used_is_good_as_long_as_its_successor_was_not_used() {
        for (successor, verdict) in [
            (Some(known(None)), Verdict::Again),
            (Some(known(Some(0))), Verdict::Reused),
            (Some(known(Some(3600))), Verdict::Reused),
            // Made under another KEK, so that nobody can say what it was.
            (None, Verdict::Reused),
        ] {
            assert_eq!(judge_used(successor.as_ref()), verdict, "{successor:?}");
        }
    }

    #[test]
    fn a_token_dies_with_its_session_or_when_it_rested_for_14_days() {
        let now = Timestamp::from_seconds(NOW);
        assert_eq!(judge(&Life { ended_at: Some(now), ..known(None) }, now), Verdict::Dead);
        assert_eq!(judge(&Life { expires_at: now, ..known(None) }, now), Verdict::Dead);
        assert_eq!(
            judge(&Life { issued_at: now.minus(IDLE), ..known(Some(11)) }, now),
            Verdict::Dead
        );
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

    /// Clients hold such tokens for weeks, and the table holds such hashes.
    #[test]
    fn a_token_of_the_first_release_is_read_hashed_and_followed_as_then() {
        let text = "er_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
        let token = RefreshToken::read(text).unwrap();
        assert!(token == RefreshToken::new([7; 32]) && token.text() == text);
        let hash: String = token.hash().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash, "4bb06f8e4e3a7715d201d573d0aa423762e55dabd61a2c02278fa56cc6d294e0");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]);
        assert_eq!(token.successor(&key).text(), "er_QzDoiu8MZtwqAiiJ5NV1fStFAFShnX8n7oGy4KRI-rQ");
        assert_eq!(format!("{token:?}"), "[redacted]");
    }

    #[test]
    fn a_moment_more_or_less_decides() {
        let (now, moment) = (Timestamp::from_seconds(NOW), Duration::from_micros(1));
        let skew = Duration::from_secs(10);
        for (life, verdict) in [
            // Of a replica whose clock is ahead.
            (Life { used_at: Some(now.plus(skew)), ..known(None) }, Verdict::Used),
            (Life { issued_at: now.minus(IDLE).plus(moment), ..known(None) }, Verdict::Fresh),
            (Life { issued_at: now.minus(IDLE), ..known(None) }, Verdict::Dead),
            (Life { expires_at: now.plus(moment), ..known(None) }, Verdict::Fresh),
            (Life { expires_at: now, ..known(Some(0)) }, Verdict::Dead),
            (Life { ended_at: Some(now.plus(skew)), ..known(Some(0)) }, Verdict::Dead),
        ] {
            assert_eq!(judge(&life, now), verdict, "{life:?}");
        }
    }
}
