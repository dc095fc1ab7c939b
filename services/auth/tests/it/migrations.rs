use diesel_async::SimpleAsyncConnection as _;
use kit_base::testing::eventually;
use kit_db::{Db, on, testing::Backend};

use crate::{
    accounts::registration,
    harness::{App, PASSWORD, Replica, email, from_address, refused},
};

kit_db::on_each_backend!(
    what_the_first_release_stored_goes_on_and_it_can_still_write,
    an_address_that_a_release_before_stored_has_one_account_in_all_spellings,
    two_accounts_of_one_address_keep_their_own_spelling,
    an_address_that_cannot_be_noted_keeps_no_other_from_it,
);

/// The hash of `PASSWORD`, as the first release stored it.
const STORED: &str = "$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$TudfDrwienStmWaXSHYI1aOEkbbNYiDswhDWco29+K4";

/// An account as the first release writes it.
fn account(backend: Backend, number: u8, name: &str) -> String {
    let id = format!("0189000000007000800000000000{number:04x}");
    let (id, moment, bytes) = match backend {
        Backend::Sqlite => (format!("x'{id}'"), "1700000000000000", "x'00'"),
        Backend::Postgres => (format!("'{id}'"), "to_timestamp(1700000000)", "'\\x00'"),
    };
    format!(
        "INSERT INTO accounts (id, email, name, time_zone, password_hash, password_set_at, version, created_at, updated_at, last_write)
         VALUES ({id}, '{}', '{name}', 'UTC', '{STORED}', {moment}, 1, {moment}, {moment}, {bytes})",
        email(name)
    )
}

async fn run(db: &Db, statement: String) {
    let done = db.write("test", move |connection| {
        Box::pin(async move { on!(connection, conn => conn.batch_execute(&statement).await) })
    });
    done.await.unwrap();
}

async fn what_the_first_release_stored_goes_on_and_it_can_still_write(backend: Backend) {
    let app = App::new(backend, "first_release").await;
    let db = Db::open(&app.database.url, &kit_db::Limits::default()).unwrap();
    db.up().await.unwrap();
    kit_db::migrate::apply(&db, &auth::MIGRATIONS[..1]).await.unwrap();
    run(&db, account(backend, 1, "ada")).await;
    let auth = app.replica().await;
    run(&db, account(backend, 2, "eve")).await;
    for name in ["ada", "eve"] {
        let tokens = auth.tries(name, PASSWORD, from_address("192.0.2.1")).await.unwrap();
        let user = auth.asks_with(&tokens).await.unwrap();
        assert_eq!((user.name.as_str(), user.version), (name, 1), "{backend:?}");
    }
}

/// A database as the first release left it, with accounts of these names.
async fn left_with(app: &App, backend: Backend, names: &[&str]) -> Db {
    let db = Db::open(&app.database.url, &kit_db::Limits::default()).unwrap();
    db.up().await.unwrap();
    kit_db::migrate::apply(&db, &auth::MIGRATIONS[..1]).await.unwrap();
    for (number, name) in (1..).zip(names) {
        run(&db, account(backend, number, name)).await;
    }
    db
}

/// The name of the account that someone gets into with this address.
async fn gets_into(auth: &Replica, name: &str) -> Option<String> {
    let tokens = auth.tries(name, PASSWORD, from_address("192.0.2.1")).await.ok()?;
    Some(auth.asks_with(&tokens).await.unwrap().name)
}

async fn an_address_that_a_release_before_stored_has_one_account_in_all_spellings(
    backend: Backend,
) {
    let app = App::new(backend, "old_addresses").await;
    let db = left_with(&app, backend, &["οδυσσεύς", "große", "grete"]).await;
    let auth = app.replica().await;
    // Before anything is noted, each gets in as before.
    for name in ["οδυσσεύς", "große", "GROSSE", "Grete"] {
        let found = gets_into(&auth, name).await;
        assert!(found.is_some() || name == "GROSSE", "{backend:?}: {name}");
    }
    for (way, name) in [("ΟΔΥΣΣΕΎΣ", "οδυσσεύς"), ("GROSSE", "große"), ("GRETE", "grete")]
    {
        gets_into_at_last(&app, &auth, way, name).await;
        let again = auth.accounts().register(registration(&email(way))).await;
        assert_eq!(refused(again).1, "EMAIL_TAKEN", "{backend:?}: {way}");
    }
    // The release before is still there, and then another process of this one begins.
    run(&db, account(backend, 9, "straße")).await;
    gets_into_at_last(&app, &app.replica().await, "STRASSE", "straße").await;
}

async fn gets_into_at_last(app: &App, auth: &Replica, way: &str, name: &str) {
    eventually("the address is noted", || async {
        // Whoever was refused too often may try again by then.
        app.passes(3_600);
        gets_into(auth, way).await.as_deref() == Some(name)
    })
    .await;
}

async fn two_accounts_of_one_address_keep_their_own_spelling(backend: Backend) {
    let app = App::new(backend, "two_accounts").await;
    left_with(&app, backend, &["οδυσσεύς", "οδυσσεύσ", "grosse", "große"]).await;
    for _ in 0..2 {
        let auth = app.replica().await;
        for name in ["οδυσσεύς", "οδυσσεύσ", "grosse", "große"] {
            assert_eq!(gets_into(&auth, name).await.as_deref(), Some(name), "{backend:?}");
        }
        gets_into_at_last(&app, &auth, "gro\u{17f}\u{17f}e", "große").await;
    }
}

async fn an_address_that_cannot_be_noted_keeps_no_other_from_it(backend: Backend) {
    let app = App::new(backend, "broken_addresses").await;
    let broken: Vec<_> = (1..=8).map(|number| format!("broken{number}")).collect();
    let names: Vec<_> = broken.iter().map(String::as_str).chain(["große"]).collect();
    let db = left_with(&app, backend, &names).await;
    kit_db::migrate::apply(&db, auth::MIGRATIONS).await.unwrap();
    let broken = match backend {
        Backend::Sqlite => {
            "CREATE TRIGGER broken BEFORE INSERT ON addresses WHEN NEW.key LIKE 'broken%'
             BEGIN SELECT RAISE(ABORT, 'broken'); END"
        }
        Backend::Postgres => {
            "ALTER TABLE addresses ADD CONSTRAINT broken CHECK (key NOT LIKE 'broken%')"
        }
    };
    run(&db, broken.to_owned()).await;
    gets_into_at_last(&app, &app.replica().await, "GROSSE", "große").await;
}
