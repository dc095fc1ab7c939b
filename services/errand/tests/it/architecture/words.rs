//! The chassis knows no word of the product.
use std::collections::BTreeMap;

use super::{
    CHASSIS, sources_of,
    tokens::{self, Token},
};

/// Words of the product that the chassis must not know.
const PRODUCT: [&str; 7] = ["task", "tasks", "project", "projects", "inbox", "email", "password"];

/// What the runtime calls its own tasks, and pinning its projections: words, and what stands behind them.
const OF_THE_RUNTIME: [&[&str]; 10] = [
    &["task", "::"],
    &["task", "}"],
    &["TaskTracker"],
    &["task_local"],
    &["num_alive_tasks"],
    &["RUNTIME_TASKS"],
    &["TASKS"],
    &["pin_project"],
    &["pin_project_lite"],
    &["project", "("],
];

/// `TaskPatch` and `task_patch` both say `task` and `patch`.
fn parts(identifier: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut before_is_lower = false;
    for c in identifier.chars() {
        if c == '_' || (c.is_uppercase() && before_is_lower) {
            parts.push(String::new());
        }
        before_is_lower = c.is_lowercase();
        if c != '_' {
            parts.last_mut().expect("one at least").extend(c.to_lowercase());
        }
    }
    parts
}

/// Whether what begins with the first of these words is the runtime's.
fn of_the_runtime(tokens: &[Token<'_>]) -> bool {
    let begins = |with: &&&[&str]| with.iter().eq(tokens.iter().take(with.len()).map(|t| &t.text));
    OF_THE_RUNTIME.iter().any(|with| begins(&with))
}

#[test]
fn the_chassis_knows_no_word_of_the_product() {
    let mut found = BTreeMap::new();
    for name in CHASSIS {
        for (path, text) in sources_of(name) {
            let tokens = tokens::read(&text);
            for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.is_word()) {
                let product = parts(token.text).iter().any(|p| PRODUCT.contains(&p.as_str()));
                if product && !of_the_runtime(&tokens[at..]) {
                    found
                        .insert(format!("{name}/src/{path}:{}", token.line), token.text.to_owned());
                }
            }
        }
    }
    assert!(found.is_empty(), "the chassis names what only services know: {found:#?}");
}
