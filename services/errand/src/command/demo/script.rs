//! What the demo's user has to do.

/// The project's name.
pub(super) const PROJECT: &str = "Move to the new flat";

/// A task of the project.
#[derive(Default)]
pub(super) struct Step {
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    pub(super) priority: &'static str,
    pub(super) labels: &'static [&'static str],
    pub(super) due_in_days: Option<u64>,
    /// A time of that day, as `09:00`.
    pub(super) at: Option<&'static str>,
    /// The place in this list of the task that it is part of.
    pub(super) below: Option<usize>,
    pub(super) done: bool,
}

fn step(title: &'static str, labels: &'static [&'static str], due_in_days: u64) -> Step {
    Step { due_in_days: Some(due_in_days), ..some_day(title, labels) }
}

fn some_day(title: &'static str, labels: &'static [&'static str]) -> Step {
    Step { title, labels, priority: "none", ..Step::default() }
}

fn part(below: usize, title: &'static str) -> Step {
    Step { title, priority: "none", below: Some(below), ..Step::default() }
}

/// All of them, each after the one that it is part of.
pub(super) fn steps() -> Vec<Step> {
    vec![
        Step { priority: "urgent", done: true, ..step("Sign the lease", &["paperwork"], 0) },
        Step {
            priority: "high",
            description: "Three months, in writing.",
            done: true,
            ..step("Give notice for the old flat", &["paperwork"], 0)
        },
        Step { priority: "high", ..step("Find movers", &["phone"], 3) },
        Step { done: true, ..part(2, "Ask friends whom they took") },
        part(2, "Compare three offers"),
        part(2, "Book the van for the day"),
        Step { priority: "medium", ..step("Pack", &["home"], 18) },
        part(6, "Buy forty boxes and tape"),
        part(6, "Books and the study"),
        part(6, "Kitchen, but for two plates"),
        part(6, "Winter clothes"),
        Step {
            description: "What nobody has touched for a year goes.",
            ..step("Sort out the cellar", &["home"], 9)
        },
        Step { priority: "medium", ..step("Tell them the new address", &["paperwork"], 14) },
        part(12, "Bank"),
        part(12, "Insurance"),
        part(12, "Employer"),
        part(12, "Doctor"),
        Step {
            priority: "high",
            at: Some("18:30"),
            ..step("Hand over the keys of the old flat", &["home"], 22)
        },
        Step { at: Some("08:00"), ..step("Read the meters: power, gas, water", &["home"], 21) },
        Step { priority: "high", ..step("Order the Internet connection", &["phone", "online"], 5) },
        Step { priority: "low", ..step("Ask the neighbours for a dinner", &["fun"], 28) },
        Step { priority: "low", ..some_day("Paint the door blue", &["fun", "home"]) },
    ]
}
