use diesel::{QueryableByName, sql_query, sql_types::BigInt};

use super::*;

crate::on_each_backend!(
    each_step_runs_once_whoever_comes_and_however_many,
    a_step_that_fails_leaves_the_schema_as_it_was,
    a_schema_that_is_behind_is_told_and_one_that_is_ahead_will_do,
);

const BROKEN: &[Migration] = &[
    MIGRATIONS[0],
    Migration {
        version: 2,
        name: "broken",
        postgres: "ALTER TABLE things ADD note TEXT; ALTER TABLE nothing ADD note TEXT",
        sqlite: "ALTER TABLE things ADD note TEXT; ALTER TABLE nothing ADD note TEXT",
        indexes: &[],
    },
];

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

async fn count(db: &Db, from: &str) -> Result<i64, Error> {
    let query = format!("SELECT count(*) AS count FROM {from}");
    read!(db, "test.count", conn => sql_query(query).get_result::<Count>(conn).await)
        .map(|found| found.count)
}

async fn each_step_runs_once_whoever_comes_and_however_many(backend: Backend) {
    let database = Database::new(backend, "steps").await;
    let opened = futures_util::future::join_all((0..4).map(|_| {
        // Each waits as long as it takes the others.
        let limits = Limits { lock: std::time::Duration::from_secs(10), ..limits() };
        let db = Db::open(&database.url, &limits).unwrap();
        async move {
            db.up().await.unwrap();
            let version = migrate::apply(&db, MIGRATIONS).await.unwrap();
            (db, version)
        }
    }))
    .await;
    assert!(opened.iter().all(|(_, version)| *version == 2));
    let (db, _) = &opened[0];
    assert_eq!(count(db, "schema_migrations").await.unwrap(), 2);
    assert_eq!(migrate::apply(db, MIGRATIONS).await.unwrap(), 2);
    assert_eq!(migrate::apply(db, &MIGRATIONS[..1]).await.unwrap(), 2, "an older release");
    assert_eq!(count(db, "schema_migrations").await.unwrap(), 2);
    let indexes = match backend {
        Backend::Sqlite => "sqlite_master WHERE type = 'index' AND name",
        Backend::Postgres => "pg_indexes WHERE indexname",
    };
    for (name, there) in [("things_at", 1), ("things_former", 0)] {
        let index = &format!("{indexes} = '{name}'");
        assert_eq!(count(db, index).await.unwrap(), there, "{name}");
    }
}

async fn a_step_that_fails_leaves_the_schema_as_it_was(backend: Backend) {
    let empty = Database::new(backend, "broken_at_once").await;
    let db = open(&empty).await;
    assert!(migrate::apply(&db, BROKEN).await.is_err());
    let nothing = migrate::check(&db, &MIGRATIONS[..1]).await.unwrap_err();
    assert!(nothing.starts_with("there is no schema"), "all steps of a call or none: {nothing}");
    drop(db);
    let database = Database::new(backend, "broken").await;
    let db = open(&database).await;
    assert_eq!(migrate::apply(&db, &MIGRATIONS[..1]).await.unwrap(), 1);
    for _ in 0..2 {
        let failed = migrate::apply(&db, BROKEN).await;
        assert!(matches!(failed, Err(Error::Query(_))), "{failed:?}");
        assert_eq!(migrate::check(&db, &MIGRATIONS[..1]).await, Ok(1));
        let half = count(&db, "things WHERE note IS NULL").await;
        assert!(matches!(half, Err(Error::Query(_))), "half of a step is there: {half:?}");
    }
    assert_eq!(migrate::apply(&db, MIGRATIONS).await.unwrap(), 2, "mended, it goes on");
}

async fn a_schema_that_is_behind_is_told_and_one_that_is_ahead_will_do(backend: Backend) {
    let database = Database::new(backend, "behind").await;
    let db = open(&database).await;
    let nothing = "there is no schema, version 2 is needed: run `errand migrate`";
    assert_eq!(migrate::check(&db, MIGRATIONS).await, Err(nothing.to_owned()));
    migrate::apply(&db, &MIGRATIONS[..1]).await.unwrap();
    let behind = "the schema is at version 1, 2 is needed: run `errand migrate`";
    assert_eq!(migrate::check(&db, MIGRATIONS).await, Err(behind.to_owned()));
    migrate::apply(&db, MIGRATIONS).await.unwrap();
    assert_eq!(migrate::check(&db, MIGRATIONS).await, Ok(2));
    assert_eq!(migrate::check(&db, &MIGRATIONS[..1]).await, Ok(2), "a release back");
}
