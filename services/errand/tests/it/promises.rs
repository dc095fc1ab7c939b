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
    a_patch_of_the_status_and_the_act_come_to_the_same,
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
