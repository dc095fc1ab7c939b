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
        assert_eq!(statuses(&[number], &mut faults), []);
        assert_eq!(priorities(&[number], &mut faults), []);
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
fn what_is_no_id_is_named_beside_what_is_one_too_many() {
    let wrong = told(relocate(v1::MoveTaskRequest {
        id: ID.to_owned(),
        parent_id: own("x"),
        project_id: own(ID),
        before: own(ID),
        after: own("x"),
        if_version: None,
    }));
    let wrong: Vec<_> =
        wrong.iter().map(|(field, reason)| (field.as_str(), reason.as_str())).collect();
    let expected =
        [("parent_id", "ID"), ("project_id", "CONFLICT"), ("after", "ID"), ("after", "CONFLICT")];
    assert_eq!(wrong, expected);
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
    assert_eq!((message.status(), message.priority()), (v1::Status::Cancelled, v1::Priority::Low));
    assert_eq!(message.parent_id, Some(uuid::Uuid::from_u128(8).to_string()));
    assert_eq!(message.completed_at, Some(prost_types::Timestamp { seconds: 2, nanos: 0 }));
    assert_eq!(
        (message.rank.as_str(), message.version, message.title.as_str()),
        ("V", 1, "Ship it")
    );
}
