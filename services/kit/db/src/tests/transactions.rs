use futures_util::FutureExt as _;
use kit_base::testing::eventually;
use tokio::sync::oneshot;

use super::*;
use crate::{statement, together};

crate::on_each_backend!(
    what_fails_or_panics_has_written_nothing_and_its_connection_goes_on,
    a_write_goes_on_to_its_end_when_its_caller_hangs_up,
    a_connection_that_is_dropped_in_a_transaction_leaves_nothing_behind,
    who_waits_for_a_lock_too_long_is_told_to_come_again,
    queries_that_go_together_answer_in_their_order_and_fail_as_one,
    a_name_that_is_taken_says_so_and_what_is_missing_too,
);

async fn what_fails_or_panics_has_written_nothing_and_its_connection_goes_on(backend: Backend) {
    let (_database, db) = things(backend, "fails").await;
    for round in 0..3 {
        let failed: Result<(), Error> = db
            .write("test", |connection| {
                Box::pin(async move {
                    add(connection, "a").await?;
                    Err(Error::NotFound)
                })
            })
            .await;
        assert!(matches!(failed, Err(Error::NotFound)), "round {round}: {failed:?}");
        let panicked: Result<(), Error> = db
            .write("test", |connection| {
                Box::pin(async move {
                    add(connection, "b").await?;
                    panic!("for the test")
                })
            })
            .await;
        assert!(matches!(panicked, Err(Error::Query(_))), "round {round}: {panicked:?}");
        assert_eq!(names(&db).await, [""; 0]);
    }
    let written = db.write("test", |connection| Box::pin(add(connection, "c"))).await;
    written.unwrap();
    assert_eq!(names(&db).await, ["c"]);
}

async fn a_write_goes_on_to_its_end_when_its_caller_hangs_up(backend: Backend) {
    let (_database, db) = things(backend, "hangs_up").await;
    let (begun, has_begun) = oneshot::channel();
    let (go_on, goes_on) = oneshot::channel();
    let mut write = Box::pin(db.write("test", |connection| {
        Box::pin(async move {
            add(connection, "a").await?;
            begun.send(()).unwrap();
            goes_on.await.unwrap();
            Ok::<_, Error>(())
        })
    }));
    assert!((&mut write).now_or_never().is_none());
    has_begun.await.unwrap();
    drop(write);
    assert_eq!(names(&db).await, [""; 0], "it is not over");
    go_on.send(()).unwrap();
    eventually("it is carried out all the same", async || names(&db).await == ["a"]).await;
}

async fn a_connection_that_is_dropped_in_a_transaction_leaves_nothing_behind(backend: Backend) {
    let (_database, db) = things(backend, "dropped").await;
    for _ in 0..3 {
        let mut connection = db.acquire().await.unwrap();
        connection.begin().await.unwrap();
        add(&mut connection, "a").await.unwrap();
        drop(connection);
    }
    let mut connection = db.acquire().await.unwrap();
    connection.begin().await.unwrap();
    add(&mut connection, "b").await.unwrap();
    connection.rollback().await;
    connection.begin().await.unwrap();
    add(&mut connection, "c").await.unwrap();
    connection.commit().await.unwrap();
    drop(connection);
    assert_eq!(names(&db).await, ["c"], "and the pool has its one connection again");
    db.write("test", |connection| Box::pin(add(connection, "d"))).await.unwrap();
}

async fn who_waits_for_a_lock_too_long_is_told_to_come_again(backend: Backend) {
    let (database, one) = things(backend, "lock").await;
    let other = open(&database).await;
    one.write("test", |connection| Box::pin(add(connection, "a"))).await.unwrap();
    let rename = "UPDATE things SET name = 'b'";
    let mut holder = one.acquire().await.unwrap();
    holder.begin().await.unwrap();
    on!(holder, conn => conn.batch_execute(rename).await).unwrap();
    let refusal = run(&other, rename).await.unwrap_err();
    assert!(refusal.is_passing(), "{refusal:?}");
    assert_eq!(names(&other).await, ["a"], "who reads waits for nobody");
    holder.commit().await.unwrap();
    run(&other, "UPDATE things SET name = 'c'").await.unwrap();
    assert_eq!(names(&one).await, ["c"]);
}

async fn queries_that_go_together_answer_in_their_order_and_fail_as_one(backend: Backend) {
    let (_database, db) = things(backend, "together").await;
    let mut connection = db.acquire().await.unwrap();
    connection.begin().await.unwrap();
    add(&mut connection, "a").await.unwrap();
    add(&mut connection, "b").await.unwrap();
    let named = |name: &'static str| things::table.filter(things::name.eq(name)).count();
    let (none, one, all) = (named("z"), named("a"), things::table.count());
    let found: Result<(i64, i64, i64), Error> = together!(connection, conn =>
        none.get_result(conn).await, one.get_result(conn).await, all.get_result(conn).await);
    assert_eq!(found.unwrap(), (0, 1, 2));
    let counts = ["a", "z", "b"].map(|name| {
        let query = named(name);
        statement!(conn => query.get_result::<i64>(conn).await)
    });
    assert_eq!(connection.send(counts.into()).await.unwrap(), [1, 0, 1]);
    let all = things::table.count();
    let insert = statement!(conn => conn.batch_execute("INSERT INTO nothing VALUES (1)").await);
    let failed: Result<(_, Vec<()>), Error> =
        together!(connection, conn => all.get_result::<i64>(conn).await; vec![insert]);
    assert!(matches!(failed, Err(Error::Query(_))), "{failed:?}");
    connection.rollback().await;
    drop(connection);
    assert_eq!(names(&db).await, [""; 0]);
}

async fn a_name_that_is_taken_says_so_and_what_is_missing_too(backend: Backend) {
    let (_database, db) = things(backend, "taken").await;
    let twice = db.write("test", |connection| {
        Box::pin(async move {
            add(connection, "a").await?;
            add(connection, "a").await
        })
    });
    let Err(Error::Taken(key)) = twice.await else { panic!("a name is had once") };
    assert!(key.contains("things") && key.contains("name"), "{key}");
    let query = things::table.select(things::name).filter(things::name.eq("a"));
    let missing = read!(&db, "test.get", conn => query.first::<String>(conn).await);
    assert!(matches!(missing, Err(Error::NotFound)), "{missing:?}");
}
