//! What a client is told where something has run out.
use std::time::{Duration, Instant};

use kit_base::Clock;
use kit_db::testing::{Backend, run_script};
use serde_json::json;

use crate::{
    app::{App, Topology, alone, soon},
    storage,
};

/// Holds what every write needs for a while, as another program on the database might.
const HOLD: &str = "SELECT id FROM scopes FOR UPDATE; SELECT pg_sleep(1.3)";

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
        let after = async |millis| tokio::time::sleep(Duration::from_millis(millis)).await;
        let taking = async {
            after(300).await;
            alice.post("/v1/tasks", &new).await
        };
        let refused = async {
            // By then hers has the only connection, and waits for the lock.
            after(400).await;
            let began = Instant::now();
            let reply = bob.post("/v1/tasks", &new).await;
            let read = bob.get("/v1/tasks").await.status.as_u16();
            (reply, began.elapsed(), read)
        };
        let held = run_script(&app.databases[1], HOLD);
        let (hers, (reply, took, read), ()) = tokio::join!(taking, refused, held);
        assert_eq!(hers.status.as_u16(), 503, "the lock was not to be had in time");
        assert_eq!((reply.status.as_u16(), read), (503, 200));
        assert_eq!(
            (reply.header("retry-after"), &reply.json()["code"]),
            ("1", &"DATABASE_UNAVAILABLE".into())
        );
        // 250 ms of waiting.
        assert!(took < Duration::from_millis(500), "{took:?}");
        let began = Instant::now();
        soon("writes go on", async || bob.post("/v1/tasks", &new).await.status == 201).await;
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    });
}
