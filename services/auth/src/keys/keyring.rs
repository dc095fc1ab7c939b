//! The signing keys of this process: read from the table, decrypted, and renewed when it is time.
use std::{
    sync::{Arc, RwLock},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kit_base::{Clock, Timestamp};
use kit_db::Db;
use kit_rpc::token::{Claims, PublicKey, SigningKey};

use super::{
    error::Error as KeyError,
    metrics,
    row::StoredKey,
    rules::{State, due, state},
    store,
};
use crate::{
    error::Error,
    ids::{AccountId, SessionId},
    secrets::{self, Secrets},
    sessions::metrics::token_issued,
};

/// The keys as of the last look into the table.
#[derive(Default)]
struct Keys {
    /// Those that sign now or later, with the moment from which they do; the oldest first.
    signing: Vec<(Timestamp, SigningKey)>,
}

/// Signs access tokens.
pub(crate) struct Keyring {
    rotation: Duration,
    keys: RwLock<Arc<Keys>>,
}

impl Keyring {
    /// Without keys yet; each signs for `rotation`.
    pub(crate) fn new(rotation: Duration) -> Self {
        Self { rotation, keys: RwLock::default() }
    }

    /// Makes the next key when it is time, removes those that are done with, and reads the others. Gives the public halves of
    /// all that may have signed a living token, and of those that will sign.
    pub(crate) async fn renew(
        &self,
        db: &Db,
        secrets: &Secrets,
        clock: &Clock,
    ) -> Result<Vec<PublicKey>, Error> {
        let now = clock.now();
        let mut stored = store::all(db).await?;
        let newest = stored.last().map(|key| (key.generation, key.signs_from));
        if let Some(signs_from) = due(newest.map(|(_, signs_from)| signs_from), self.rotation, now)
        {
            let generation = newest.map_or(1, |(generation, _)| generation + 1);
            if store::add(db, new_key(secrets, generation, now, signs_from)).await? {
                tracing::info!(target: "audit", generation, %signs_from, "a signing key was made");
            }
            stored = store::all(db).await?;
        }
        let (retired, living): (Vec<_>, Vec<_>) =
            states(stored, now).into_iter().partition(|(_, state)| *state == State::Retired);
        if !retired.is_empty() {
            store::remove(db, retired.iter().map(|(key, _)| key.generation).collect()).await?;
        }
        observe(&living);
        self.take_over(&living, secrets)?;
        living.iter().map(|(key, _)| public_key(key)).collect()
    }

    fn take_over(&self, living: &[(StoredKey, State)], secrets: &Secrets) -> Result<(), Error> {
        let signs =
            living.iter().filter(|(_, state)| matches!(state, State::Current | State::Next));
        let signing = signs.map(|(key, _)| {
            let private = secrets.open(&key.id, &key.private_key).ok_or(KeyError::WrongKek)?;
            let signing = SigningKey::new(key.id.clone(), &private).map_err(Error::Internal)?;
            Ok((key.signs_from, signing))
        });
        let keys = Keys { signing: signing.collect::<Result<_, Error>>()? };
        *self.keys.write().expect("no holder panics") = Arc::new(keys);
        Ok(())
    }

    /// An access token for the session.
    pub(crate) fn access_token(
        &self,
        account: AccountId,
        session: SessionId,
        clock: &Clock,
    ) -> Result<String, Error> {
        let now = clock.now();
        let keys = Arc::clone(&self.keys.read().expect("no holder panics"));
        let current = keys.signing.iter().rfind(|(signs_from, _)| *signs_from <= now);
        // The very first key, made by a replica whose clock is a little ahead, is the only one there is.
        let (_, key) = current.or(keys.signing.first()).ok_or(KeyError::Unavailable)?;
        let claims = Claims::new(account.0, session.0, kit_base::id::uuid(clock), now);
        token_issued("access");
        key.sign(&claims).map_err(Error::Internal)
    }
}

/// Each key with what it does now.
fn states(stored: Vec<StoredKey>, now: Timestamp) -> Vec<(StoredKey, State)> {
    let begins: Vec<_> = stored.iter().map(|key| key.signs_from).collect();
    let with_state = |(index, key): (usize, StoredKey)| {
        let state = state(key.signs_from, begins.get(index + 1).copied(), now);
        (key, state)
    };
    stored.into_iter().enumerate().map(with_state).collect()
}

fn new_key(secrets: &Secrets, generation: i32, now: Timestamp, signs_from: Timestamp) -> StoredKey {
    let (private, public) = SigningKey::generate();
    let id = URL_SAFE_NO_PAD.encode(secrets::random::<12>());
    let private_key = secrets.seal(&id, &private);
    StoredKey {
        generation,
        id,
        public_key: public.to_vec(),
        private_key,
        created_at: now,
        signs_from,
    }
}

fn public_key(key: &StoredKey) -> Result<PublicKey, Error> {
    let bytes = key.public_key.clone().try_into();
    let bytes = bytes
        .map_err(|_| Error::Internal(anyhow::anyhow!("the public key {} is not one", key.id)))?;
    Ok(PublicKey { id: key.id.clone(), bytes })
}

fn observe(living: &[(StoredKey, State)]) {
    for (name, wanted) in
        [("next", State::Next), ("current", State::Current), ("previous", State::Previous)]
    {
        let newest = living.iter().rfind(|(_, state)| *state == wanted);
        metrics::key_created(name, newest.map_or(0, |(key, _)| key.created_at.as_seconds()));
    }
}
