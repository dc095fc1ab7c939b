use std::time::Duration;

use kit_db::testing::Backend;
use proto::auth::v1::{LogoutRequest, TrustUpdate, WatchTrustRequest};
use tokio::time::{Instant, timeout};
use tonic::Streaming;

use crate::harness::{App, Replica, by};

kit_db::on_each_backend!(the_end_of_a_session_is_seen_through_every_replica_soon);

/// A second is promised; a machine that is busy with much else takes longer.
const SOON: Duration = Duration::from_secs(5);

async fn follows(auth: &Replica) -> Streaming<TrustUpdate> {
    auth.trust().watch_trust(WatchTrustRequest {}).await.unwrap().into_inner()
}

/// The next update, when one comes in time.
async fn next(updates: &mut Streaming<TrustUpdate>, limit: Duration) -> Option<TrustUpdate> {
    timeout(limit, updates.message()).await.expect("an update in time").unwrap()
}

async fn the_end_of_a_session_is_seen_through_every_replica_soon(backend: Backend) {
    let app = App::new(backend, "trust").await;
    let (one, other) = (app.replica().await, app.replica().await);
    one.registers("ada").await;
    let tokens = one.signs_in("ada").await;
    let mut streams = [follows(&one).await, follows(&other).await];
    for updates in &mut streams {
        let snapshot = next(updates, SOON).await.unwrap();
        assert!(snapshot.snapshot && snapshot.keys.len() == 1 && snapshot.revocations.is_empty());
        assert_eq!(snapshot.keys[0].public_key.len(), 32);
    }
    one.sessions().logout(by(&tokens, LogoutRequest {})).await.unwrap();
    for updates in &mut streams {
        let update = next(updates, SOON).await.unwrap();
        assert!(!update.snapshot && update.keys.is_empty());
        let [revocation] = &update.revocations[..] else { panic!("{update:?}") };
        assert_eq!(revocation.until.unwrap().seconds, 1_800_000_000 + 660);
    }
    assert!(other.asks_with(&tokens).await.is_err());
    let late = next(&mut follows(&app.replica().await).await, SOON).await.unwrap();
    assert_eq!(late.revocations.len(), 1, "a new replica knows it from the start");
}

#[tokio::test]
async fn a_follower_hears_a_heartbeat_when_there_is_nothing_new() {
    let app = App::new(kit_db::testing::Backend::Sqlite, "heartbeat").await;
    let auth = app.replica().await;
    let mut updates = follows(&auth).await;
    assert!(next(&mut updates, SOON).await.unwrap().snapshot);
    let began = Instant::now();
    assert_eq!(next(&mut updates, Duration::from_secs(20)).await, Some(TrustUpdate::default()));
    assert!(began.elapsed() > Duration::from_secs(4));
}

#[tokio::test]
async fn a_stream_ends_when_its_replica_drains() {
    let app = App::new(kit_db::testing::Backend::Sqlite, "drain").await;
    let auth = app.replica().await;
    let mut updates = follows(&auth).await;
    assert!(next(&mut updates, SOON).await.unwrap().snapshot);
    auth.stop.cancel();
    assert_eq!(next(&mut updates, SOON).await, None);
}
