use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, errors::ErrorKind};
use quick_cache::sync::Cache;
use serde::Deserialize;
use tokio::{sync::Notify, time::Instant};
use tonic::Status;
use uuid::Uuid;

use super::{
    claims::{Claims, ISSUER, TYPE},
    ed25519,
    error::{Flaw, TokenError},
    metrics,
};
use crate::Caller;
use kit_base::{Clock, error::told, metrics::CacheRequests, time::Timestamp};

/// Clocks may differ by this much, in seconds.
const LEEWAY: i64 = 10;
/// Longer than this is no token of ours.
const MAX_LENGTH: usize = 2048;
/// Verified tokens that are remembered: a verification costs more than a read from the database.
const REMEMBERED: usize = 10_000;

/// Without word from auth for this long a session may have ended unheard: nothing is written then.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);
/// No token lives longer than this.
const KEPT: Duration = Duration::from_secs(11 * 60);
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
    revoked: RwLock<HashMap<Uuid, Ended>>,
    verified: Cache<Box<str>, Verified>,
    requests: CacheRequests,
    heard: Arc<AtomicI64>,
    told: Notify,
    /// What keeps updates away.
    fault: Mutex<String>,
}

/// Until when a session that ended is kept, and since when: a clock that was set ahead for a while must not make it be forgotten.
struct Ended {
    until: Timestamp,
    heard: Instant,
}

impl Ended {
    fn is_over(&self, now: Timestamp) -> bool {
        self.until <= now && self.heard.elapsed() >= KEPT
    }
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
        let (keys, revoked, heard) = (ArcSwap::default(), RwLock::default(), Arc::default());
        let (verified, told) = (Cache::new(REMEMBERED), Notify::new());
        let requests = CacheRequests::named("tokens");
        let fault = Mutex::new("no keys have been announced".to_owned());
        Self { audience, clock, keys, revoked, verified, requests, heard, told, fault }
    }

    /// Who the token speaks for that was brought to a service's door: counted, once.
    pub fn admit(&self, token: &str) -> Result<Caller, TokenError> {
        let outcome = self.verify(token);
        metrics::validated(&outcome);
        outcome
    }

    /// Who the token speaks for.
    pub fn verify(&self, token: &str) -> Result<Caller, TokenError> {
        let caller = self.identify(token)?;
        if self.has_ended(caller.session_id) { Err(TokenError::Revoked) } else { Ok(caller) }
    }

    /// Whom the token spoke for, where it is refused for nothing but that its session has ended.
    pub fn former(&self, token: &str) -> Option<Caller> {
        self.identify(token).ok().filter(|caller| self.has_ended(caller.session_id))
    }

    /// Who the token speaks for, unless its session has ended.
    fn identify(&self, token: &str) -> Result<Caller, TokenError> {
        let (now, keys) = (self.clock.now().as_seconds(), self.keys.load());
        let remembered = self.verified.get(token).filter(|verified| verified.by == keys.number);
        let remembered = self.requests.count(remembered);
        let Verified { caller, expires, by: _ } = match remembered {
            Some(remembered) => remembered,
            None => {
                let claims = self.decode(token, &keys)?;
                if claims.nbf > now + LEEWAY {
                    return Err(TokenError::Invalid(Flaw::Claims));
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
        Ok(caller)
    }

    fn decode(&self, token: &str, Keys { number: _, keys }: &Keys) -> Result<Claims, TokenError> {
        const MALFORMED: TokenError = TokenError::Invalid(Flaw::Malformed);
        if token.len() > MAX_LENGTH {
            return Err(MALFORMED);
        }
        let header = token
            .split('.')
            .next()
            .and_then(|head| URL_SAFE_NO_PAD.decode(head).ok())
            .ok_or(MALFORMED)?;
        let header: StrictHeader<'_> = serde_json::from_slice(&header).map_err(|_| MALFORMED)?;
        if header.alg != "EdDSA" || header.typ != TYPE {
            return Err(MALFORMED);
        }
        if keys.is_empty() {
            return Err(TokenError::Unready);
        }
        let named = keys.iter().find(|(key, _)| key.id == header.kid);
        let (_, key) = named.ok_or(TokenError::Invalid(Flaw::UnknownKey))?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[self.audience]);
        rules.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // Times are checked against our own clock, which a test may set.
        rules.validate_exp = false;
        let decoded = jsonwebtoken::decode::<Claims>(token, key, &rules);
        decoded.map(|token| token.claims).map_err(|error| {
            TokenError::Invalid(match error.kind() {
                ErrorKind::InvalidSignature => Flaw::Signature,
                ErrorKind::InvalidToken | ErrorKind::Base64(_) | ErrorKind::Utf8(_) => {
                    Flaw::Malformed
                }
                _ => Flaw::Claims,
            })
        })
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
        revoked.retain(|_, ended| !ended.is_over(now));
        let heard = Instant::now();
        let ended = |Revocation { session_id, until }| (session_id, Ended { until, heard });
        revoked.extend(revocations.into_iter().map(ended));
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

    /// Tells, from now on, how long ago auth was heard of.
    pub(super) fn tell_age(&self) {
        metrics::watch_age(self.audience, &self.heard, self.clock.clone());
    }

    /// Keeps why updates do not come.
    pub(super) fn missed(&self, status: &Status) -> String {
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

#[cfg(test)]
mod tests;
