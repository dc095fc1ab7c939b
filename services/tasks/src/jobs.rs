//! What the service does beside answering.
use std::{sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use kit::{
    Clock, Db, GrpcChannel, Stop, Timestamp,
    db::migrate,
    token::{PublicKey, Revocation, TrustUpdate, Verifier, follow},
};
use proto::auth::v1::{self, WatchTrustRequest, trust_service_client::TrustServiceClient};

use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    Config, Error,
    command::Command,
    domain::{SessionId, UserId, event::Actor},
    migrations,
    store::housekeeping,
    writer::{Write, Writer},
};

/// Whether the schema is the one this release needs, which it is brought to where that is wanted.
pub(crate) async fn schema(db: Db, migrating: bool) -> Result<(), String> {
    db.up().await.map_err(|error| error.to_string())?;
    if migrating {
        migrate::apply(&db, migrations::ALL)
            .await
            .map_err(|error| format!("the schema could not be migrated: {error:?}"))?;
    }
    migrate::check(&db, migrations::ALL).await.map(drop)
}

/// Waits until tokens can be checked.
pub(crate) async fn keys(verifier: Arc<Verifier>) -> Result<(), String> {
    verifier.known().await;
    Ok(())
}

/// Keeps keys and revocations up to date.
pub(crate) async fn follow_trust(verifier: Arc<Verifier>, auth: GrpcChannel, stop: Stop) {
    let client = TrustServiceClient::new(auth);
    follow(&verifier, &stop, || {
        let mut client = client.clone();
        async move {
            let updates = client.watch_trust(WatchTrustRequest {}).await?.into_inner();
            Ok(updates.map(|update| update.map(trust)))
        }
    })
    .await;
}

fn trust(v1::TrustUpdate { snapshot, keys, revocations }: v1::TrustUpdate) -> TrustUpdate {
    let key = |v1::SigningKey { id, public_key }| {
        Some(PublicKey { id, bytes: public_key.try_into().ok()? })
    };
    let revocation = |v1::Revocation { session_id, until }| {
        let until = until.map(|until| Timestamp::from_proto(until.seconds, until.nanos))?;
        Some(Revocation { session_id: session_id.parse().ok()?, until })
    };
    TrustUpdate {
        snapshot,
        keys: keys.into_iter().filter_map(key).collect(),
        revocations: revocations.into_iter().filter_map(revocation).collect(),
    }
}

/// How often what is too old is deleted.
const PERIOD: Duration = Duration::from_secs(600);
/// Idempotency keys are kept this long.
const KEYS: Duration = Duration::from_secs(24 * 3600);

/// Deletes what is too old, a bounded number of rows at a time. Any number of replicas may do so at once.
pub(crate) async fn housekeeping(db: Db, clock: Clock, writer: Writer, config: Config, stop: Stop) {
    let days = |days: u32| Duration::from_secs(u64::from(days) * 24 * 3600);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
        let now = clock.now();
        if let Err(error) =
            housekeeping::sweep(&db, now.minus(KEYS), now.minus(days(config.feed_days))).await
        {
            tracing::warn!(%error, "keys and changes that are too old could not be deleted");
        }
        if let Err(error) = purge(&db, &writer, now.minus(days(config.trash_days)), &stop).await {
            tracing::warn!(%error, "trash that is too old could not be purged");
        }
    }
}

/// Purges old trash as a user would, so that the journal tells.
async fn purge(db: &Db, writer: &Writer, before: Timestamp, stop: &Stop) -> Result<(), Error> {
    for (scope, id) in housekeeping::old_trash(db, before).await? {
        if stop.is_cancelled() {
            break;
        }
        let (user_id, session_id) = (UserId(Uuid::nil()), SessionId(Uuid::nil()));
        let actor = Actor {
            user_id,
            session_id,
            request_id: "housekeeping".to_owned(),
            trace_id: String::new(),
        };
        let deadline = Instant::now() + PERIOD;
        let purge = Write { actor, key: None, command: Command::Purge { id }, deadline };
        match writer.submit(scope, purge).await {
            // A sibling was faster.
            Err(Error::TrashNotFound) => {}
            outcome => drop(outcome?),
        }
    }
    Ok(())
}
