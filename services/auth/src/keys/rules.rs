//! The life of a signing key: published, then signing, then only verifying, then gone.
use std::time::Duration;

use kit_base::Timestamp;
use kit_rpc::token::ACCESS_TOKEN_LIFETIME;

/// A key is known everywhere for so long before it signs.
const PUBLISHED_AHEAD: Duration = Duration::from_secs(15 * 60);
/// A key verifies for so much longer than its last token lives: clocks differ.
const LEEWAY: Duration = Duration::from_secs(60);

/// What a key does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It is published and does not sign yet.
    Next,
    /// It signs.
    Current,
    /// It signed tokens that may still be alive.
    Previous,
    /// No token of it is alive.
    Retired,
}

/// What the key that signs from `signs_from` does now, where `successor` is when the one after it does.
pub(crate) fn state(signs_from: Timestamp, successor: Option<Timestamp>, now: Timestamp) -> State {
    match successor {
        _ if signs_from > now => State::Next,
        Some(end) if end.plus(ACCESS_TOKEN_LIFETIME + LEEWAY) <= now => State::Retired,
        Some(end) if end <= now => State::Previous,
        _ => State::Current,
    }
}

/// From when a key that is to be made now would sign; none when none is due. `newest` is when the newest key begins.
pub(crate) fn due(
    newest: Option<Timestamp>,
    rotation: Duration,
    now: Timestamp,
) -> Option<Timestamp> {
    let ahead = PUBLISHED_AHEAD.min(rotation / 2);
    match newest {
        None => Some(now),
        Some(newest) if newest.plus(rotation) <= now.plus(ahead) => {
            Some(newest.plus(rotation).max(now.plus(ahead)))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn second(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000).plus(Duration::from_secs(seconds))
    }

    #[test]
    fn the_first_key_signs_at_once_and_the_next_is_published_15_minutes_ahead() {
        let rotation = DAY * 30;
        assert_eq!(due(None, rotation, second(0)), Some(second(0)));
        let change = rotation.as_secs();
        assert_eq!(due(Some(second(0)), rotation, second(change - 901)), None);
        assert_eq!(due(Some(second(0)), rotation, second(change - 900)), Some(second(change)));
        // Everything was off for a year: the key still is published before it signs.
        assert_eq!(
            due(Some(second(0)), rotation, second(12 * change)),
            Some(second(12 * change + 900))
        );
    }

    #[test]
    fn a_key_verifies_until_its_last_token_has_expired() {
        let states =
            [0, 100, 200, 859, 860].map(|now| state(second(50), Some(second(200)), second(now)));
        assert_eq!(
            states,
            [State::Next, State::Current, State::Previous, State::Previous, State::Retired]
        );
        assert_eq!(state(second(50), None, second(u64::from(u32::MAX))), State::Current);
    }
}
