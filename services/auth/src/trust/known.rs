//! What others need to check access tokens: public keys, and sessions that ended. Followed by peers over a stream, and by this
//! service itself.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use kit_base::{Clock, Stop, Timestamp};
use kit_rpc::token::{PublicKey, Revocation, TrustUpdate, Verifier};
use tokio::sync::broadcast;
use uuid::Uuid;

/// Updates that a slow follower may be behind before it gets a snapshot instead.
const BEHIND: usize = 1024;

/// Keys and revocations in memory, and who follows them.
pub(crate) struct Trust {
    /// Checks the callers of this service.
    pub(crate) verifier: Arc<Verifier>,
    /// Knows the keys and not the sessions: whose a token was whose session has ended.
    pub(crate) signatures: Verifier,
    /// Ends all streams.
    pub(crate) end: Stop,
    known: Mutex<Known>,
    updates: broadcast::Sender<TrustUpdate>,
}

#[derive(Default)]
struct Known {
    keys: Vec<PublicKey>,
    revocations: HashMap<Uuid, Timestamp>,
}

/// What follows after a snapshot.
pub(crate) type Updates = broadcast::Receiver<TrustUpdate>;

impl Trust {
    /// Knows nothing yet.
    pub(crate) fn new(clock: &Clock) -> Self {
        let (updates, _) = broadcast::channel(BEHIND);
        let verifier = || Verifier::new("auth", clock.clone());
        Self {
            verifier: Arc::new(verifier()),
            signatures: verifier(),
            end: Stop::new(),
            known: Mutex::default(),
            updates,
        }
    }

    /// Whether there is anything to follow.
    pub(crate) fn is_known(&self) -> bool {
        !self.lock().keys.is_empty()
    }

    /// Takes over the keys as they are now; who follows is told when they changed.
    pub(crate) fn keys(&self, keys: Vec<PublicKey>) {
        let mut known = self.lock();
        if known.keys != keys {
            known.keys.clone_from(&keys);
            self.publish(TrustUpdate { snapshot: false, keys, revocations: vec![] });
        }
    }

    /// Takes over sessions that ended; who follows is told of those that are news.
    pub(crate) fn revoke(&self, revocations: Vec<Revocation>, now: Timestamp) {
        let mut known = self.lock();
        known.revocations.retain(|_, until| *until > now);
        let is_news =
            |ended: &Revocation| known.revocations.insert(ended.session_id, ended.until).is_none();
        let revocations: Vec<_> = revocations.into_iter().filter(is_news).collect();
        if !revocations.is_empty() {
            self.publish(TrustUpdate { snapshot: false, keys: vec![], revocations });
        }
    }

    /// All that is known now, and what follows.
    pub(crate) fn follow(&self) -> (TrustUpdate, Updates) {
        let known = self.lock();
        let revocation = |(session, until): (&Uuid, &Timestamp)| Revocation {
            session_id: *session,
            until: *until,
        };
        let revocations = known.revocations.iter().map(revocation).collect();
        (
            TrustUpdate { snapshot: true, keys: known.keys.clone(), revocations },
            self.updates.subscribe(),
        )
    }

    /// Called while what is known is locked, so that no follower misses what came between its snapshot and its first update.
    fn publish(&self, update: TrustUpdate) {
        self.signatures.apply(TrustUpdate { revocations: vec![], ..update.clone() });
        self.verifier.apply(update.clone());
        // Nobody may follow.
        _ = self.updates.send(update);
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("no holder panics")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_follower_learns_each_thing_once() {
        let clock = Clock::fixed(Timestamp::from_seconds(1_800_000_000));
        let now = clock.now();
        let trust = Trust::new(&clock);
        let ended = |number| Revocation {
            session_id: Uuid::from_u128(number),
            until: now.plus(Duration::from_secs(600)),
        };
        trust.revoke(vec![ended(1)], now);
        let (snapshot, mut updates) = trust.follow();
        assert_eq!((snapshot.snapshot, snapshot.revocations.len()), (true, 1));
        trust.revoke(vec![ended(1), ended(2)], now);
        trust.revoke(vec![ended(2)], now);
        let news: Vec<_> =
            updates.try_recv().unwrap().revocations.iter().map(|ended| ended.session_id).collect();
        assert_eq!(news, [Uuid::from_u128(2)]);
        assert!(updates.try_recv().is_err());
        trust.revoke(vec![], now.plus(Duration::from_secs(600)));
        assert!(trust.follow().0.revocations.is_empty());
    }

    fn key(number: u8) -> PublicKey {
        PublicKey { id: format!("k{number}"), bytes: kit_rpc::token::SigningKey::generate().1 }
    }

    #[test]
    fn followers_hear_of_keys_when_they_change_and_there_is_nothing_to_follow_without_any() {
        let trust = Trust::new(&Clock::fixed(Timestamp::from_seconds(1_800_000_000)));
        assert!(!trust.is_known());
        let (snapshot, mut updates) = trust.follow();
        assert!(snapshot.snapshot && snapshot.keys.is_empty());
        let (one, other) = (key(1), key(2));
        for keys in
            [vec![one.clone()], vec![one.clone()], vec![one, other.clone()], vec![other.clone()]]
        {
            trust.keys(keys);
        }
        let told: Vec<_> = std::iter::from_fn(|| updates.try_recv().ok())
            .map(|update| update.keys.into_iter().map(|key| key.id).collect::<Vec<_>>())
            .collect();
        assert_eq!(told, [vec!["k1"], vec!["k1", "k2"], vec!["k2"]]);
        assert!(trust.is_known());
        assert_eq!(trust.verifier.keys(), [other], "what this service checks by follows too");
    }

    #[test]
    fn only_the_verifier_knows_of_ended_sessions() {
        let clock = Clock::fixed(Timestamp::from_seconds(1_800_000_000));
        let trust = Trust::new(&clock);
        trust.keys(vec![key(1)]);
        let session_id = Uuid::from_u128(1);
        let until = clock.now().plus(Duration::from_secs(600));
        trust.revoke(vec![Revocation { session_id, until }], clock.now());
        assert!(trust.verifier.has_ended(session_id) && !trust.signatures.has_ended(session_id));
        assert_eq!(trust.signatures.keys(), trust.verifier.keys());
    }

    #[test]
    fn a_follower_that_falls_behind_gets_all_of_it_again() {
        let clock = Clock::fixed(Timestamp::from_seconds(1_800_000_000));
        let trust = Trust::new(&clock);
        let (_, mut updates) = trust.follow();
        let until = clock.now().plus(Duration::from_secs(600));
        for number in 0..=BEHIND as u128 {
            let session_id = Uuid::from_u128(number);
            trust.revoke(vec![Revocation { session_id, until }], clock.now());
        }
        let behind = updates.try_recv();
        assert!(matches!(behind, Err(broadcast::error::TryRecvError::Lagged(1))), "{behind:?}");
        assert_eq!(trust.follow().0.revocations.len(), BEHIND + 1);
    }
}
