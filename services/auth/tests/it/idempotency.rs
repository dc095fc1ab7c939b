use diesel::{QueryableByName, sql_query, sql_types::BigInt};
use diesel_async::RunQueryDsl;
use futures_util::future::join_all;
use kit_base::testing::eventually;
use kit_db::{Db, testing::Backend};
use prost_types::FieldMask;
use proto::auth::v1::{ChangePasswordRequest, RegisterRequest, TokenSet, UpdateMeRequest, User};
use tonic::{Code, Response, Status};

use crate::harness::{App, PASSWORD, Replica, by, email, refused, with_key};

kit_db::on_each_backend!(
    a_write_that_is_sent_again_answers_as_it_did_whatever_came_between,
    a_key_that_stood_for_another_write_is_refused_and_nothing_is_written,
    writes_that_race_under_one_key_are_done_once,
    a_key_is_forgotten_after_a_day,
    an_account_has_its_latest_keys_and_no_more,
);

const OTHER: &str = "another four words";

fn registration(name: &str) -> RegisterRequest {
    RegisterRequest {
        email: email(name),
        password: PASSWORD.to_owned(),
        name: None,
        time_zone: None,
    }
}

async fn renames(
    auth: &Replica,
    tokens: &TokenSet,
    name: &str,
    key: &'static str,
) -> Result<Response<User>, Status> {
    let request = UpdateMeRequest {
        update_mask: Some(FieldMask { paths: vec!["name".to_owned()] }),
        name: Some(name.to_owned()),
        time_zone: None,
        if_version: None,
    };
    auth.accounts().update_me(with_key(by(tokens, request), key)).await
}

async fn changes(
    auth: &Replica,
    tokens: &TokenSet,
    new: &str,
    key: &'static str,
) -> Result<Response<()>, Status> {
    let request = ChangePasswordRequest {
        current_password: PASSWORD.to_owned(),
        new_password: new.to_owned(),
    };
    auth.accounts().change_password(with_key(by(tokens, request), key)).await
}

fn replayed<T>(response: &Response<T>) -> bool {
    response.metadata().contains_key("idempotency-replayed")
}

async fn a_write_that_is_sent_again_answers_as_it_did_whatever_came_between(backend: Backend) {
    let app = App::new(backend, "again").await;
    let auth = app.replica().await;
    let register = || async {
        let request = with_key(tonic::Request::new(registration("ada")), "register");
        auth.accounts().register(request).await.unwrap()
    };
    let registered = register().await;
    let ada = auth.signs_in("ada").await;
    let one = renames(&auth, &ada, "One", "one").await.unwrap();
    let two = renames(&auth, &ada, "Two", "two").await.unwrap();
    assert!(![&registered, &one, &two].into_iter().any(replayed), "{backend:?}");
    for (key, name, first) in [("one", "One", &one), ("two", "Two", &two)] {
        let again = renames(&auth, &ada, name, key).await.unwrap();
        assert_eq!((again.get_ref(), replayed(&again)), (first.get_ref(), true), "{backend:?}");
    }
    let again = register().await;
    assert_eq!((again.get_ref(), replayed(&again)), (registered.get_ref(), true));
    let now = auth.asks_with(&ada).await.unwrap();
    assert_eq!((now.name.as_str(), now.version), ("Two", 3), "{backend:?}");
    changes(&auth, &ada, OTHER, "password").await.unwrap();
    renames(&auth, &ada, "Three", "three").await.unwrap();
    assert!(replayed(&changes(&auth, &ada, OTHER, "password").await.unwrap()));
}

async fn a_key_that_stood_for_another_write_is_refused_and_nothing_is_written(backend: Backend) {
    let app = App::new(backend, "other").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    auth.registers("eve").await;
    let (ada, eve) = (auth.signs_in("ada").await, auth.signs_in("eve").await);
    changes(&auth, &ada, OTHER, "key").await.unwrap();
    let reused = (Code::FailedPrecondition, "IDEMPOTENCY_KEY_REUSED".to_owned());
    let third = "yet another four words";
    assert_eq!(refused(changes(&auth, &ada, third, "key").await), reused, "{backend:?}");
    assert_eq!(refused(renames(&auth, &ada, "Ada", "key").await), reused, "{backend:?}");
    assert!(auth.tries("ada", OTHER, Default::default()).await.is_ok(), "{backend:?}");
    assert_eq!(auth.asks_with(&ada).await.unwrap().version, 2, "{backend:?}");
    let theirs = renames(&auth, &eve, "Eve", "key").await.unwrap();
    assert!(!replayed(&theirs), "a key is its user's alone");
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    let long: &'static str = "k".repeat(129).leak();
    let app = App::new(kit_db::testing::Backend::Sqlite, "no_key").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let ada = auth.signs_in("ada").await;
    let malformed = (Code::InvalidArgument, "INVALID_IDEMPOTENCY_KEY".to_owned());
    for key in [long, ""] {
        assert_eq!(refused(renames(&auth, &ada, "Ada", key).await), malformed, "{key}");
        assert_eq!(refused(changes(&auth, &ada, OTHER, key).await), malformed, "{key}");
    }
}

async fn writes_that_race_under_one_key_are_done_once(backend: Backend) {
    let app = App::new(backend, "race").await;
    let (one, other) = (app.replica().await, app.replica().await);
    let of = |number: usize| if number.is_multiple_of(2) { &one } else { &other };
    let registered = join_all((0..6).map(|number| async move {
        let request = with_key(tonic::Request::new(registration("ada")), "register");
        of(number).accounts().register(request).await.unwrap().into_inner()
    }))
    .await;
    assert!(registered.windows(2).all(|pair| pair[0] == pair[1]), "{backend:?}");
    let ada = &one.signs_in("ada").await;
    let renamed = (0..10).map(|number| renames(of(number), ada, "Ada L.", "rename"));
    for outcome in join_all(renamed).await {
        assert_eq!(outcome.unwrap().into_inner().version, 2, "{backend:?}");
    }
    let changed = (0..4).map(|number| changes(of(number), ada, OTHER, "password"));
    let changed: Vec<_> = join_all(changed).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(changed.iter().filter(|answer| !replayed(answer)).count(), 1, "{backend:?}");
    assert_eq!(one.asks_with(ada).await.unwrap().version, 3, "{backend:?}");
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

async fn a_key_is_forgotten_after_a_day(backend: Backend) {
    let app = App::new(backend, "forgotten").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let ada = auth.signs_in("ada").await;
    renames(&auth, &ada, "One", "one").await.unwrap();
    app.passes(3600);
    renames(&auth, &auth.signs_in("ada").await, "Two", "two").await.unwrap();
    app.passes(23 * 3600 + 1);
    let db = Db::open(&app.database.url, &kit_db::Limits::default()).unwrap();
    db.up().await.unwrap();
    // It tidies when it starts.
    let _swept = app.replica().await;
    eventually("one of the two is left", async || {
        let count = kit_db::read!(&db, "test", conn =>
            sql_query("SELECT count(*) AS count FROM idempotency_keys").get_result::<Count>(conn).await);
        count.unwrap().count == 1
    })
    .await;
}

async fn an_account_has_its_latest_keys_and_no_more(backend: Backend) {
    let app = App::new(backend, "many_keys").await;
    let auth = app.replica().await;
    let (ada, bob) = (auth.registers("ada").await, auth.registers("bob").await);
    let (here, there) = (auth.signs_in("ada").await, auth.signs_in("bob").await);
    renames(&auth, &there, "Bob", "of-bob").await.unwrap();
    // Older than the one that follows, as many as an account may have.
    let (id, at, none) = match backend {
        Backend::Sqlite => (format!("x'{}'", ada.id.replace('-', "")), "1799999000000000", "x''"),
        Backend::Postgres => (format!("'{}'", ada.id), "to_timestamp(1799999000)", "''::bytea"),
    };
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)";
    let keys = format!(
        "INSERT INTO idempotency_keys (user_id, key, fingerprint, reply, created_at) \
         {numbers} SELECT {id}, 'old-' || i, {none}, {none}, {at} FROM n",
    );
    kit_db::testing::run_script(&app.database.url, &keys).await;
    let first = renames(&auth, &here, "One", "new-1").await.unwrap();
    assert!(!replayed(&first));
    let again = renames(&auth, &here, "One", "new-1").await.unwrap();
    assert!(replayed(&again), "{backend:?}: the latest is remembered");
    let contents = kit_db::testing::contents(&app.database.url).await;
    let of =
        |text: &str| contents["idempotency_keys"].iter().filter(|row| row.contains(text)).count();
    assert_eq!((of("old-"), of("new-1"), of("of-bob")), (999, 1, 1), "{backend:?}");
    assert_ne!(ada.id, bob.id);
}
