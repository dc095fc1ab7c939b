use std::time::Duration;

use super::*;

crate::on_each_backend!(
    a_value_is_read_as_it_was_written,
    a_moment_that_no_database_keeps_asks_for_what_lies_before_or_behind,
    things_lie_in_the_order_in_which_they_were_made,
    a_name_that_no_release_knows_is_no_value,
);

crate::names! {
    /// How a thing is.
    State { Whole = "whole", Broken = "broken" }
}

async fn store(db: &Db, id: ThingId, name: String, at: Timestamp, document: &'static str) {
    let row = ((things::id.eq(id), things::name.eq(name)), things::at.eq(at));
    let row = (row, things::document.eq(JsonText(document.to_owned())));
    let written: Result<usize, Error> = db
        .write("test.store", move |connection| {
            Box::pin(async move {
                let insert = diesel::insert_into(things::table).values(row);
                on!(connection, conn => insert.execute(conn).await)
            })
        })
        .await;
    written.unwrap();
}

async fn a_value_is_read_as_it_was_written(backend: Backend) {
    let (_database, db) = things(backend, "values").await;
    let moments =
        [0, 1, -1, 1_800_000_000_000_001, -62_135_596_800_000_000, 253_402_300_799_999_999];
    for (number, moment) in moments.into_iter().enumerate() {
        let (id, at) =
            (ThingId(uuid::Uuid::from_u128(number as u128)), Timestamp::from_microseconds(moment));
        let (name, document) =
            (format!("{number}: „Straße“ 🦀 ' \\ %_"), r#"{"a": [1, null, "ä"]}"#);
        store(&db, id, name.clone(), at, document).await;
        let query = things::table.find(id);
        let found = read!(&db, "test.get", conn =>
            query.first::<(ThingId, String, Timestamp, JsonText)>(conn).await);
        assert_eq!(found.unwrap(), (id, name, at, JsonText(document.to_owned())));
        assert_eq!(id.to_string().parse(), Ok(id));
    }
}

async fn a_moment_that_no_database_keeps_asks_for_what_lies_before_or_behind(backend: Backend) {
    let (_database, db) = things(backend, "moments").await;
    let id = ThingId::new(&Clock::system());
    store(&db, id, "a".to_owned(), Timestamp::from_seconds(1_800_000_000), "{}").await;
    for (moment, earlier) in [(i64::MIN, 0), (0, 0), (i64::MAX / 2, 1), (i64::MAX, 1)] {
        let moment = Timestamp::from_microseconds(moment);
        let query = things::table.filter(things::at.lt(moment)).count();
        let found = read!(&db, "test.count", conn => query.get_result::<i64>(conn).await);
        assert_eq!(found.unwrap(), earlier, "before {moment}");
    }
}

async fn things_lie_in_the_order_in_which_they_were_made(backend: Backend) {
    let (_database, db) = things(backend, "order").await;
    let clock = Clock::fixed(Timestamp::from_microseconds(1_799_999_999_999_990));
    let mut made = vec![];
    for number in 0..20 {
        let id = ThingId::new(&clock);
        store(&db, id, format!("{number:02}"), clock.now(), "{}").await;
        made.push(id);
        clock.advance(Duration::from_micros(1));
    }
    let query = things::table.select(things::id).order(things::id).limit(100);
    let found: Vec<ThingId> = read!(&db, "test.ids", conn => query.load(conn).await).unwrap();
    assert_eq!(found, made);
    let behind = things::table.filter(things::id.gt(made[14])).count();
    let found = read!(&db, "test.count", conn => behind.get_result::<i64>(conn).await);
    assert_eq!(found.unwrap(), 5);
}

async fn a_name_that_no_release_knows_is_no_value(backend: Backend) {
    let (_database, db) = things(backend, "names").await;
    let at = Timestamp::from_seconds(0);
    for (number, name) in [(1, State::Whole.name()), (2, State::Broken.name()), (3, "mended")] {
        store(&db, ThingId(uuid::Uuid::from_u128(number)), name.to_owned(), at, "{}").await;
    }
    let known = things::table.filter(things::name.eq_any([State::Whole, State::Broken]));
    let query = known.select(things::name).order(things::id).limit(100);
    let found: Vec<State> = read!(&db, "test.states", conn => query.load(conn).await).unwrap();
    assert_eq!(found, [State::Whole, State::Broken]);
    let query = things::table.select(things::name).filter(things::name.eq("mended"));
    let unknown = read!(&db, "test.state", conn => query.first::<State>(conn).await);
    let Err(Error::Query(cause)) = unknown else { panic!("{unknown:?}") };
    assert!(format!("{cause:#}").contains("mended is none of "), "{cause:#}");
    assert_eq!(State::parse("Whole"), None);
}
