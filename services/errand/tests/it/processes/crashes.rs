//! Processes that die without a word.
use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use futures_util::future::join_all;
use kit_base::testing::Random;
use serde_json::{Value, json};

use super::{fleet::Fleet, heavy};
use crate::{
    feed::Copy,
    http::{Ask, Http},
    user::{User, path_of, text},
};

const WRITERS: u64 = 8;
/// Each creates so many tasks and changes each once: 2,000 writes in all.
const TASKS_OF_A_WRITER: usize = 125;

#[test]
fn no_write_is_lost_or_doubled_when_the_one_process_is_killed() {
    heavy(async { survives(Fleet::in_one_process().await).await });
}

#[test]
#[ignore = "needs PostgreSQL: scripts/test"]
fn no_write_is_lost_or_doubled_when_any_of_three_processes_is_killed() {
    heavy(async { survives(Fleet::split(1, 1, 1).await).await });
}

async fn survives(mut fleet: Fleet) {
    let edge = fleet.edges().remove(0);
    let users = [User::joins(&edge, "alice").await, User::joins(&edge, "bob").await];
    let (done, written) = (AtomicBool::new(false), AtomicUsize::new(0));
    let writers =
        (0..WRITERS).map(|number| write(&users[usize::from(number % 2 == 0)], number, &written));
    let writing = async {
        join_all(writers).await;
        done.store(true, Ordering::Relaxed);
    };
    let (kills, ()) = tokio::join!(kill(&mut fleet, &done), writing);
    assert!(kills >= 8, "only {kills} processes were killed");
    assert_eq!(written.load(Ordering::Relaxed), 2_000);
    fleet.becomes_ready().await;
    for (number, user) in users.iter().enumerate() {
        everything_is_there_once(user, &edge, number).await;
    }
}

/// Kills one process after another at moments that nothing announces, and starts it again, until the writers are done.
async fn kill(fleet: &mut Fleet, done: &AtomicBool) -> usize {
    let (mut random, mut kills) = (Random::new(11), 0);
    while !done.load(Ordering::Relaxed) {
        let pause = 200 + u64::try_from(random.below(1_200)).expect("a number");
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let index = random.below(fleet.processes.len());
        let process = &mut fleet.processes[index];
        process.is_killed();
        process.start_again();
        kills += 1;
    }
    kills
}

async fn write(user: &User, writer: u64, written: &AtomicUsize) {
    let mut random = Random::new(writer);
    for number in 0..TASKS_OF_A_WRITER {
        let title = format!("{writer}.{number}");
        let create = || {
            user.post("/v1/tasks", &json!({ "title": title }))
                .with("idempotency-key", format!("create-{title}"))
        };
        let task = until_acknowledged(create).await;
        let change = || {
            let patch = json!({ "description": format!("of {title}") });
            user.patch(&path_of(&task), &patch).with("idempotency-key", format!("change-{title}"))
        };
        until_acknowledged(change).await;
        written.fetch_add(2, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(
            u64::try_from(random.below(200)).expect("a number"),
        ))
        .await;
    }
}

/// Sends the same write again until it is acknowledged. Only what may pass is tried again.
async fn until_acknowledged(ask: impl Fn() -> Ask) -> Value {
    for _ in 0..600 {
        match ask().attempt().await {
            Ok(reply) if reply.status.is_success() => return reply.json(),
            Ok(reply) if [409, 429, 503].contains(&reply.status.as_u16()) => {}
            Ok(reply) => panic!("neither done nor to be tried again: {reply:?}"),
            Err(_) => {}
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not acknowledged after 30 s");
}

async fn everything_is_there_once(user: &User, edge: &Http, number: usize) {
    let user = User { http: edge.clone(), ..user.clone() };
    let tasks = user.reads_all("/v1/tasks?limit=200").await;
    let mut titles: Vec<String> =
        tasks.iter().map(|task| text(&task["title"]).to_owned()).collect();
    titles.sort();
    let writers = (0..WRITERS).filter(|writer| usize::from(writer % 2 == 0) == number);
    let mut expected: Vec<String> = writers
        .flat_map(|writer| (0..TASKS_OF_A_WRITER).map(move |number| format!("{writer}.{number}")))
        .collect();
    expected.sort();
    assert_eq!(titles, expected, "each task once");
    for task in &tasks {
        assert_eq!(
            (&task["version"], text(&task["description"])),
            (&json!(2), &*format!("of {}", text(&task["title"])))
        );
    }
    let mut copy = Copy::default();
    copy.catches_up(&user).await;
    copy.equals_what(&user).await;
}
