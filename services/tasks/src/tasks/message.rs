//! Tasks as messages say them.
use kit_base::Violation;
use prost_types::FieldMask;
use proto::tasks::v1;

use super::{
    error,
    row::{
        Task,
        labels::Labels,
        names::{Priority, Status},
    },
    rules::{
        self, TaskFields,
        due::{Due, DueFields},
        labels,
    },
    write::{Beside, Place, Target, Write},
};
use crate::{
    Error,
    ids::TaskId,
    message::{chosen_id, field_id, moment, path_id},
};

/// What a new task is to be.
pub(super) fn create(message: v1::CreateTaskRequest) -> Result<Write, Error> {
    let v1::CreateTaskRequest { id, project_id, parent_id, fields } = message;
    let mut faults = vec![];
    let id = chosen_id(id.as_ref(), &mut faults).map(TaskId);
    let project = field_id("project_id", project_id.as_ref(), &mut faults);
    let parent = field_id("parent_id", parent_id.as_ref(), &mut faults);
    let fields = Box::new(written(fields.unwrap_or_default(), |_| true, &mut faults));
    Error::unless_acceptable(faults)?;
    Ok(Write::Create { id, project, parent, fields })
}

/// What is to change about a task.
pub(super) fn update(message: v1::UpdateTaskRequest) -> Result<Write, Error> {
    let v1::UpdateTaskRequest { id, fields, update_mask, if_version } = message;
    let fields = patch(fields.unwrap_or_default(), update_mask.unwrap_or_default())?;
    Ok(Write::Update {
        id: path_id(&id, error::Error::NotFound)?,
        fields: Box::new(fields),
        if_version,
    })
}

/// Where a task is to go.
pub(super) fn relocate(message: v1::MoveTaskRequest) -> Result<Write, Error> {
    let v1::MoveTaskRequest { id: task, parent_id, project_id, before, after, if_version } =
        message;
    let mut faults = vec![];
    let parent = field_id("parent_id", parent_id.as_ref(), &mut faults);
    let project = field_id("project_id", project_id.as_ref(), &mut faults);
    let next = field_id("before", before.as_ref(), &mut faults);
    let previous = field_id("after", after.as_ref(), &mut faults);
    let place = match (parent, project) {
        (Some(_), Some(_)) => {
            faults.push(Violation::new(
                "project_id",
                "CONFLICT",
                "either `parent_id` or `project_id`",
            ));
            Place::Stay
        }
        (Some(parent), None) => Place::Under(parent),
        (None, Some(project)) => Place::TopOf(project),
        (None, None) => Place::Stay,
    };
    let beside = match (next, previous) {
        (Some(_), Some(_)) => {
            faults.push(Violation::new("after", "CONFLICT", "either `before` or `after`"));
            Beside::AtEnd
        }
        (Some(next), None) => Beside::Before(next),
        (None, Some(previous)) => Beside::After(previous),
        (None, None) => Beside::AtEnd,
    };
    Error::unless_acceptable(faults)?;
    Ok(Write::Move {
        id: path_id(&task, error::Error::NotFound)?,
        to: Target { place, beside },
        if_version,
    })
}

/// The names of the fields, as a mask has them.
const FIELDS: [&str; 7] =
    ["title", "description", "status", "priority", "due", "labels", "estimate_minutes"];

/// The fields that are named, all of them for a new task. What is absent is as a new task has it, except for the title.
fn written(
    fields: v1::TaskFields,
    is_named: impl Fn(&str) -> bool,
    faults: &mut Vec<Violation>,
) -> TaskFields {
    let v1::TaskFields {
        title,
        description,
        status,
        priority,
        due,
        labels: labels_given,
        estimate_minutes,
    } = fields;
    TaskFields {
        title: is_named("title").then(|| rules::title(title.as_deref().unwrap_or(""), faults)),
        description: is_named("description")
            .then(|| rules::description(description.unwrap_or_default(), faults)),
        status: is_named("status")
            .then(|| status.map_or(Some(Status::NeedsAction), |it| known_status(it, faults)))
            .flatten(),
        priority: is_named("priority")
            .then(|| priority.map_or(Some(Priority::None), |it| known_priority(it, faults)))
            .flatten(),
        due: is_named("due").then(|| due.and_then(|due| parse_due(due, faults))),
        labels: is_named("labels").then(|| labels::parse(&labels_given, faults)),
        estimate_minutes: is_named("estimate_minutes")
            .then(|| estimate_minutes.map(|minutes| rules::estimate(minutes, faults))),
    }
}

fn patch(fields: v1::TaskFields, FieldMask { paths }: FieldMask) -> Result<TaskFields, Error> {
    let mut faults = vec![];
    let fields = written(fields, |name| paths.iter().any(|path| path == name), &mut faults);
    let unknown = paths.iter().filter(|path| !FIELDS.contains(&path.as_str()));
    let fault = |path: &String| Violation::new(path, "UNKNOWN_FIELD", FIELDS.join(", "));
    faults.extend(unknown.map(fault));
    Error::unless_acceptable(faults)?;
    Ok(fields)
}

fn parse_due(due: v1::Due, faults: &mut Vec<Violation>) -> Option<Due> {
    let v1::Due { date, datetime, time_zone } = due;
    Due::parse(DueFields { date, datetime, time_zone }, faults)
}

fn known_status(status: i32, faults: &mut Vec<Violation>) -> Option<Status> {
    let known = v1::Status::try_from(status).ok().and_then(|status| Status::try_from(status).ok());
    if known.is_none() {
        faults.push(Violation::new(
            "status",
            "UNKNOWN_VALUE",
            "needs_action, in_process, completed or cancelled",
        ));
    }
    known
}

fn known_priority(priority: i32, faults: &mut Vec<Violation>) -> Option<Priority> {
    let known = v1::Priority::try_from(priority)
        .ok()
        .and_then(|priority| Priority::try_from(priority).ok());
    if known.is_none() {
        faults.push(Violation::new(
            "priority",
            "UNKNOWN_VALUE",
            "none, low, medium, high or urgent",
        ));
    }
    known
}

impl TryFrom<v1::Status> for Status {
    type Error = ();

    fn try_from(status: v1::Status) -> Result<Self, ()> {
        match status {
            v1::Status::Unspecified => Err(()),
            v1::Status::NeedsAction => Ok(Self::NeedsAction),
            v1::Status::InProcess => Ok(Self::InProcess),
            v1::Status::Completed => Ok(Self::Completed),
            v1::Status::Cancelled => Ok(Self::Cancelled),
        }
    }
}

impl From<Status> for v1::Status {
    fn from(status: Status) -> Self {
        match status {
            Status::NeedsAction => Self::NeedsAction,
            Status::InProcess => Self::InProcess,
            Status::Completed => Self::Completed,
            Status::Cancelled => Self::Cancelled,
        }
    }
}

impl TryFrom<v1::Priority> for Priority {
    type Error = ();

    fn try_from(priority: v1::Priority) -> Result<Self, ()> {
        match priority {
            v1::Priority::Unspecified => Err(()),
            v1::Priority::None => Ok(Self::None),
            v1::Priority::Low => Ok(Self::Low),
            v1::Priority::Medium => Ok(Self::Medium),
            v1::Priority::High => Ok(Self::High),
            v1::Priority::Urgent => Ok(Self::Urgent),
        }
    }
}

impl From<Priority> for v1::Priority {
    fn from(priority: Priority) -> Self {
        match priority {
            Priority::None => Self::None,
            Priority::Low => Self::Low,
            Priority::Medium => Self::Medium,
            Priority::High => Self::High,
            Priority::Urgent => Self::Urgent,
        }
    }
}

impl From<Due> for v1::Due {
    fn from(due: Due) -> Self {
        let DueFields { date, datetime, time_zone } = due.into_fields();
        Self { date, datetime, time_zone }
    }
}

impl From<Task> for v1::Task {
    fn from(task: Task) -> Self {
        let due = task.due();
        let Task {
            scope_id: _,
            id,
            project_id,
            parent_id,
            title,
            description,
            status,
            priority,
            due_local: _,
            due_zone: _,
            due_at: _,
            labels: Labels(labels),
            rank,
            version,
            created_at,
            created_by: _,
            updated_at,
            completed_at,
            completion_id: _,
            trashed_at: _,
            trash_id: _,
            estimate_minutes,
        } = task;
        Self {
            id: id.to_string(),
            project_id: project_id.to_string(),
            parent_id: parent_id.map(|id| id.to_string()),
            title,
            description,
            status: v1::Status::from(status).into(),
            priority: v1::Priority::from(priority).into(),
            due: due.map(Into::into),
            labels,
            rank,
            version,
            created_at: Some(moment(created_at)),
            updated_at: Some(moment(updated_at)),
            completed_at: completed_at.map(moment),
            estimate_minutes,
        }
    }
}

#[cfg(test)]
mod tests {
    use kit_base::Fault as _;

    use super::*;
    use crate::tasks::row::tests::example;

    const ID: &str = "01a22219-328d-797c-a299-3514c8f144d2";

    fn told<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Vec<(String, String)> {
        let faults = outcome.unwrap_err().violations().to_vec();
        faults.into_iter().map(|fault| (fault.field, fault.reason)).collect()
    }

    fn own(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn patched(fields: v1::TaskFields, paths: &[&str]) -> Result<TaskFields, Error> {
        let paths = paths.iter().map(|&path| path.to_owned()).collect();
        patch(fields, FieldMask { paths })
    }

    #[test]
    fn every_name_of_a_closed_set_goes_there_and_back() {
        for number in 1..=4 {
            let contract = v1::Status::try_from(number).unwrap();
            let status = Status::try_from(contract).unwrap();
            assert_eq!(v1::Status::from(status), contract);
            let name = contract.as_str_name().trim_start_matches("STATUS_").to_ascii_lowercase();
            assert_eq!(status.name(), name);
        }
        for number in 1..=5 {
            let contract = v1::Priority::try_from(number).unwrap();
            let priority = Priority::try_from(contract).unwrap();
            assert_eq!(v1::Priority::from(priority), contract);
            let name = contract.as_str_name().trim_start_matches("PRIORITY_").to_ascii_lowercase();
            assert_eq!(priority.name(), name);
        }
        for number in [i32::MIN, -1, 0, 6, i32::MAX] {
            let mut faults = vec![];
            assert_eq!(known_status(number, &mut faults), None);
            assert_eq!(known_priority(number, &mut faults), None);
            let fields: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
            assert_eq!(fields, ["status", "priority"], "{number}");
        }
    }

    #[test]
    fn a_patch_writes_what_the_mask_names_and_nothing_else() {
        let full = v1::TaskFields {
            title: own("a"),
            description: own("b"),
            status: Some(v1::Status::Completed.into()),
            priority: Some(v1::Priority::High.into()),
            due: Some(v1::Due { date: own("2026-09-01"), ..Default::default() }),
            labels: vec!["l".to_owned()],
            estimate_minutes: Some(90),
        };
        let none = patched(full.clone(), &[]).unwrap();
        assert_eq!(format!("{none:?}"), format!("{:?}", TaskFields::default()));
        for (path, is_written) in [
            ("title", (|fields: &TaskFields| fields.title.is_some()) as fn(&TaskFields) -> bool),
            ("description", |fields| fields.description.is_some()),
            ("status", |fields| fields.status == Some(Status::Completed)),
            ("priority", |fields| fields.priority == Some(Priority::High)),
            ("due", |fields| fields.due.as_ref().is_some_and(Option::is_some)),
            ("labels", |fields| fields.labels == Some(Labels(vec!["l".to_owned()]))),
            ("estimate_minutes", |fields| fields.estimate_minutes == Some(Some(90))),
        ] {
            assert!(is_written(&patched(full.clone(), &[path]).unwrap()), "{path}");
            assert!(!is_written(&none), "{path}");
        }
    }

    #[test]
    fn what_the_mask_names_and_is_absent_goes_back_to_what_a_new_task_has() {
        let absent = v1::TaskFields::default;
        let paths = ["description", "status", "priority", "due", "labels", "estimate_minutes"];
        let mut task = Task {
            description: "x".to_owned(),
            priority: Priority::High,
            due_local: own("2026-09-01"),
            due_zone: own("UTC"),
            due_at: Some(kit_base::Timestamp::from_seconds(1)),
            labels: Labels(vec!["l".to_owned()]),
            estimate_minutes: Some(90),
            ..example()
        };
        let cleared = patched(absent(), &paths).unwrap();
        assert_eq!(cleared.status, Some(Status::NeedsAction));
        task.write(cleared);
        assert_eq!(task, example());
        assert_eq!(told(patched(absent(), &["title"])), [("title".into(), "REQUIRED".into())]);
        assert_eq!(told(patched(absent(), &["rank"])), [("rank".into(), "UNKNOWN_FIELD".into())]);
    }

    #[test]
    fn a_new_task_is_what_was_said_and_every_fault_is_named() {
        let fields = Some(v1::TaskFields { title: own(" a "), ..Default::default() });
        let message =
            v1::CreateTaskRequest { id: own(ID), parent_id: own(ID), project_id: None, fields };
        let Write::Create { id, project, parent, fields } = create(message).unwrap() else {
            panic!("another write")
        };
        assert_eq!((id.map(|id| id.to_string()), project), (own(ID), None));
        assert_eq!((parent, fields.title.clone()), (id, own("a")));
        let mut task = Task { title: String::new(), ..example() };
        task.write(*fields);
        assert_eq!(task, Task { title: own("a").unwrap(), ..example() }, "the rest is as in any");
        let wrong = v1::TaskFields {
            title: None,
            description: Some("\0".to_owned()),
            status: Some(9),
            priority: Some(9),
            due: Some(v1::Due::default()),
            labels: vec![String::new()],
            estimate_minutes: Some(0),
        };
        let wrong = v1::CreateTaskRequest {
            id: own("x"),
            project_id: own("x"),
            parent_id: own("x"),
            fields: Some(wrong),
        };
        let fields: Vec<_> = told(create(wrong)).into_iter().map(|(field, _)| field).collect();
        let of_fields = fields.iter().skip(3).map(|field| field.split(['.', '/']).next().unwrap());
        assert_eq!(fields[..3], ["id", "project_id", "parent_id"]);
        assert_eq!(of_fields.collect::<Vec<_>>(), FIELDS);
    }

    #[test]
    fn a_task_goes_to_one_place_and_next_to_one_sibling() {
        let moved = |parent: bool, project: bool, before: bool, after: bool| {
            let id = |said: bool| said.then(|| ID.to_owned());
            relocate(v1::MoveTaskRequest {
                id: ID.to_owned(),
                parent_id: id(parent),
                project_id: id(project),
                before: id(before),
                after: id(after),
                if_version: Some(3),
            })
        };
        for (parent, project, before, after, expected) in [
            (false, false, false, false, "Stay AtEnd"),
            (true, false, false, false, "Under AtEnd"),
            (false, true, true, false, "TopOf Before"),
            (false, false, false, true, "Stay After"),
        ] {
            let Write::Move { id, to, if_version } = moved(parent, project, before, after).unwrap()
            else {
                panic!("another write")
            };
            let place = match to.place {
                Place::Stay => "Stay",
                Place::Under(parent) => {
                    assert_eq!(parent, id);
                    "Under"
                }
                Place::TopOf(project) => {
                    assert_eq!(project.0, id.0);
                    "TopOf"
                }
            };
            let beside = match to.beside {
                Beside::AtEnd => "AtEnd",
                Beside::Before(sibling) => {
                    assert_eq!(sibling, id);
                    "Before"
                }
                Beside::After(sibling) => {
                    assert_eq!(sibling, id);
                    "After"
                }
            };
            assert_eq!((format!("{place} {beside}").as_str(), if_version), (expected, Some(3)));
        }
        let both = told(moved(true, true, true, true));
        assert_eq!(
            both.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(),
            ["project_id", "after"]
        );
        assert!(both.iter().all(|(_, reason)| reason == "CONFLICT"));
    }

    #[test]
    fn a_row_is_told_as_it_is() {
        let task = Task {
            parent_id: Some(TaskId(uuid::Uuid::from_u128(8))),
            due_local: own("2026-09-01T09:00:00"),
            due_zone: own("Europe/Berlin"),
            due_at: Some(kit_base::Timestamp::from_seconds(1)),
            status: Status::Cancelled,
            priority: Priority::Low,
            completed_at: Some(kit_base::Timestamp::from_seconds(2)),
            ..example()
        };
        let message = v1::Task::from(task);
        let due = message.due.clone().unwrap();
        assert_eq!(
            (due.date, due.datetime, due.time_zone),
            (None, own("2026-09-01T09:00:00"), own("Europe/Berlin"))
        );
        assert_eq!(
            (message.status(), message.priority()),
            (v1::Status::Cancelled, v1::Priority::Low)
        );
        assert_eq!(message.parent_id, Some(uuid::Uuid::from_u128(8).to_string()));
        assert_eq!(message.completed_at, Some(prost_types::Timestamp { seconds: 2, nanos: 0 }));
        assert_eq!(
            (message.rank.as_str(), message.version, message.title.as_str()),
            ("V", 1, "Ship it")
        );
    }
}
