use std::time::Duration;

use kit_db::testing::Backend;
use proto::tasks::v1::{ListTasksRequest, TaskFields, UpdateTaskRequest};

use crate::app::{App, User, faults, fields};

kit_db::on_each_backend!(
    words_are_found_whatever_their_case_and_composition,
    every_character_can_be_asked_for,
    a_word_that_almost_stands_there_everywhere_is_looked_for_and_not_for_ever,
    labels_are_the_same_whatever_their_case_and_composition,
    what_was_changed_is_found_by_its_new_words_alone,
    a_title_that_shows_nothing_is_refused,
);

async fn finds(user: &User, query: &str) -> Vec<String> {
    let request = ListTasksRequest {
        query: Some(query.to_owned()),
        order_by: "created_at".to_owned(),
        ..ListTasksRequest::default()
    };
    let page = user.tasks().list_tasks(user.asks(request)).await.unwrap().into_inner();
    page.tasks.into_iter().map(|task| task.title).collect()
}

async fn words_are_found_whatever_their_case_and_composition(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    for title in ["Ärger machen", "Звонок другу", "Straße kehren", "Café", "Cafe\u{301} II"]
    {
        alice.creates(title).await;
    }
    let description = Some("Ὀδυσσεύς".to_owned());
    alice.creates_with(TaskFields { description, ..fields("Read") }, None).await;
    for (query, expected) in [
        ("ÄRGER", vec!["Ärger machen"]),
        ("a\u{308}rger", vec!["Ärger machen"]),
        ("ЗВОНОК", vec!["Звонок другу"]),
        ("strasse KEHREN", vec!["Straße kehren"]),
        ("CAFÉ", vec!["Café", "Cafe\u{301} II"]),
        ("cafe\u{301}", vec!["Café", "Cafe\u{301} II"]),
        ("ὈΔΥΣΣΕΎΣ", vec!["Read"]),
        ("arger", vec![]),
        ("kehren strasse kehren", vec!["Straße kehren"]),
        ("kehren nowhere", vec![]),
        ("nowhere kehren", vec![]),
    ] {
        assert_eq!(finds(&alice, query).await, expected, "{query}");
    }
}

async fn every_character_can_be_asked_for(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let titles = ["100%", "a_b", r"c\d", "e,f", "g'h", "i\"j", "[k]", "{l}", "m\u{1}n", "$1?"];
    for title in titles.into_iter().chain(["aXb"]) {
        alice.creates(title).await;
    }
    for query in titles {
        assert_eq!(finds(&alice, query).await, [query]);
    }
    assert_eq!(finds(&alice, "%").await, ["100%"]);
    assert_eq!(finds(&alice, r"\").await, [r"c\d"]);
}

/// With `LIKE` on SQLite it took half a minute.
async fn a_word_that_almost_stands_there_everywhere_is_looked_for_and_not_for_ever(
    backend: Backend,
) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    for title in ["1", "2", "3", "4", "5"] {
        let description = Some("a".repeat(16_384));
        alice.creates_with(TaskFields { description, ..fields(title) }, None).await;
    }
    let query = format!("{}b", "a".repeat(299));
    let found = tokio::time::timeout(Duration::from_secs(20), finds(&alice, &query)).await;
    assert_eq!(found.expect("an answer"), [""; 0]);
}

async fn labels_are_the_same_whatever_their_case_and_composition(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let labels = ["Büro", "BÜRO", "Bu\u{308}ro", "Straße", "STRASSE"].map(str::to_owned).into();
    let task = alice.creates_with(TaskFields { labels, ..fields("Ship it") }, None).await;
    assert_eq!(task.labels, ["Büro", "Straße"]);
    for label in ["büro", "BU\u{308}RO", " Büro ", "strasse"] {
        let label = vec![label.to_owned()];
        let request = ListTasksRequest { label, ..ListTasksRequest::default() };
        let page = alice.tasks().list_tasks(alice.asks(request)).await.unwrap().into_inner();
        assert_eq!(page.tasks.len(), 1);
    }
}

async fn what_was_changed_is_found_by_its_new_words_alone(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let task = alice.creates("Äpfel").await;
    let update = |title: &str| UpdateTaskRequest {
        id: task.id.clone(),
        fields: Some(fields(title)),
        update_mask: Some(prost_types::FieldMask { paths: vec!["title".to_owned()] }),
        if_version: None,
    };
    alice.tasks().update_task(alice.asks(update("Öl"))).await.unwrap();
    assert_eq!(finds(&alice, "äpfel").await, [""; 0]);
    assert_eq!(finds(&alice, "öl").await, ["Öl"]);
}

async fn a_title_that_shows_nothing_is_refused(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    for title in ["\u{200b}", "\u{2060}\u{feff}", "\u{3164}", "\u{ad}"] {
        let message = proto::tasks::v1::CreateTaskRequest {
            fields: Some(fields(title)),
            ..Default::default()
        };
        let refused = faults(alice.tasks().create_task(alice.asks(message)).await);
        assert_eq!(refused, [("title".to_owned(), "REQUIRED".to_owned())], "{title:?}");
    }
}
