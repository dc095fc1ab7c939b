//! What the document allows a due to be, and what the server takes, are the same.
use fancy_regex::Regex;
use kit_base::testing::Random;
use serde_json::{Value, json};

use crate::{
    app::{App, everywhere},
    user::User,
};

everywhere!(a_due_is_taken_just_where_the_document_allows_it);

/// From which all others are made, by a few changes each.
const SEEDS: [&str; 34] = [
    "2026-09-01",
    "2024-02-29",
    "2026-02-29",
    "1900-02-29",
    "0001-01-01",
    "0001-01-02",
    "9999-12-29",
    "9999-12-30",
    "2026-W36-2",
    "20260901",
    "2026-09-01T09:00:00",
    "2026-09-01T09:00:00Z",
    "2026-09-01T09:00:00+02:00",
    "2026-09-01T09:00:00-23:59",
    "2026-09-01T09:00:00-00:00",
    "2026-09-01T09:00:00+24:00",
    "2026-09-01T09:00:00+25:00",
    "2026-09-01T09:00:00+02:00:30",
    "2026-09-01T09:00:00+0200",
    "2026-09-01T23:59:60Z",
    "2026-09-01T24:00:00",
    "2026-09-01T09:00",
    "20260901T090000",
    "+002026-09-01T09:00:00",
    "2026-09-01t09:00:00z",
    "2026-09-01T09:00:00.5",
    "2026-09-01T09:00:00.123456Z",
    "2026-09-01T09:00:00.1234567+02:00",
    "2026-09-01T09:00:00,5Z",
    "2026-09-01T09:00:00Z[UTC]",
    "0001-01-02T00:00:00Z",
    "0001-01-02T00:00:00+01:00",
    "9999-12-29T23:59:59Z",
    "9999-12-29T23:59:59-01:00",
];

const LETTERS: [&str; 20] = [
    "0", "1", "2", "3", "4", "5", "6", "9", "-", "+", ":", "T", "Z", "t", "z", " ", ".", "W", "[",
    "\u{661}",
];

/// The text with a letter more, less, or another one.
fn changed(text: &str, random: &mut Random) -> String {
    let mut letters: Vec<String> = text.chars().map(String::from).collect();
    let (at, letter) = (random.below(letters.len()), (*random.one_of(&LETTERS)).to_owned());
    match random.below(4) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letter),
        _ => letters[at] = letter,
    }
    letters.concat()
}

fn texts(random: &mut Random) -> Vec<String> {
    let seeds = SEEDS.map(str::to_owned);
    let others: Vec<_> = (0..150)
        .map(|_| {
            let mut text = (*random.one_of(&SEEDS)).to_owned();
            for _ in 0..=random.below(2) {
                text = changed(&text, random);
            }
            text
        })
        .collect();
    seeds.into_iter().chain(others).collect()
}

/// Whether the server takes a moment that others are before.
async fn takes_moment(user: &User, text: &str) -> bool {
    let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
    match user.get(&format!("/v1/tasks?due_before={encoded}")).await.status.as_u16() {
        200 => true,
        400 => false,
        other => panic!("{text}: {other}"),
    }
}

/// Whether the server has nothing against a due; a title that shows nothing sees to it that no task is made.
async fn takes(user: &User, due: &Value) -> bool {
    let problem = user.post("/v1/tasks", &json!({ "title": "", "due": due })).await.expect(422);
    let faults = problem["errors"].as_array().expect("errors");
    !faults.iter().any(|fault| fault["pointer"].as_str().is_some_and(|at| at.starts_with("/due")))
}

async fn a_due_is_taken_just_where_the_document_allows_it(app: &App) {
    let alice = app.user("alice").await;
    let document = alice.reads("/openapi.json").await;
    let pattern = |kind: usize, field: &str| {
        let due = &document["components"]["schemas"]["Due"]["oneOf"][kind];
        let pattern = &due["properties"][field]["pattern"];
        Regex::new(pattern.as_str().expect("a pattern")).expect("a regular expression")
    };
    let (day, wall, time) = (pattern(0, "date"), pattern(1, "datetime"), pattern(2, "datetime"));
    let parameters = document["paths"]["/v1/tasks"]["get"]["parameters"].as_array().expect("some");
    let before = parameters.iter().find(|parameter| parameter["name"] == "due_before");
    let moment = before.and_then(|before| before["schema"]["pattern"].as_str());
    let moment = Regex::new(moment.expect("a pattern")).expect("a regular expression");
    let allows = |pattern: &Regex, text: &str| pattern.is_match(text).expect("an answer");
    let seed = uuid::Uuid::now_v7().as_u64_pair().1;
    let (mut taken, mut refused) = (0, 0);
    for text in texts(&mut Random::new(seed)) {
        // The format of a date says which days there are; the pattern of a time says it by itself.
        let is_day = allows(&day, &text) && allows(&wall, &format!("{text}T00:00:00"));
        for (due, allowed) in [
            (json!({ "date": text }), is_day),
            (json!({ "datetime": text, "time_zone": "Europe/Berlin" }), allows(&wall, &text)),
            (json!({ "datetime": text }), allows(&time, &text)),
        ] {
            assert_eq!(takes(&alice, &due).await, allowed, "{due}, seed {seed}");
            if allowed { taken += 1 } else { refused += 1 }
        }
        // The format says which days there are.
        let allowed = allows(&moment, &text) && allows(&wall, &format!("{text:.10}T00:00:00"));
        assert_eq!(takes_moment(&alice, &text).await, allowed, "{text}, seed {seed}");
    }
    assert!(taken > 10 && refused > 100, "{taken} taken and {refused} refused");
    for id in ["{01a22219-328d-797c-a299-3514c8f144d2}", "01a22219328d797ca2993514c8f144d2"] {
        let task = json!({ "title": "x", "id": id, "parent_id": id, "project_id": id });
        let problem = alice.post("/v1/tasks", &task).await.expect(422);
        assert_eq!(problem["errors"].as_array().map(Vec::len), Some(3), "{problem}");
    }
}
