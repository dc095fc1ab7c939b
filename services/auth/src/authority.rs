//! What the handlers and jobs of one process share.
use std::sync::Arc;

use kit_base::{Clock, Timestamp, ration::Rations, turns::Turns};
use kit_db::Db;
use kit_rpc::token::Revocation;

use crate::{
    config::Config,
    error::Error,
    ids::{AccountId, SessionId},
    keys::keyring::Keyring,
    migrations::MIGRATIONS,
    passwords::hashing::Hasher,
    refresh::rules::REFRESHES_AN_HOUR,
    secrets::Secrets,
    sessions::rules::remembered_until,
    trust::{self, known::Trust},
};

/// The database, the keys and the threads of one process.
pub(crate) struct Authority {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) secrets: Secrets,
    pub(crate) hasher: Hasher,
    pub(crate) keyring: Keyring,
    pub(crate) trust: Arc<Trust>,
    pub(crate) config: Config,
    /// The refreshes of one token happen one after another: racing ones would each hold a connection to the database while they wait
    /// for the same row.
    pub(crate) refreshes: Turns<Vec<u8>>,
    /// So do the writes of one account.
    pub(crate) writes: Turns<AccountId>,
    /// What each account has left of its refreshes.
    pub(crate) rotations: Rations<AccountId>,
}

impl Authority {
    /// Opens the database and starts the threads that hash; neither waits for the other end.
    pub(crate) fn open(config: Config, clock: Clock) -> anyhow::Result<Self> {
        Ok(Self {
            db: open(&config)?,
            secrets: Secrets::new(&config.kek()?),
            hasher: Hasher::start(config.workers(), config.profile())?,
            keyring: Keyring::new(config.key_rotation()),
            trust: Arc::new(Trust::new(&clock)),
            clock,
            config,
            refreshes: Turns::new(),
            rotations: Rations::new(REFRESHES_AN_HOUR, 3600),
            writes: Turns::new(),
        })
    }

    /// Brings the schema up to date where that is wanted, and checks it; then reads keys and revocations.
    pub(crate) async fn prepare(&self) -> anyhow::Result<()> {
        self.db.up().await?;
        if self.config.migrates() {
            kit_db::migrate::apply(&self.db, MIGRATIONS).await?;
        }
        let version = kit_db::migrate::check(&self.db, MIGRATIONS).await;
        kit_db::metrics::migrations_applied("auth", version.map_err(anyhow::Error::msg)?);
        Ok(self.load().await?)
    }

    /// Reads keys and revocations unless that was done before: the first request may come before the first job has run.
    pub(crate) async fn ready(&self) -> Result<(), Error> {
        if self.trust.is_known() { Ok(()) } else { self.load().await }
    }

    /// The same for who follows: of a replica that cannot tell what others ended nobody learns that all is well.
    pub(crate) async fn current(&self) -> Result<(), Error> {
        if self.trust.is_known() && self.trust.is_current() { Ok(()) } else { self.load().await }
    }

    /// Revocations first: whoever follows gets keys only from a replica that knows which sessions have ended.
    async fn load(&self) -> Result<(), Error> {
        self.learn_revocations(Timestamp::from_microseconds(0)).await?;
        self.renew_keys().await
    }

    /// Renews the signing keys and tells who follows.
    pub(crate) async fn renew_keys(&self) -> Result<(), Error> {
        let keys = self.keyring.renew(&self.db, &self.secrets, &self.clock).await?;
        self.trust.keys(keys);
        Ok(())
    }

    /// Takes over what other replicas revoked after `moment`.
    pub(crate) async fn learn_revocations(&self, moment: Timestamp) -> Result<(), Error> {
        let now = self.clock.now();
        let revocations = trust::store::since(&self.db, moment, now).await?;
        self.trust.learn(revocations, now);
        Ok(())
    }

    /// Tells who follows, at once, that these sessions have ended.
    pub(crate) fn revoke(&self, sessions: &[SessionId], ended_at: Timestamp) {
        let until = remembered_until(ended_at);
        let revocation = |session: &SessionId| Revocation { session_id: session.0, until };
        self.trust.revoke(sessions.iter().map(revocation).collect(), ended_at);
    }
}

/// The database that the configuration names.
pub(crate) fn open(config: &Config) -> anyhow::Result<Db> {
    let limits = kit_db::Limits {
        name: "auth",
        connections: config.database_connections,
        // Nobody searches here but the jobs.
        searches: 1,
        ..kit_db::Limits::default()
    };
    Db::open(config.database_url.expose(), &limits)
}
