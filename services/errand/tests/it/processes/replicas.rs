//! One of two replicas that is suddenly gone, or there but silent.
use std::sync::Mutex;

use super::{
    fleet::Fleet,
    heavy,
    load::{self, Seen},
};
use crate::user::User;

/// What the edge says when it stops to call a replica, and when it calls it again.
const OUT: &str = "endpoint taken out";
const BACK: &str = "endpoint back";

#[test]
#[ignore = "needs PostgreSQL: scripts/test"]
fn no_client_sees_that_one_of_two_replicas_is_killed() {
    heavy(async {
        undisturbed_by(async |fleet: &mut Fleet, seen: &Mutex<Seen>| {
            fleet.process("tasks-1").is_killed();
            fleet.process("gateway-1").says(OUT, 1).await;
            load::goes_on(seen, 300).await;
            fleet.process("tasks-1").start_again();
            fleet.becomes_ready().await;
            fleet.process("gateway-1").says(BACK, 1).await;
            load::goes_on(seen, 100).await;
            fleet.process("tasks-2").is_killed();
            fleet.process("gateway-1").says(OUT, 2).await;
            load::goes_on(seen, 300).await;
        })
        .await;
    });
}

#[test]
#[ignore = "needs PostgreSQL: scripts/test"]
fn no_client_sees_that_one_of_two_replicas_is_silent() {
    heavy(async {
        undisturbed_by(async |fleet: &mut Fleet, seen: &Mutex<Seen>| {
            fleet.process("tasks-1").gets("STOP");
            fleet.process("gateway-1").says(OUT, 1).await;
            load::goes_on(seen, 500).await;
            fleet.process("tasks-1").gets("CONT");
            fleet.process("gateway-1").says(BACK, 1).await;
            load::goes_on(seen, 200).await;
        })
        .await;
    });
}

async fn undisturbed_by(disturbance: impl AsyncFnOnce(&mut Fleet, &Mutex<Seen>)) {
    let mut fleet = Fleet::split(1, 2, 1).await;
    let edges = Mutex::new(fleet.edges());
    let user = User::joins(&fleet.edges()[0], "alice").await;
    let seen = load::during(&user, &edges, async |seen| {
        load::goes_on(seen, 100).await;
        disturbance(&mut fleet, seen).await;
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
