//! One of two replicas that is suddenly gone, or there but silent.
use std::{sync::Mutex, time::Duration};

use super::{fleet::Fleet, heavy, load};
use crate::user::User;

#[test]
#[ignore = "needs PostgreSQL: scripts/test"]
fn no_client_sees_that_one_of_two_replicas_is_killed() {
    heavy(async {
        undisturbed_by(async |fleet: &mut Fleet| {
            fleet.process("tasks-1").is_killed();
            tokio::time::sleep(Duration::from_secs(4)).await;
            fleet.process("tasks-1").start_again();
            fleet.becomes_ready().await;
            tokio::time::sleep(Duration::from_secs(2)).await;
            fleet.process("tasks-2").is_killed();
            tokio::time::sleep(Duration::from_secs(4)).await;
        })
        .await;
    });
}

#[test]
#[ignore = "needs PostgreSQL: scripts/test"]
fn no_client_sees_that_one_of_two_replicas_is_silent() {
    heavy(async {
        undisturbed_by(async |fleet: &mut Fleet| {
            fleet.process("tasks-1").gets("STOP");
            tokio::time::sleep(Duration::from_secs(8)).await;
            fleet.process("tasks-1").gets("CONT");
            tokio::time::sleep(Duration::from_secs(4)).await;
        })
        .await;
    });
}

async fn undisturbed_by(disturbance: impl AsyncFnOnce(&mut Fleet)) {
    let mut fleet = Fleet::split(1, 2, 1).await;
    let edges = Mutex::new(fleet.edges());
    let user = User::joins(&fleet.edges()[0], "alice").await;
    let seen = load::during(&user, &edges, async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        disturbance(&mut fleet).await;
    })
    .await;
    eprintln!(
        "{} requests, {} failures, slowest {:?}",
        seen.requests,
        seen.failures.len(),
        seen.slowest
    );
    assert_eq!(seen.failures, Vec::<String>::new(), "of {} requests", seen.requests);
    assert!(seen.requests > 500, "only {} requests", seen.requests);
}
