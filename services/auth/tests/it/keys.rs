use std::{os::unix::fs::PermissionsExt as _, path::Path};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kit_base::testing::eventually;
use kit_db::testing::Backend;
use kit_process::config::Period;
use proto::auth::v1::{Device, TokenSet, WatchTrustRequest};
use tonic::Code;

use crate::harness::{App, PASSWORD, Replica, refused};

kit_db::on_each_backend!(
    a_rotation_of_the_signing_keys_signs_nobody_out,
    replicas_that_start_at_once_agree_on_one_key,
    another_kek_than_before_is_said_at_the_start,
    a_database_is_migrated_apart_from_the_service_where_that_is_wanted,
);

/// The name of the key that signed the access token.
fn signer(tokens: &TokenSet) -> String {
    let header = URL_SAFE_NO_PAD.decode(tokens.access_token.split('.').next().unwrap()).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

/// The names of the keys that peers accept.
async fn accepted(auth: &Replica) -> Vec<String> {
    let mut updates = auth.trust().watch_trust(WatchTrustRequest {}).await.unwrap().into_inner();
    updates.message().await.unwrap().unwrap().keys.into_iter().map(|key| key.id).collect()
}

async fn a_rotation_of_the_signing_keys_signs_nobody_out(backend: Backend) {
    let app = App::new(backend, "rotation").await;
    let rotating = |config: &mut auth::Config| config.key_rotation = Period::from_secs(4);
    let (one, other) = (app.replica_with(rotating).await, app.replica_with(rotating).await);
    one.registers("ada").await;
    let before = one.signs_in("ada").await;
    let first = signer(&before);
    assert_eq!(accepted(&one).await, std::slice::from_ref(&first));
    app.passes(2);
    for replica in [&one, &other] {
        eventually("the next key is published before it signs", async || {
            accepted(replica).await.len() == 2
        })
        .await;
    }
    let next = accepted(&one).await.pop().unwrap();
    assert_eq!(signer(&one.refreshes(&before.refresh_token).await.unwrap()), first);
    app.passes(2);
    let after = other.signs_in("ada").await;
    assert_eq!((signer(&after), next != first), (next.clone(), true));
    for (replica, tokens) in [(&one, &before), (&one, &after), (&other, &before), (&other, &after)]
    {
        assert!(replica.asks_with(tokens).await.is_ok());
    }
    app.passes(660);
    eventually("the first key is withdrawn when its tokens are dead", async || {
        !accepted(&one).await.contains(&first)
    })
    .await;
    assert!(one.refreshes(&after.refresh_token).await.is_ok());
}

async fn replicas_that_start_at_once_agree_on_one_key(backend: Backend) {
    let app = App::new(backend, "start").await;
    let (one, other, third) = tokio::join!(app.replica(), app.replica(), app.replica());
    let keys = accepted(&one).await;
    assert_eq!(keys.len(), 1);
    assert_eq!([accepted(&other).await, accepted(&third).await], [keys.clone(), keys]);
}

#[tokio::test]
async fn a_server_that_is_not_there_yet_is_waited_for() {
    let app = App::new(Backend::Sqlite, "absent").await;
    let auth = app
        .replica_with(|config| config.database_url = "postgres://auth@127.0.0.1:1/auth".into())
        .await;
    let refusal = refused(auth.tries("ada", PASSWORD, Device::default()).await);
    assert_eq!(refusal, (Code::Unavailable, "DATABASE_UNAVAILABLE".to_owned()));
}

async fn another_kek_than_before_is_said_at_the_start(backend: Backend) {
    let app = App::new(backend, "kek").await;
    drop(app.replica().await);
    let mut config = app.config.clone();
    config.kek = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into();
    let fault = auth::build(config, app.clock.clone()).await.unwrap_err();
    assert!(fault.to_string().starts_with("KEK is not the key"), "{fault:#}");
}

#[tokio::test]
async fn an_embedded_database_gets_a_key_file_beside_it() {
    let app = App::new(Backend::Sqlite, "key_file").await;
    let without = |config: &mut auth::Config| config.kek = kit_process::Secret::default();
    let auth = app.replica_with(without).await;
    auth.registers("ada").await;
    let tokens = auth.signs_in("ada").await;
    let path = format!("{}.kek", app.database.url.strip_prefix("sqlite:").unwrap());
    let mode = std::fs::metadata(Path::new(&path)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    drop(auth);
    assert!(app.replica_with(without).await.asks_with(&tokens).await.is_ok());
}

async fn a_database_is_migrated_apart_from_the_service_where_that_is_wanted(backend: Backend) {
    let app = App::new(backend, "migrate").await;
    auth::migrate(&app.config).await.unwrap();
    auth::migrate(&app.config).await.expect("there is nothing left to do");
    let auth = app.replica_with(|config| config.auto_migrate = Some(false)).await;
    auth.registers("ada").await;
    assert!(auth.asks_with(&auth.signs_in("ada").await).await.is_ok());
}
