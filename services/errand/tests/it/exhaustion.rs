//! What a client is told where something has run out.
use std::time::{Duration, Instant};

use kit_base::{Clock, testing::eventually};
use kit_db::testing::{Backend, run_script};
use serde_json::json;

use crate::{
    app::{App, Topology, alone},
    storage,
};

/// Holds what every write needs, as another program on the database might: longer than anyone waits for it.
const HOLD: &str =
    "SET statement_timeout = 0; SELECT id FROM scopes FOR UPDATE; SELECT pg_sleep(4)";

#[test]
#[ignore = "needs PostgreSQL: scripts/test"]
fn who_finds_every_connection_taken_is_told_so_soon_and_reads_go_on() {
    alone(async {
        let mut variables = storage::variables(Backend::Postgres).await;
        variables.push(("TASKS_DATABASE_CONNECTIONS", "1".to_owned()));
        let app = App::start_on(Topology::OneProcess, variables, Clock::system()).await;
        let (alice, bob) = (app.user("alice").await, app.user("bob").await);
        alice.creates("before").await;
        bob.creates("before").await;
        let new = json!({ "title": "after" });
        let timed = async |user: &crate::user::User| {
            let began = Instant::now();
            (user.post("/v1/tasks", &new).await, began.elapsed())
        };
        let asks = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let both = tokio::join!(timed(&alice), timed(&bob));
            (both, bob.get("/v1/tasks").await.status.as_u16())
        };
        let ((((one, first), (other, second)), read), ()) =
            tokio::join!(asks, run_script(&app.databases[1], HOLD));
        for reply in [one, other] {
            let told = (reply.status.as_u16(), reply.header("retry-after"));
            assert_eq!((told, &reply.json()["code"]), ((503, "1"), &"DATABASE_UNAVAILABLE".into()));
        }
        assert_eq!(read, 200);
        // One waits 800 ms for the lock, with the only connection; the other 250 ms for that.
        assert!(first.min(second) < Duration::from_millis(700), "{first:?} {second:?}");
        let began = Instant::now();
        eventually("writes go on", async || bob.post("/v1/tasks", &new).await.status == 201).await;
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    });
}
