//! What holds for a value whichever way it came, over REST and on every topology.
use kit_base::testing::Random;
use serde_json::{Value, json};

use crate::{
    app::{App, everywhere},
    user::{User, path_of, text},
};

everywhere!(
    a_word_is_found_whatever_its_case_and_composition,
    a_title_that_shows_nothing_is_refused,
    ids_of_the_clients_choice_change_no_order,
    the_trash_is_in_the_order_in_which_things_were_deleted,
    a_zone_has_one_spelling_wherever_it_is_written,
    a_patch_of_the_status_and_the_act_come_to_the_same,
    an_open_subtask_opens_what_it_stands_under_whichever_way_it_came_there,
    an_account_that_is_patched_with_what_it_is_stays_at_its_version,
    tasks_stay_in_the_order_that_many_moves_gave_them_and_their_ranks_stay_short,
);

/// The titles that a list gives, in its order.
async fn titles(user: &User, query: &str) -> Vec<String> {
    let listed = user.reads(&format!("/v1/tasks?{query}")).await;
    let items = listed["items"].as_array().expect("a list");
    items.iter().map(|task| text(&task["title"]).to_owned()).collect()
}

async fn a_word_is_found_whatever_its_case_and_composition(app: &App) {
    let alice = app.user("alice").await;
    for title in ["Ärger machen", "Звонок другу", "Straße kehren", "Cafe\u{301}"] {
        alice.creates(title).await;
    }
    for (query, expected) in [
        ("%C3%84RGER", "Ärger machen"),
        ("a%CC%88rger", "Ärger machen"),
        ("%D0%97%D0%92%D0%9E%D0%9D%D0%9E%D0%9A", "Звонок другу"),
        ("STRASSE", "Straße kehren"),
        ("CAF%C3%89", "Cafe\u{301}"),
    ] {
        assert_eq!(titles(&alice, &format!("q={query}")).await, [expected], "{query}");
    }
}

async fn a_title_that_shows_nothing_is_refused(app: &App) {
    let alice = app.user("alice").await;
    for title in ["\u{200b}", "\u{2060}\u{feff}", " \u{ad} "] {
        let problem = alice.post("/v1/tasks", &json!({ "title": title })).await.expect(422);
        assert_eq!(problem["errors"][0]["code"], "REQUIRED", "{title:?}: {problem}");
    }
}

async fn ids_of_the_clients_choice_change_no_order(app: &App) {
    let alice = app.user("alice").await;
    // Version 7, of 1970: the second says that it is older than the first, the third that it is newer.
    for (title, id) in [("a", 5), ("b", 1), ("c", 9)] {
        let id = format!("00000000-000{id}-7000-8000-00000000{:04}", std::process::id() % 10_000);
        alice.creates_task(json!({ "title": title, "id": id })).await;
    }
    assert_eq!(titles(&alice, "order_by=created_at").await.concat(), "abc");
    assert_eq!(titles(&alice, "order_by=-created_at").await.concat(), "cba");
}

async fn the_trash_is_in_the_order_in_which_things_were_deleted(app: &App) {
    let alice = app.user("alice").await;
    let project = alice.creates_project("p").await;
    let (first, second) = (alice.creates("a").await, alice.creates("b").await);
    for path in
        [path_of(&second), format!("/v1/projects/{}", text(&project["id"])), path_of(&first)]
    {
        alice.delete(&path).await.expect(204);
    }
    let trash = alice.reads_all("/v1/trash?limit=1").await;
    let deleted: Vec<_> = trash.iter().map(|item| item["id"].clone()).collect();
    assert_eq!(json!(deleted), json!([first["id"], project["id"], second["id"]]), "{trash:?}");
}

async fn a_zone_has_one_spelling_wherever_it_is_written(app: &App) {
    let alice = app.user("alice").await;
    for (written, kept) in [
        ("europe/berlin", "Europe/Berlin"),
        ("AMERICA/PORT-AU-PRINCE", "America/Port-au-Prince"),
        ("zulu", "UTC"),
        // A name as good as that of its target.
        ("asia/calcutta", "Asia/Calcutta"),
    ] {
        let me = alice.patch("/v1/me", &json!({ "time_zone": written })).await.expect(200);
        assert_eq!(me["time_zone"], kept);
        let due = json!({ "datetime": "2026-09-01T09:00:00", "time_zone": written });
        let task = alice.creates_task(json!({ "title": "a", "due": due })).await;
        let other = alice.creates("b").await;
        let patched = alice.patch(&path_of(&other), &json!({ "due": due })).await.expect(200);
        assert_eq!([&task["due"]["time_zone"], &patched["due"]["time_zone"]], [kept, kept]);
    }
    for (path, body) in [
        ("/v1/me", json!({ "time_zone": "Mars/Olympus" })),
        (
            path_of(&alice.creates("c").await).as_str(),
            json!({ "due": { "datetime": "2026-09-01T09:00:00", "time_zone": "Mars/Olympus" } }),
        ),
    ] {
        let problem = alice.patch(path, &body).await.expect(422);
        assert_eq!(problem["errors"][0]["code"], "TIME_ZONE", "{problem}");
    }
}

async fn an_open_subtask_opens_what_it_stands_under_whichever_way_it_came_there(app: &App) {
    let alice = app.user("alice").await;
    let (other, deleted) = (alice.creates("moved").await, alice.creates("restored").await);
    for way in ["created", "moved", "restored"] {
        let above = alice.creates("above").await;
        let under = json!({ "title": way, "parent_id": above["id"] });
        if way == "restored" {
            let into = json!({ "parent_id": above["id"] });
            alice.post(&format!("{}/move", path_of(&deleted)), &into).await.expect(200);
            alice.delete(&path_of(&deleted)).await.expect(204);
        }
        alice.does(&format!("{}/complete", path_of(&above))).await.expect(200);
        match way {
            "created" => _ = alice.creates_task(under).await,
            "moved" => {
                let into = json!({ "parent_id": above["id"] });
                alice.post(&format!("{}/move", path_of(&other)), &into).await.expect(200);
            }
            _ => {
                let path = format!("/v1/trash/{}/restore", text(&deleted["id"]));
                alice.does(&path).await.expect(200);
            }
        }
        assert_eq!(alice.reads(&path_of(&above)).await["status"], "needs_action", "{way}");
    }
}

async fn a_patch_of_the_status_and_the_act_come_to_the_same(app: &App) {
    let alice = app.user("alice").await;
    let mut ends = vec![];
    for by_act in [true, false] {
        let top = alice.creates("top").await;
        let below = json!({ "title": "below", "parent_id": top["id"] });
        let below = alice.creates_task(below).await;
        let path = path_of(&top);
        let done: Value = if by_act {
            alice.does(&format!("{path}/complete")).await.expect(200)
        } else {
            alice.patch(&path, &json!({ "status": "completed" })).await.expect(200)
        };
        assert!(done["completed_at"].is_string(), "{done}");
        let below = alice.reads(&path_of(&below)).await;
        ends.push((done["status"].clone(), done["version"].clone(), below["status"].clone()));
    }
    assert_eq!(ends[0], ends[1]);
    assert_eq!(ends[0].2, "completed");
}

async fn an_account_that_is_patched_with_what_it_is_stays_at_its_version(app: &App) {
    let alice = app.user("alice").await;
    let me = alice.reads("/v1/me").await;
    let same = json!({ "name": me["name"] });
    assert_eq!(alice.patch("/v1/me", &same).await.expect(200)["version"], me["version"]);
    let other = alice.patch("/v1/me", &json!({ "name": "somebody" })).await.expect(200);
    assert_eq!(other["version"].as_i64(), me["version"].as_i64().map(|version| version + 1));
}

async fn tasks_stay_in_the_order_that_many_moves_gave_them_and_their_ranks_stay_short(app: &App) {
    let alice = app.user("alice").await;
    let mut expected = vec![];
    for number in 0..8 {
        expected.push(alice.creates(&format!("task {number}")).await);
    }
    let list = format!("/v1/tasks?order_by=rank&project_id={}", text(&expected[0]["project_id"]));
    let mut random = Random::new(7);
    for number in 0..160 {
        // Every other move goes to one place: where ranks are only ever halved they grow by a bit each time.
        let from = if number % 2 == 0 { expected.len() - 1 } else { random.below(expected.len()) };
        let moved = expected.remove(from);
        let to = if number % 2 == 0 { 1 } else { random.below(expected.len() + 1) };
        let place = match expected.get(to) {
            Some(next) => json!({ "before": next["id"] }),
            None => json!({ "after": expected[to - 1]["id"] }),
        };
        let moved = alice.post(&format!("{}/move", path_of(&moved)), &place).await.expect(200);
        assert!(text(&moved["rank"]).len() <= 64, "after {number} moves: {moved}");
        expected.insert(to, moved);
        if number % 20 == 19 {
            assert_eq!(alice.reads_all(&list).await, expected, "after {number} moves");
        }
    }
}
