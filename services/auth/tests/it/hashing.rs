use std::time::Duration;

use diesel::{QueryableByName, sql_query, sql_types::Text};
use diesel_async::RunQueryDsl;
use futures_util::future::join_all;
use kit_base::{error::Refusal, testing::eventually};
use kit_db::{Db, testing::Backend};
use proto::auth::v1::Device;
use tokio::time::Instant;
use tonic::{Code, Status};

use crate::harness::{App, Replica};

kit_db::on_each_backend!(a_hash_of_another_cost_is_renewed_at_the_next_login);

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = Text)]
    password_hash: String,
}

async fn stored(db: &Db) -> String {
    let row = kit_db::read!(db, "test", conn => sql_query("SELECT password_hash FROM accounts").get_result::<Stored>(conn).await);
    row.unwrap().password_hash
}

async fn a_hash_of_another_cost_is_renewed_at_the_next_login(backend: Backend) {
    let app = App::new(backend, "rehash").await;
    app.replica().await.registers("ada").await;
    let db = Db::open(&app.database.url, &kit_db::Limits::default()).unwrap();
    db.up().await.unwrap();
    assert!(stored(&db).await.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
    let costly = app.replica_with(|config| config.hash_iterations = 2).await;
    costly.signs_in("ada").await;
    eventually("the hash is renewed", async || {
        stored(&db).await.starts_with("$argon2id$v=19$m=64,t=2,p=1$")
    })
    .await;
    costly.signs_in("ada").await;
}

/// What a login with a wrong password is told of the hashing. Sixty at once may have to wait for a connection to the database for too
/// long, on a machine that is busy: that answer says when to come again, and has counted nothing. With it comes how long it took.
async fn is_judged(auth: &Replica, name: &str) -> (Status, Duration) {
    let began = Instant::now();
    loop {
        let asked = Instant::now();
        let status = auth.tries(name, "guess", Device::default()).await.unwrap_err();
        let Refusal { reason, retry_after, .. } = Refusal::from_status(&status);
        if reason.as_deref() != Some("DATABASE_UNAVAILABLE") {
            return (status, asked.elapsed());
        }
        assert!(began.elapsed() < Duration::from_secs(30), "there is no database");
        tokio::time::sleep(retry_after.expect("it says when")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_logins_is_turned_away_in_time_and_does_not_count_as_failed() {
    let app = App::new(Backend::Sqlite, "flood").await;
    let auth = app
        .replica_with(|config| {
            (config.hash_workers, config.hash_memory_kib, config.hash_iterations) =
                (Some(1), 32 * 1024, 4)
        })
        .await;
    let flood = (0..60).map(async |number| is_judged(&auth, &format!("user{number}")).await);
    let answers = join_all(flood).await;
    let busy: Vec<_> =
        answers.iter().filter(|(status, _)| status.code() == Code::Unavailable).collect();
    assert!(busy.len() > 30, "{}", busy.len());
    let mut times: Vec<_> = busy.iter().map(|(_, took)| *took).collect();
    times.sort_unstable();
    let median = times[times.len() / 2];
    assert!(median < Duration::from_millis(600), "a hash each would be seconds: {median:?}");
    for (status, _) in &busy {
        let Refusal { reason, retry_after, .. } = Refusal::from_status(status);
        assert_eq!(
            (reason.as_deref(), retry_after),
            (Some("HASHING_BUSY"), Some(Duration::from_secs(1)))
        );
    }
    let db = Db::open(&app.database.url, &kit_db::Limits::default()).unwrap();
    let counted = kit_db::read!(&db, "test", conn =>
        sql_query("SELECT CAST(sum(failures) AS TEXT) AS password_hash FROM attempts").get_result::<Stored>(conn).await);
    let counted: usize = counted.unwrap().password_hash.parse().unwrap();
    assert_eq!(counted, answers.len() - busy.len());
}
