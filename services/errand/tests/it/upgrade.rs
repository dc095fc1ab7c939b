//! What v0.1.0 left behind (see `tests/fixtures/v0.1.0`) is taken over: data, sessions, cursors and idempotency keys.
use std::{fs, path::Path, time::Duration};

use kit_base::{Clock, Timestamp, testing::eventually};
use kit_db::testing::{self, Backend};
use serde_json::{Value, json};

use crate::{
    app::{App, Topology},
    storage::{self, Variables},
    user::{User, path_of, text},
};

kit_db::on_each_backend!(
    who_had_an_account_signs_in_with_the_old_password,
    an_old_session_goes_on_and_reads_what_it_read,
    what_was_written_before_is_found_by_words_and_labels,
    the_feed_goes_on_from_an_old_cursor_without_a_gap,
    a_key_used_before_is_answered_as_before,
    an_open_task_below_a_closed_one_can_be_read_and_written,
    what_was_deleted_before_is_restored,
);

/// The suite as it is now, on a migrated database of v0.1.0, shortly after that was made.
struct Upgraded {
    app: App,
    answers: Value,
}

impl Upgraded {
    async fn new(backend: Backend) -> Self {
        let variables = storage::variables(backend).await;
        fill(backend, &variables).await;
        let name = if backend == Backend::Sqlite { "sqlite.json" } else { "postgres.json" };
        let answers: Value = serde_json::from_slice(&fixture(name)).expect("the old answers");
        let made: Timestamp = text(&answers["made_at"]).parse().expect("a moment");
        let clock = Clock::fixed(made);
        clock.advance(Duration::from_secs(60));
        Self { app: App::start_on(Topology::OneProcess, variables, clock).await, answers }
    }

    /// Ada, in the session that she had.
    async fn ada(&self) -> User {
        let old = User {
            http: self.app.http.clone(),
            email: text(&self.answers["email"]).to_owned(),
            access_token: String::new(),
            refresh_token: text(&self.answers["refresh_token"]).to_owned(),
        };
        old.refreshes().await
    }
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v0.1.0");
    fs::read(folder.join(name)).expect("a fixture")
}

async fn fill(backend: Backend, variables: &Variables) {
    let value = |wanted| variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
    match backend {
        Backend::Sqlite => {
            let folder = Path::new(value("DATA_DIR").expect("a folder"));
            for name in ["auth.db", "tasks.db"] {
                fs::write(folder.join(name), fixture(name)).expect("a copy");
            }
        }
        Backend::Postgres => {
            let url = value("DATABASE_URL").expect("a database");
            let dump = String::from_utf8(fixture("postgres.sql")).expect("a text");
            testing::run_script(url, &dump).await;
        }
    }
}

/// Where something of `old` is missing or other in `new`, which may say more.
fn lost(path: &str, old: &Value, new: &Value) -> Vec<String> {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => old
            .iter()
            .flat_map(|(name, old)| {
                lost(&format!("{path}/{name}"), old, new.get(name).unwrap_or(&json!("missing")))
            })
            .collect(),
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => old
            .iter()
            .zip(new)
            .enumerate()
            .flat_map(|(place, (old, new))| lost(&format!("{path}/{place}"), old, new))
            .collect(),
        (old, new) if old == new => vec![],
        (old, new) => vec![format!("{path}: {old} became {new}")],
    }
}

async fn who_had_an_account_signs_in_with_the_old_password(backend: Backend) {
    let Upgraded { app, answers } = Upgraded::new(backend).await;
    let (email, password) = (text(&answers["email"]), text(&answers["password"]));
    let ada = User::signs_in(&app.http, email, password).await;
    assert_eq!(lost("", &answers["me"], &ada.reads("/v1/me").await), [""; 0]);
    let wrong = json!({ "email": email, "password": format!("{password}!") });
    app.http.post("/v1/auth/login", &wrong).await.refuses(401, "CREDENTIALS_INVALID");
    let again = json!({ "email": email, "password": password });
    app.http.post("/v1/auth/register", &again).await.refuses(409, "EMAIL_TAKEN");
}

async fn an_old_session_goes_on_and_reads_what_it_read(backend: Backend) {
    let upgraded = Upgraded::new(backend).await;
    let ada = upgraded.ada().await;
    let lists = upgraded.answers["lists"].as_object().expect("the lists that were read");
    assert!(lists.len() > 5);
    for (path, old) in lists {
        let new = Value::from(ada.reads_all(path).await);
        let mut lost = lost(path, old, &new);
        // The session was seen just now, by another client, and lives on from here.
        let renewed = ["/last_seen_at", "/user_agent", "/expires_at"];
        lost.retain(|place| !renewed.iter().any(|field| place.contains(field)));
        assert_eq!(lost, [""; 0]);
    }
    for old in lists["/v1/tasks?order_by=created_at"].as_array().expect("tasks") {
        assert_eq!(lost("", old, &ada.reads(&path_of(old)).await), [""; 0]);
    }
}

async fn what_was_written_before_is_found_by_words_and_labels(backend: Backend) {
    let ada = Upgraded::new(backend).await.ada().await;
    for (query, expected) in [
        ("q=%C3%84RGER", "Ärger machen"),
        ("q=%C3%BCber", "Ärger machen"),
        ("q=%D0%97%D0%92%D0%9E%D0%9D%D0%9E%D0%9A", "Звонок другу"),
        ("label=B%C3%9CRO", "Ärger machen"),
        ("label=strasse", "Ärger machen"),
        ("label=HOME", "Float"),
    ] {
        // What was written before is folded behind the scenes.
        let path = format!("/v1/tasks?{query}");
        eventually(query, async || !ada.reads_all(&path).await.is_empty()).await;
        let found = ada.reads_all(&path).await;
        let titles: Vec<_> = found.iter().map(|task| text(&task["title"])).collect();
        assert_eq!(titles, [expected], "{query}");
    }
}

async fn the_feed_goes_on_from_an_old_cursor_without_a_gap(backend: Backend) {
    let upgraded = Upgraded::new(backend).await;
    let ada = upgraded.ada().await;
    let old = upgraded.answers["changes"].as_array().expect("the changes that were read");
    let cursor = text(&upgraded.answers["cursor"]);
    let seen = old.iter().position(|change| change["cursor"] == cursor).expect("its change");
    let new = ada.creates("Behind the old ones").await;
    let page = ada.reads(&format!("/v1/changes?limit=200&cursor={cursor}")).await;
    let mut told = page["items"].as_array().expect("changes").clone();
    let last = told.pop().expect("the new one");
    assert_eq!(lost("", &Value::from(&old[seen + 1..]), &Value::from(told)), [""; 0]);
    assert_eq!((&last["object_id"], &last["operation"]), (&new["id"], &json!("create")));
    let before = old.last().and_then(|change| change["sequence"].as_i64()).expect("a sequence");
    assert_eq!(last["sequence"], before + 1);
}

async fn a_key_used_before_is_answered_as_before(backend: Backend) {
    let upgraded = Upgraded::new(backend).await;
    let ada = upgraded.ada().await;
    let once = &upgraded.answers["once"];
    let ask =
        |body: &Value| ada.post("/v1/tasks", body).with("idempotency-key", text(&once["key"]));
    let replayed = ask(&once["body"]).await.expect(201);
    assert_eq!(lost("", &once["answer"], &replayed), [""; 0]);
    ask(&json!({ "title": "Twice" })).await.refuses(422, "IDEMPOTENCY_KEY_REUSED");
    let all = ada.reads_all("/v1/tasks").await;
    let once = all.iter().filter(|task| task["title"] == "Once" || task["title"] == "Twice");
    assert_eq!(once.count(), 1, "{all:?}");
}

async fn an_open_task_below_a_closed_one_can_be_read_and_written(backend: Backend) {
    let upgraded = Upgraded::new(backend).await;
    let ada = upgraded.ada().await;
    let path = format!("/v1/tasks/{}", text(&upgraded.answers["open_below"]));
    let below = ada.reads(&path).await;
    let above = format!("/v1/tasks/{}", text(&below["parent_id"]));
    assert_eq!(below["status"], "needs_action");
    assert_eq!(ada.reads(&above).await["status"], "completed");
    let written = ada.patch(&path, &json!({ "title": "Written" })).await.expect(200);
    assert_eq!(
        (&written["title"], &written["status"]),
        (&json!("Written"), &json!("needs_action"))
    );
    assert_eq!(ada.reads(&path).await, written);
    // Each write leaves the tree as the rule wants it.
    assert_eq!(ada.reads(&above).await["status"], "needs_action");
}

async fn what_was_deleted_before_is_restored(backend: Backend) {
    let upgraded = Upgraded::new(backend).await;
    let ada = upgraded.ada().await;
    for id in upgraded.answers["deleted"].as_array().expect("what was deleted") {
        ada.does(&format!("/v1/trash/{}/restore", text(id))).await.expect(200);
    }
    let listed = ada.reads_all("/v1/tasks").await;
    let named =
        |title: &str| listed.iter().find(|task| task["title"] == title).expect("it is back");
    let (root, below) = (named("Deleted"), named("Deleted with it"));
    assert_eq!(below["parent_id"], root["id"]);
    let project = &named("Deleted with its project")["project_id"];
    assert_eq!(
        ada.reads(&format!("/v1/projects/{}", text(project))).await["name"],
        "Deleted project"
    );
    assert_eq!(ada.reads("/v1/trash").await["items"], json!([]));
}
