use diesel_async::SimpleAsyncConnection as _;
use kit_db::{Db, on, testing::Backend};

use crate::harness::{App, PASSWORD, email, from_address};

kit_db::on_each_backend!(what_the_first_release_stored_goes_on_and_it_can_still_write);

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
