use std::time::Duration;

use kit_db::testing::Backend;
use proto::auth::v1::{ChangePasswordRequest, LogoutRequest, TrustUpdate, WatchTrustRequest};
use tokio::time::{Instant, timeout};
use tonic::Streaming;

use crate::harness::{App, PASSWORD, Replica, by};

kit_db::on_each_backend!(
    the_end_of_a_session_is_seen_through_every_replica_soon,
    a_new_password_tells_of_each_session_that_it_ended,
    an_end_is_told_of_as_long_as_a_token_may_be_alive,
    however_many_sessions_ended_all_are_told_in_messages_that_fit,
);

/// A second is promised; a machine that is busy with much else takes longer.
const SOON: Duration = Duration::from_secs(5);

async fn follows(auth: &Replica) -> Streaming<TrustUpdate> {
    auth.trust().watch_trust(WatchTrustRequest {}).await.unwrap().into_inner()
}

/// The next update, when one comes in time.
async fn next(updates: &mut Streaming<TrustUpdate>, limit: Duration) -> Option<TrustUpdate> {
    timeout(limit, updates.message()).await.expect("an update in time").unwrap()
}

/// All that a new follower is told: it ends with the keys.
async fn known(updates: &mut Streaming<TrustUpdate>) -> TrustUpdate {
    let mut known = TrustUpdate::default();
    while known.keys.is_empty() {
        let TrustUpdate { keys, revocations } = next(updates, SOON).await.unwrap();
        known.keys = keys;
        known.revocations.extend(revocations);
    }
    known
}

async fn the_end_of_a_session_is_seen_through_every_replica_soon(backend: Backend) {
    let app = App::new(backend, "trust").await;
    let (one, other) = (app.replica().await, app.replica().await);
    one.registers("ada").await;
    let tokens = one.signs_in("ada").await;
    let mut streams = [follows(&one).await, follows(&other).await];
    for updates in &mut streams {
        let known = known(updates).await;
        assert!(known.keys.len() == 1 && known.revocations.is_empty());
        assert_eq!(known.keys[0].public_key.len(), 32);
    }
    one.sessions().logout(by(&tokens, LogoutRequest {})).await.unwrap();
    for updates in &mut streams {
        let update = next(updates, SOON).await.unwrap();
        assert!(update.keys.is_empty());
        let [revocation] = &update.revocations[..] else { panic!("{update:?}") };
        assert_eq!(revocation.until.unwrap().seconds, 1_800_000_000 + 660);
    }
    assert!(other.asks_with(&tokens).await.is_err());
    let late = known(&mut follows(&app.replica().await).await).await;
    assert_eq!(late.revocations.len(), 1, "a new replica knows it from the start");
}

#[tokio::test]
async fn a_follower_hears_a_heartbeat_when_there_is_nothing_new() {
    let app = App::new(kit_db::testing::Backend::Sqlite, "heartbeat").await;
    let auth = app.replica().await;
    let mut updates = follows(&auth).await;
    known(&mut updates).await;
    let began = Instant::now();
    assert_eq!(next(&mut updates, Duration::from_secs(20)).await, Some(TrustUpdate::default()));
    assert!(began.elapsed() > Duration::from_secs(4));
}

/// A second replica may have ended a session meanwhile: who follows has to look elsewhere, or to stop writing.
#[tokio::test]
async fn a_replica_that_cannot_learn_what_others_end_tells_nobody_that_all_is_well() {
    let app = App::new(kit_db::testing::Backend::Sqlite, "deaf").await;
    let auth = app.replica().await;
    let mut updates = follows(&auth).await;
    known(&mut updates).await;
    let renames = async |from: &str, to: &str| {
        let script = format!("ALTER TABLE {from} RENAME TO {to}");
        kit_db::testing::run_script(&app.database.url, &script).await;
    };
    renames("revocations", "elsewhere").await;
    // One may be on its way already.
    _ = timeout(Duration::from_secs(6), updates.message()).await;
    let heard = timeout(Duration::from_secs(7), updates.message()).await;
    assert!(heard.is_err(), "{heard:?}");
    let asked = auth.trust().watch_trust(WatchTrustRequest {}).await;
    assert!(asked.is_err(), "nor does a new follower learn what may be old");
    renames("elsewhere", "revocations").await;
    known(&mut follows(&auth).await).await;
    assert_eq!(next(&mut updates, Duration::from_secs(20)).await, Some(TrustUpdate::default()));
}

/// On threads, as a process is: a query on SQLite that is given up is waited for, which one thread alone cannot do.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_its_replica_drains() {
    let app = App::new(kit_db::testing::Backend::Sqlite, "drain").await;
    let auth = app.replica().await;
    let mut updates = follows(&auth).await;
    known(&mut updates).await;
    auth.stop.cancel();
    assert_eq!(next(&mut updates, SOON).await, None);
}

async fn a_new_password_tells_of_each_session_that_it_ended(backend: Backend) {
    let app = App::new(backend, "trust_password").await;
    let (one, other) = (app.replica().await, app.replica().await);
    one.registers("ada").await;
    let here = one.signs_in("ada").await;
    let there = [one.signs_in("ada").await, one.signs_in("ada").await];
    let mut updates = follows(&other).await;
    assert!(known(&mut updates).await.revocations.is_empty());
    let (current_password, new_password) = (PASSWORD.to_owned(), "another four words".to_owned());
    let change = ChangePasswordRequest { current_password, new_password };
    one.accounts().change_password(by(&here, change)).await.unwrap();
    let mut ended = vec![];
    while ended.len() < 2 {
        ended.extend(next(&mut updates, SOON).await.unwrap().revocations);
    }
    assert_eq!(ended.len(), 2, "the session that asks goes on");
    assert!(other.asks_with(&here).await.is_ok());
    for gone in &there {
        assert!(other.asks_with(gone).await.is_err(), "{backend:?}");
    }
}

async fn an_end_is_told_of_as_long_as_a_token_may_be_alive(backend: Backend) {
    let app = App::new(backend, "trust_until").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let ada = auth.signs_in("ada").await;
    auth.sessions().logout(by(&ada, LogoutRequest {})).await.unwrap();
    for (seconds, told) in [(659, 1), (1, 0)] {
        app.passes(seconds);
        let late = known(&mut follows(&app.replica().await).await).await;
        assert_eq!(late.revocations.len(), told, "{backend:?}");
    }
}

async fn however_many_sessions_ended_all_are_told_in_messages_that_fit(backend: Backend) {
    const MANY: usize = 75_000;
    let app = App::new(backend, "trust_many").await;
    app.replica().await.registers("ada").await;
    let (id, moments) = match backend {
        Backend::Sqlite => ("randomblob(16)", "1800000000000000, 1800000600000000"),
        Backend::Postgres => {
            ("gen_random_uuid()", "to_timestamp(1800000000), to_timestamp(1800000600)")
        }
    };
    let insert = format!(
        "INSERT INTO revocations (session_id, created_at, until)
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {MANY})
         SELECT {id}, {moments} FROM numbers"
    );
    kit_db::testing::run_script(&app.database.url, &insert).await;
    let late = app.replica().await;
    let mut updates = follows(&late).await;
    let (mut told, mut keys) = (0, 0);
    while keys == 0 {
        let update = next(&mut updates, SOON).await.unwrap();
        let bytes = prost::Message::encoded_len(&update);
        assert!(bytes < 1 << 20, "{bytes} bytes in one message");
        (told, keys) = (told + update.revocations.len(), update.keys.len());
    }
    assert_eq!(told, MANY);
}
