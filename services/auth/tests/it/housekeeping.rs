use diesel::{QueryableByName, sql_query, sql_types::BigInt};
use diesel_async::RunQueryDsl;
use kit_db::{Db, testing::Backend};
use proto::auth::v1::LogoutRequest;

use crate::harness::{App, by, from_address, until};

kit_db::on_each_backend!(what_is_of_no_use_goes_and_what_is_still_needed_stays);

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many rows each table has: revocations, refresh tokens, sessions, attempts.
async fn rows(db: &Db) -> [i64; 4] {
    let mut counts = [0; 4];
    for (count, table) in
        counts.iter_mut().zip(["revocations", "refresh_tokens", "sessions", "attempts"])
    {
        let query = format!("SELECT count(*) AS count FROM {table}");
        let found =
            kit_db::read!(db, "test", conn => sql_query(&query).get_result::<Count>(conn).await);
        *count = found.unwrap().count;
    }
    counts
}

async fn what_is_of_no_use_goes_and_what_is_still_needed_stays(backend: Backend) {
    let app = App::new(backend, "housekeeping").await;
    let auth = app.replica().await;
    auth.registers("ada").await;
    let (gone, kept) = (auth.signs_in("ada").await, auth.signs_in("ada").await);
    auth.sessions().logout(by(&gone, LogoutRequest {})).await.unwrap();
    _ = auth.tries("ada", "not her password", from_address("192.0.2.9")).await;
    let db = Db::open(&app.database.url, &kit_db::Limits::default()).unwrap();
    db.up().await.unwrap();
    let [revocations, tokens, sessions, attempts] = rows(&db).await;
    assert_eq!((revocations, tokens, sessions), (1, 2, 2), "{backend:?}");
    assert!(attempts > 0, "{backend:?}");
    app.passes(24 * 3600 + 1);
    let kept = auth.refreshes(&kept.refresh_token).await.unwrap();
    // It tidies when it starts.
    let _swept = app.replica().await;
    until("the ended session is gone with its token and its revocation", async || {
        rows(&db).await == [0, 2, 1, 0]
    })
    .await;
    app.passes(14 * 24 * 3600 - 1);
    assert!(auth.refreshes(&kept.refresh_token).await.is_ok(), "{backend:?}");
}
