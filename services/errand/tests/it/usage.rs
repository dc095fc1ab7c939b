//! What an account keeps, as it is told.
use serde_json::{Value, json};

use crate::{
    app::{App, Topology, alone, everywhere},
    storage,
    user::{User, path_of},
};

everywhere!(what_is_kept_is_told_and_what_is_gone_is_not);

async fn used(user: &User) -> [Value; 3] {
    let usage = user.reads("/v1/usage").await;
    for (name, limit) in [("tasks", 100_000), ("projects", 1_000), ("bytes", 256 << 20)] {
        assert_eq!(usage[name]["limit"], limit, "{usage}");
    }
    ["tasks", "projects", "bytes"].map(|name| usage[name]["used"].clone())
}

async fn what_is_kept_is_told_and_what_is_gone_is_not(app: &App) {
    let alice = app.user("alice").await;
    let inbox = 512 + "Inbox".len();
    assert_eq!(used(&alice).await, [json!(0), json!(1), json!(inbox)]);
    let task = alice.creates_task(json!({ "title": "Ship it", "labels": ["a", "b"] })).await;
    let kept = inbox + 512 + 2 * "Ship it".len() + 2 * (96 + 3);
    assert_eq!(used(&alice).await, [json!(1), json!(1), json!(kept)]);
    alice.delete(&path_of(&task)).await.expect(204);
    assert_eq!(used(&alice).await, [json!(1), json!(1), json!(kept)], "it is in the trash");
    alice.delete(&path_of(&task).replace("tasks", "trash")).await.expect(204);
    assert_eq!(used(&alice).await, [json!(0), json!(1), json!(inbox)]);
    let today = alice.reads("/v1/usage").await["bytes_today"]["used"].as_i64();
    assert!(today > Some(512), "{today:?}");
}

#[test]
fn who_keeps_as_much_as_may_be_is_told_so_and_what_makes_room() {
    alone(async {
        let mut variables = storage::variables(kit_db::testing::Backend::Sqlite).await;
        variables.push(("QUOTA_TASKS", "1".to_owned()));
        let clock = kit_base::Clock::system();
        let app = App::start_on(Topology::OneProcess, variables, clock).await;
        let alice = app.user("alice").await;
        let one = alice.creates("one").await;
        let refused = alice.post("/v1/tasks", &json!({ "title": "two" })).await;
        let problem = refused.refuses(403, "QUOTA_EXCEEDED");
        assert!(
            problem["detail"].as_str().is_some_and(|text| text.contains("delete some for good"))
        );
        alice.delete(&path_of(&one)).await.expect(204);
        alice.delete(&path_of(&one).replace("tasks", "trash")).await.expect(204);
        alice.creates("two").await;
    });
}
