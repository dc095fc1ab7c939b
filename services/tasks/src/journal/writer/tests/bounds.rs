//! How much waits, and how long a scope rests.
use super::*;
use crate::journal::writer::queues::{MOST_BYTES, MOST_BYTES_WAITING, MOST_WAITING};

kit_db::on_each_backend!(
    a_scope_takes_no_more_writes_than_it_can_hold,
    a_scope_that_wrote_much_rests_as_long,
    a_scope_that_wrote_little_does_not_rest_however_long_that_took,
    a_scope_that_looked_at_much_for_nothing_rests_as_long,
);

async fn a_scope_takes_no_more_writes_than_it_can_hold(backend: Backend) {
    let writes = Writes::new(backend).await;
    let most = MOST_WAITING + 2;
    let submissions = (0..most).map(|_| writes.submission(Act::Succeed));
    let outcomes = writes.together(submissions.collect()).await;
    assert!(outcomes[..MOST_WAITING].iter().all(Result::is_ok));
    assert_eq!(outcomes[MOST_WAITING..], [Err("BUSY"); 2]);
    assert_eq!(writes.submit(writes.submission(Act::Succeed)).await, Ok(()));

    let large = || Submission { bytes: MOST_BYTES_WAITING / 2, ..writes.submission(Act::Succeed) };
    let outcomes = writes.together(vec![large(), large(), large()]).await;
    assert_eq!(outcomes, [Ok(()), Ok(()), Err("BUSY")]);
    // Of two whose callers have gone none is in the way of the next.
    let gone = [large(), large()].map(|write| writes.submit(write));
    let next = async {
        gone.into_iter().for_each(|write| assert!(write.now_or_never().is_none()));
        writes.submit(large()).now_or_never()
    };
    assert_eq!(writes.behind_another(next).await, None, "it waits");
}

#[tokio::test]
async fn all_scopes_together_hold_no_more_than_there_is_room_for() {
    let (writes, queues) = (Writes::new(Backend::Sqlite).await, Queues::new());
    let scope = |number| ScopeId(uuid::Uuid::from_u128(number));
    let enqueue = |number, bytes| {
        let write = Submission { bytes, ..writes.submission(Act::Succeed) };
        queues.enqueue(scope(number), write).map_err(|error| error.fault().1)
    };
    let mut waiting: Vec<_> =
        (0..4).map(|number| enqueue(number, MOST_BYTES_WAITING).unwrap()).collect();
    assert_eq!(MOST_BYTES, 4 * MOST_BYTES_WAITING);
    assert_eq!(enqueue(4, 1).err(), Some("BUSY"));
    let carried_out = queues.next(scope(0));
    assert_eq!(enqueue(4, 1).err(), Some("BUSY"), "what is carried out takes room, too");
    drop(carried_out);
    let (_fourth, is_idle) = enqueue(4, MOST_BYTES_WAITING).expect("room of what was answered");
    assert!(is_idle, "nothing is left of what was refused");
    assert_eq!(enqueue(5, 1).err(), Some("BUSY"));
    drop(waiting.pop());
    let _fifth = enqueue(5, MOST_BYTES_WAITING).expect("room of what nobody waits for");
    assert_eq!(enqueue(6, 1).err(), Some("BUSY"), "the others are waited for");
}

#[tokio::test]
async fn a_write_that_is_refused_leaves_no_queue_that_nobody_works_on() {
    let (writes, queues) = (Writes::new(Backend::Sqlite).await, Queues::new());
    let enqueue = |bytes| {
        let write = Submission { bytes, ..writes.submission(Act::Succeed) };
        queues.enqueue(writes.store.scope, write)
    };
    assert!(enqueue(MOST_BYTES_WAITING + 1).is_err());
    assert!(enqueue(1).is_ok_and(|(_, is_idle)| is_idle));
}

#[tokio::test]
async fn a_unit_that_has_written_much_takes_no_further_write_and_the_next_does() {
    let writes = Writes::new(Backend::Sqlite).await;
    assert_eq!(share_a_unit(&writes, Act::WriteMuch).await, 4);
    let submissions = (0..6).map(|_| writes.submission(Act::WriteMuch));
    assert_eq!(writes.together(submissions.collect()).await, [Ok(()); 6]);
}

/// How many of six such writes share a unit of work.
async fn share_a_unit(writes: &Writes, act: Act) -> usize {
    let queues = Queues::new();
    let scope = writes.store.scope;
    let enqueue = |_| queues.enqueue(scope, writes.submission(act)).unwrap();
    let _outcomes: Vec<_> = (0..6).map(enqueue).collect();
    let unit = writes.store.writer.run_unit(scope, &queues.next(scope)).await;
    unit.unwrap_or_else(|broken| panic!("{}", broken.error)).0.len()
}

#[tokio::test]
async fn a_unit_that_looked_at_many_rows_takes_no_further_write() {
    let writes = Writes::new(Backend::Sqlite).await;
    assert_eq!(share_a_unit(&writes, Act::LookAtMany).await, 1);
    assert_eq!(share_a_unit(&writes, Act::Refuse).await, 6);
}

#[tokio::test]
async fn what_was_written_before_on_that_day_fills_no_unit() {
    let writes = Writes::new(Backend::Sqlite).await;
    for _ in 0..40 {
        let fields = TaskFields {
            title: Some("large".to_owned()),
            description: Some("x".repeat(16 << 10)),
            ..TaskFields::default()
        };
        let (id, fields) = (Some(TaskId(uuid::Uuid::now_v7())), Box::new(fields));
        let made = tasks::write::Write::Create { id, project: None, parent: None, fields };
        writes.store.carries_out(made).await.unwrap();
    }
    let unit = writes.store.writer.begin(writes.store.scope, &[]).await.unwrap();
    let before = unit.usage.written_today(unit.now);
    unit.abandon().await;
    assert!((FULL / 2..FULL).contains(&before), "{before}");
    assert_eq!(share_a_unit(&writes, Act::WriteMuch).await, 4);
}

#[tokio::test]
async fn so_many_units_are_large_at_once_and_the_others_end_before() {
    let writes = Writes::new(Backend::Sqlite).await;
    let large = writes.store.writer.large.clone();
    let others = large.acquire_many(1).await;
    assert_eq!(share_a_unit(&writes, Act::WriteMuch).await, 4);
    let all = large.acquire_many(1).await;
    assert_eq!(share_a_unit(&writes, Act::WriteMuch).await, 1);
    assert_eq!(share_a_unit(&writes, Act::Refuse).await, 6);
    drop((others, all));
    assert_eq!(share_a_unit(&writes, Act::WriteMuch).await, 4);
}

#[tokio::test]
async fn however_many_scopes_rest_the_others_have_their_connections() {
    let [hostile, other] = [Writes::new(Backend::Sqlite).await, Writes::new(Backend::Sqlite).await];
    let resting = hostile.store.writer.resting.clone();
    assert_eq!(resting.available_permits(), 1, "SQLite has one connection");
    let rest = resting.acquire().await;
    assert_eq!(hostile.submit(hostile.submission(Act::WriteMuch)).await, Ok(()));
    let next = hostile.submit(hostile.submission(Act::Succeed));
    tokio::pin!(next);
    assert!(tokio::time::timeout(3 * LONG, &mut next).await.is_err(), "others rest");
    assert_eq!(other.submit(other.submission(Act::Succeed)).await, Ok(()));
    drop(rest);
    assert_eq!(next.await, Ok(()));
}

async fn a_scope_that_looked_at_much_for_nothing_rests_as_long(backend: Backend) {
    let writes = Writes::new(backend).await;
    let began = Instant::now();
    assert_eq!(writes.submit(writes.submission(Act::LookAtMany)).await, Err("TASK_NOT_FOUND"));
    assert_eq!(writes.submit(writes.submission(Act::Succeed)).await, Ok(()));
    assert!(began.elapsed() >= 2 * LONG, "{:?}", began.elapsed());
}

async fn a_scope_that_wrote_much_rests_as_long(backend: Backend) {
    let writes = Writes::new(backend).await;
    let began = Instant::now();
    assert_eq!(writes.submit(writes.submission(Act::WriteMuch)).await, Ok(()));
    assert_eq!(writes.submit(writes.submission(Act::Succeed)).await, Ok(()));
    assert!(began.elapsed() >= 2 * LONG, "{:?}", began.elapsed());
}

async fn a_scope_that_wrote_little_does_not_rest_however_long_that_took(backend: Backend) {
    let writes = Writes::new(backend).await;
    assert_eq!(writes.submit(writes.submission(Act::WriteMuch)).await, Ok(()));
    sleep(2 * LONG).await;
    // The machine may be busy once.
    for _ in 0..5 {
        let began = Instant::now();
        for act in [Act::WriteLittle, Act::Succeed] {
            assert_eq!(writes.submit(writes.submission(act)).await, Ok(()));
        }
        if began.elapsed() < 2 * LONG {
            return;
        }
    }
    panic!("it rests");
}
