use std::{
    collections::HashMap,
    sync::{
        Mutex, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::{Stream, StreamExt as _};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use quick_cache::sync::Cache;
use serde::Deserialize;
use tokio::sync::Notify;
use tonic::Status;
use uuid::Uuid;

use super::{
    claims::{Claims, ISSUER, TYPE},
    ed25519,
    error::TokenError,
};
use crate::Caller;
use kit_base::{Clock, Stop, error::told, outage::Outage, time::Timestamp};

/// Clocks may differ by this much, in seconds.
const LEEWAY: i64 = 10;
/// Longer than this is no token of ours.
const MAX_LENGTH: usize = 2048;
/// Verified tokens that are remembered: a verification costs more than a read from the database.
const REMEMBERED: usize = 10_000;
/// An update, if only a heartbeat, comes every 5 s; after this long without one the stream is opened anew.
const SILENCE: Duration = Duration::from_secs(12);

/// Without word from auth for this long a session may have ended unheard: nothing is written then.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);
/// How far a clock may go back in between.
const ASTRAY: Duration = Duration::from_secs(1);

/// A key that may have signed a living token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// Its name, as in the token's header.
    pub id: String,
    /// The raw key.
    pub bytes: [u8; 32],
}

/// A session that ended.
#[derive(Clone, Debug)]
pub struct Revocation {
    /// The session.
    pub session_id: Uuid,
    /// After this none of its tokens is alive.
    pub until: Timestamp,
}

/// What changed about the tokens to accept.
#[derive(Clone, Debug, Default)]
pub struct TrustUpdate {
    /// All keys, when they changed.
    pub keys: Vec<PublicKey>,
    /// Sessions that ended.
    pub revocations: Vec<Revocation>,
}

/// Checks access tokens from keys and revocations in memory.
pub struct Verifier {
    audience: &'static str,
    clock: Clock,
    keys: ArcSwap<Keys>,
    revoked: RwLock<HashMap<Uuid, Timestamp>>,
    verified: Cache<Box<str>, Verified>,
    heard: AtomicI64,
    told: Notify,
    /// What keeps updates away.
    fault: Mutex<String>,
}

/// The keys that are accepted, each set with a number of its own.
#[derive(Default)]
struct Keys {
    number: u64,
    keys: Vec<(PublicKey, DecodingKey)>,
}

/// What a token says that was found good, by the keys of that number: one of them may be withdrawn while another is looked up.
#[derive(Clone)]
struct Verified {
    caller: Caller,
    expires: i64,
    by: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictHeader<'h> {
    alg: &'h str,
    typ: &'h str,
    kid: &'h str,
}

impl Verifier {
    /// Accepts tokens meant for `audience`; none until keys are known.
    pub fn new(audience: &'static str, clock: Clock) -> Self {
        ed25519::install();
        let (keys, revoked, heard) = (ArcSwap::default(), RwLock::default(), AtomicI64::new(0));
        let (verified, told) = (Cache::new(REMEMBERED), Notify::new());
        let fault = Mutex::new("no keys have been announced".to_owned());
        Self { audience, clock, keys, revoked, verified, heard, told, fault }
    }

    /// Who the token speaks for.
    pub fn verify(&self, token: &str) -> Result<Caller, TokenError> {
        let (now, keys) = (self.clock.now().as_seconds(), self.keys.load());
        let remembered = self.verified.get(token).filter(|verified| verified.by == keys.number);
        let Verified { caller, expires, by: _ } = match remembered {
            Some(remembered) => remembered,
            None => {
                let claims = self.decode(token, &keys)?;
                if claims.nbf > now + LEEWAY {
                    return Err(TokenError::Invalid);
                }
                let caller = Caller { user_id: claims.sub, session_id: claims.sid };
                let verified = Verified { caller, expires: claims.exp, by: keys.number };
                self.verified.insert(token.into(), verified.clone());
                verified
            }
        };
        if now >= expires + LEEWAY {
            return Err(TokenError::Expired);
        }
        let revoked =
            self.revoked.read().expect("no holder panics").contains_key(&caller.session_id);
        if revoked { Err(TokenError::Revoked) } else { Ok(caller) }
    }

    fn decode(&self, token: &str, Keys { number: _, keys }: &Keys) -> Result<Claims, TokenError> {
        if token.len() > MAX_LENGTH {
            return Err(TokenError::Invalid);
        }
        let header = token
            .split('.')
            .next()
            .and_then(|head| URL_SAFE_NO_PAD.decode(head).ok())
            .ok_or(TokenError::Invalid)?;
        let header: StrictHeader<'_> =
            serde_json::from_slice(&header).map_err(|_| TokenError::Invalid)?;
        if header.alg != "EdDSA" || header.typ != TYPE {
            return Err(TokenError::Invalid);
        }
        if keys.is_empty() {
            return Err(TokenError::Unready);
        }
        let (_, key) =
            keys.iter().find(|(key, _)| key.id == header.kid).ok_or(TokenError::Invalid)?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[self.audience]);
        rules.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // Times are checked against our own clock, which a test may set.
        rules.validate_exp = false;
        let decoded = jsonwebtoken::decode::<Claims>(token, key, &rules);
        decoded.map(|token| token.claims).map_err(|_| TokenError::Invalid)
    }

    /// Takes over what changed. No session that has ended begins again, whoever has not heard of its end.
    pub fn apply(&self, update: TrustUpdate) {
        let now = self.clock.now();
        let TrustUpdate { keys, revocations } = update;
        if !keys.is_empty() {
            let key = |key: PublicKey| {
                let decoding = DecodingKey::from_ed_der(&key.bytes);
                (key, decoding)
            };
            let keys: Vec<_> = keys.into_iter().map(key).collect();
            // Each set has a number of its own, so what was found good by another is not taken for good: a key may have been withdrawn.
            self.keys.rcu(|before| Keys { number: before.number + 1, keys: Vec::clone(&keys) });
            self.told.notify_waiters();
        }
        let mut revoked = self.revoked.write().expect("no holder panics");
        revoked.retain(|_, until| *until > now);
        revoked.extend(revocations.into_iter().map(|ended| (ended.session_id, ended.until)));
        self.heard.store(now.as_microseconds(), Ordering::Relaxed);
    }

    /// Whether the session was ended: what goes on for longer than a token lives has to ask now and then.
    pub fn has_ended(&self, session_id: Uuid) -> bool {
        self.revoked.read().expect("no holder panics").contains_key(&session_id)
    }

    /// The keys that are accepted now.
    pub fn keys(&self) -> Vec<PublicKey> {
        self.keys.load().keys.iter().map(|(key, _)| key.clone()).collect()
    }

    /// Waits until keys are known.
    pub async fn wait_for_keys(&self) {
        loop {
            let told = self.told.notified();
            if !self.keys.load().keys.is_empty() {
                return;
            }
            told.await;
        }
    }

    /// Waits for keys as a check of readiness does.
    ///
    /// # Errors
    /// What keeps them away, when they do not come soon.
    pub async fn ready(&self) -> Result<(), String> {
        let known = tokio::time::timeout(PATIENCE, self.wait_for_keys()).await;
        known.map_err(|_| self.trouble())
    }

    /// What keeps updates away, as far as is known.
    pub fn trouble(&self) -> String {
        self.fault.lock().expect("no holder panics").clone()
    }

    /// Keeps why updates do not come.
    fn missed(&self, status: &Status) -> String {
        let fault = told(status);
        self.fault.lock().expect("no holder panics").clone_from(&fault);
        fault
    }

    /// Whether what is not heard of may be taken for not having happened: a session may have ended, and nobody writes for it.
    pub fn heard_lately(&self) -> Result<(), TokenError> {
        let heard = Timestamp::from_microseconds(self.heard.load(Ordering::Relaxed));
        let now = self.clock.now();
        // A clock that was set back says nothing of how long it was silent.
        let lately = heard <= now.plus(ASTRAY) && now.since(heard) <= LONGEST_SILENCE;
        if lately { Ok(()) } else { Err(TokenError::Stale) }
    }
}

/// How long a check of readiness waits for keys: less than what it has, so that it can say why there are none.
const PATIENCE: Duration = Duration::from_secs(4);

/// Between two tries to follow; each is twice as long as the one before.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Keeps `verifier` up to date from a stream of updates, which `open` opens anew whenever it ends.
pub async fn follow<S, F>(verifier: &Verifier, stop: &Stop, open: impl Fn() -> F)
where
    S: Stream<Item = Result<TrustUpdate, Status>> + Unpin,
    F: Future<Output = Result<S, Status>>,
{
    let mut pause = SHORTEST_PAUSE;
    let mut outage: Option<Outage> = None;
    while !stop.is_cancelled() {
        let updates = async {
            let mut updates = tokio::time::timeout(SILENCE, open())
                .await
                .map_err(|_| Status::unavailable("silence"))??;
            while let Some(update) = tokio::time::timeout(SILENCE, updates.next())
                .await
                .map_err(|_| Status::unavailable("silence"))?
            {
                verifier.apply(update?);
                pause = SHORTEST_PAUSE;
                followed(&mut outage);
            }
            Ok::<(), Status>(())
        };
        tokio::select! {
            () = stop.cancelled() => return,
            ended = updates => if let Err(status) = ended {
                lost(outage.get_or_insert_with(Outage::begin), &status, &verifier.missed(&status), pause);
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
        }
    }
}

fn followed(outage: &mut Option<Outage>) {
    if let Some(outage) = outage.take() {
        let waited_seconds = outage.lasted().as_secs();
        tracing::info!(waited_seconds, "keys and revocations are followed again");
    }
}

/// Said while the pauses still grow: after that it is nothing new, and said now and again.
fn lost(outage: &mut Outage, status: &Status, fault: &str, pause: Duration) {
    if pause < LONGEST_PAUSE || outage.reminds() {
        let (code, waited_seconds) = (status.code(), outage.lasted().as_secs());
        tracing::warn!(?code, fault, waited_seconds, "keys and revocations cannot be followed");
    }
}

#[cfg(test)]
mod tests;
