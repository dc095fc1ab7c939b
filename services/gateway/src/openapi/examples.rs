//! Bodies to try the API with. Each is accepted as it is, which one put together from the fields' own examples need not be: a
//! task is due on a day or at a time, and ids are someone's.
use serde_json::{Value, json};

/// The body that an operation is shown with, where its fields' examples do not make one.
pub(super) fn body(operation_id: &str) -> Option<Value> {
    Some(match operation_id {
        "register" => json!({
            "email": "ada@example.org", "password": "correct horse battery staple", "name": "Ada", "time_zone": "Europe/Berlin",
        }),
        "update_account" => json!({"name": "Ada", "time_zone": "Europe/Berlin"}),
        "change_password" => json!({
            "current_password": "correct horse battery staple", "new_password": "another horse, another staple",
        }),
        "create_project" => json!({"name": "Garden"}),
        "create_task" => json!({
            "title": "Buy milk", "description": "Two bottles, *not* skimmed", "priority": "medium",
            "due": {"datetime": "2026-09-01T09:00:00", "time_zone": "Europe/Berlin"}, "labels": ["errands"],
        }),
        "update_task" => {
            json!({"title": "Buy oat milk", "priority": "high", "due": {"date": "2026-09-01"}})
        }
        // To the end of where it is.
        "move_task" => {
            json!({"parent_id": null, "project_id": null, "before": null, "after": null})
        }
        _ => return None,
    })
}
