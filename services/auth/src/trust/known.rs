//! What others need to check access tokens: public keys, and sessions that ended. Followed by peers over a stream, and by this
//! service itself.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use kit_base::{Clock, Stop, Timestamp};
use kit_rpc::token::{PublicKey, Revocation, TrustUpdate, Verifier};
use tokio::{sync::broadcast, time::Instant};
use uuid::Uuid;

/// Updates that a slow follower may be behind before it is told everything anew.
const BEHIND: usize = 1024;
/// Sessions in one update: a message has a bound, and one of them takes some 60 bytes.
const AT_ONCE: usize = 10_000;
/// What other replicas ended is looked for four times a second. Whoever has not seen it for so long does not say that all is known.
const CURRENT: Duration = Duration::from_secs(5);

/// Keys and revocations in memory, and who follows them.
pub(crate) struct Trust {
    /// Checks the callers of this service.
    pub(crate) verifier: Arc<Verifier>,
    /// Ends all streams.
    pub(crate) end: Stop,
    known: Mutex<Known>,
    updates: broadcast::Sender<TrustUpdate>,
}

#[derive(Default)]
struct Known {
    keys: Vec<PublicKey>,
    revocations: HashMap<Uuid, Timestamp>,
    /// When it was looked for what others ended, the last time that this worked.
    looked: Option<Instant>,
}

/// What follows after all that is known.
pub(crate) type Updates = broadcast::Receiver<TrustUpdate>;

impl Trust {
    /// Knows nothing yet.
    pub(crate) fn new(clock: &Clock) -> Self {
        let (updates, _) = broadcast::channel(BEHIND);
        Self {
            verifier: Arc::new(Verifier::new("auth", clock.clone())),
            end: Stop::new(),
            known: Mutex::default(),
            updates,
        }
    }

    /// Whether there is anything to follow.
    pub(crate) fn is_known(&self) -> bool {
        !self.lock().keys.is_empty()
    }

    /// Whether what other replicas ended is known here.
    pub(crate) fn is_current(&self) -> bool {
        self.lock().looked.is_some_and(|looked| looked.elapsed() < CURRENT)
    }

    /// Takes over sessions that other replicas ended, as the database tells.
    pub(crate) fn learn(&self, revocations: Vec<Revocation>, now: Timestamp) {
        self.revoke(revocations, now);
        self.lock().looked = Some(Instant::now());
    }

    /// Takes over the keys as they are now; who follows is told when they changed.
    pub(crate) fn keys(&self, keys: Vec<PublicKey>) {
        let mut known = self.lock();
        if known.keys != keys {
            known.keys.clone_from(&keys);
            self.publish(TrustUpdate { keys, revocations: vec![] });
        }
    }

    /// Takes over sessions that ended; who follows is told of those that are news.
    pub(crate) fn revoke(&self, revocations: Vec<Revocation>, now: Timestamp) {
        let mut known = self.lock();
        known.revocations.retain(|_, until| *until > now);
        let is_news =
            |ended: &Revocation| known.revocations.insert(ended.session_id, ended.until).is_none();
        let revocations: Vec<_> = revocations.into_iter().filter(is_news).collect();
        for some in revocations.chunks(AT_ONCE) {
            self.publish(TrustUpdate { keys: vec![], revocations: some.to_vec() });
        }
    }

    /// All that is known now, and what follows. Keys come last: whoever knows them knows of every end.
    pub(crate) fn follow(&self) -> (Vec<TrustUpdate>, Updates) {
        let known = self.lock();
        let revocation = |(session, until): (&Uuid, &Timestamp)| Revocation {
            session_id: *session,
            until: *until,
        };
        let revocations: Vec<_> = known.revocations.iter().map(revocation).collect();
        let some = |some: &[Revocation]| TrustUpdate { keys: vec![], revocations: some.to_vec() };
        let mut updates: Vec<_> = revocations.chunks(AT_ONCE).map(some).collect();
        updates.push(TrustUpdate { keys: known.keys.clone(), revocations: vec![] });
        (updates, self.updates.subscribe())
    }

    /// Called while what is known is locked, so that no follower misses what came between all that was known and its first update.
    fn publish(&self, update: TrustUpdate) {
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
    use super::*;

    /// The sessions that have ended, in their order.
    fn ends(told: &[TrustUpdate]) -> Vec<u128> {
        let ended = told.iter().flat_map(|update| &update.revocations);
        let mut ended: Vec<_> = ended.map(|ended| ended.session_id.as_u128()).collect();
        ended.sort_unstable();
        ended
    }

    #[test]
    fn all_that_is_known_comes_in_updates_that_fit_and_the_keys_come_last() {
        let clock = Clock::fixed(Timestamp::from_seconds(1_800_000_000));
        let (trust, now) = (Trust::new(&clock), clock.now());
        trust.keys(vec![key(1)]);
        let until = now.plus(Duration::from_secs(600));
        let ended = |number| Revocation { session_id: Uuid::from_u128(number), until };
        let many = 2 * AT_ONCE as u128 + 1;
        trust.learn((0..many).map(ended).collect(), now);
        let (told, _) = trust.follow();
        assert_eq!(ends(&told), (0..many).collect::<Vec<_>>());
        let sizes: Vec<_> =
            told.iter().map(|update| (update.revocations.len(), update.keys.len())).collect();
        assert_eq!(sizes, [(AT_ONCE, 0), (AT_ONCE, 0), (1, 0), (0, 1)]);
        let (_, mut updates) = trust.follow();
        trust.revoke((many..2 * many).map(ended).collect(), now);
        let live = std::iter::from_fn(|| updates.try_recv().ok());
        let sizes: Vec<_> = live.map(|update| update.revocations.len()).collect();
        assert_eq!(sizes, [AT_ONCE, AT_ONCE, 1], "what comes later, too");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_looked_for_lately_is_not_known() {
        let clock = Clock::fixed(Timestamp::from_seconds(1_800_000_000));
        let (trust, now) = (Trust::new(&clock), clock.now());
        assert!(!trust.is_current());
        trust.learn(vec![], now);
        tokio::time::advance(CURRENT - Duration::from_millis(1)).await;
        assert!(trust.is_current());
        trust.revoke(vec![], now);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!trust.is_current(), "what this replica ends says nothing of the others");
    }

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
        let (known, mut updates) = trust.follow();
        assert_eq!(ends(&known), [1]);
        trust.revoke(vec![ended(1), ended(2)], now);
        trust.revoke(vec![ended(2)], now);
        let news: Vec<_> =
            updates.try_recv().unwrap().revocations.iter().map(|ended| ended.session_id).collect();
        assert_eq!(news, [Uuid::from_u128(2)]);
        assert!(updates.try_recv().is_err());
        trust.revoke(vec![], now.plus(Duration::from_secs(600)));
        assert_eq!(ends(&trust.follow().0), [0; 0]);
    }

    fn key(number: u8) -> PublicKey {
        PublicKey { id: format!("k{number}"), bytes: kit_rpc::token::SigningKey::generate().1 }
    }

    #[test]
    fn followers_hear_of_keys_when_they_change_and_there_is_nothing_to_follow_without_any() {
        let trust = Trust::new(&Clock::fixed(Timestamp::from_seconds(1_800_000_000)));
        assert!(!trust.is_known());
        let (known, mut updates) = trust.follow();
        assert!(known.iter().all(|update| update.keys.is_empty()));
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
    fn a_session_that_ended_is_known_to_what_checks_callers_here() {
        let clock = Clock::fixed(Timestamp::from_seconds(1_800_000_000));
        let trust = Trust::new(&clock);
        let key = key(1);
        trust.keys(vec![key.clone()]);
        let session_id = Uuid::from_u128(1);
        let until = clock.now().plus(Duration::from_secs(600));
        trust.revoke(vec![Revocation { session_id, until }], clock.now());
        assert!(trust.verifier.has_ended(session_id));
        assert_eq!(trust.verifier.keys(), [key]);
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
        assert_eq!(ends(&trust.follow().0).len(), BEHIND + 1);
    }
}
