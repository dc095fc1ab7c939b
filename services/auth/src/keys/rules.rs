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

    /// Lets time pass in steps with keys that are made when they are due, and looks at all of them after each step.
    fn over_time(
        rotation: Duration,
        step: u64,
        steps: u64,
        mut look: impl FnMut(u64, &[(u64, State)]),
    ) {
        let mut begins: Vec<Timestamp> = vec![];
        let mut made: Vec<u64> = vec![];
        for now in (0..steps).map(|number| number * step) {
            if let Some(begin) = due(begins.last().copied(), rotation, second(now)) {
                assert!(begins.last().is_none_or(|newest| *newest < begin), "keys come in order");
                begins.push(begin);
                made.push(now);
            }
            let keys: Vec<_> = (0..begins.len())
                .map(|index| {
                    (made[index], state(begins[index], begins.get(index + 1).copied(), second(now)))
                })
                .collect();
            look(now, &keys);
        }
    }

    #[test]
    fn one_key_signs_at_any_time_and_none_that_was_not_published_before() {
        for (rotation, step) in [
            (DAY * 30, 3_600),
            (DAY, 613),
            (Duration::from_secs(60), 7),
            (Duration::from_secs(4), 1),
        ] {
            let ahead = PUBLISHED_AHEAD.min(rotation / 2).as_secs();
            over_time(rotation, step, 2_000, |now, keys| {
                let current: Vec<_> =
                    keys.iter().filter(|(_, state)| *state == State::Current).collect();
                assert_eq!(current.len(), 1, "{rotation:?} after {now} s: {keys:?}");
                let (made, _) = *current[0];
                assert!(made == 0 || now >= made + ahead, "{rotation:?}: {made} signs at {now}");
                let next = keys.iter().filter(|(_, state)| *state == State::Next).count();
                assert!(next <= 1, "{rotation:?} after {now} s: {keys:?}");
            });
        }
    }

    #[test]
    fn a_key_is_kept_as_long_as_a_token_of_it_lives_and_few_are_kept() {
        let lives = (ACCESS_TOKEN_LIFETIME + LEEWAY).as_secs();
        let mut signed: std::collections::BTreeMap<u64, u64> = Default::default();
        over_time(Duration::from_secs(300), 10, 1_000, |now, keys| {
            for (made, state) in keys {
                match state {
                    State::Current => _ = signed.insert(*made, now),
                    State::Retired => {
                        assert!(
                            signed[made] + ACCESS_TOKEN_LIFETIME.as_secs() < now,
                            "{made} at {now}"
                        );
                    }
                    State::Next | State::Previous => {}
                }
            }
            let kept = keys.iter().filter(|(_, state)| *state != State::Retired).count() as u64;
            assert!(kept <= lives / 300 + 3, "{kept} at {now}");
        });
    }
}
