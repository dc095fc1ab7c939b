use super::*;
use crate::tasks::row::tests::example;

const FIRST: Timestamp = Timestamp::from_seconds(1);
const SECOND: Timestamp = Timestamp::from_seconds(2);
const ACT: CompletionId = CompletionId(uuid::Uuid::from_u128(1));
const OTHER_ACT: CompletionId = CompletionId(uuid::Uuid::from_u128(2));

#[test]
fn what_is_not_written_stays() {
    let before = example();
    let mut after = before.clone();
    after.write(TaskFields::default());
    assert_eq!(after, before);
    after.write(TaskFields { priority: Some(Priority::High), ..TaskFields::default() });
    assert_eq!(after, Task { priority: Priority::High, ..before });
}

#[test]
fn completing_again_keeps_the_first_time() {
    let mut task = example();
    task.become_status(Status::Completed, FIRST, ACT);
    task.become_status(Status::Completed, SECOND, OTHER_ACT);
    assert_eq!((task.completed_at, task.completion_id), (Some(FIRST), Some(ACT)));
    task.become_status(Status::InProcess, SECOND, OTHER_ACT);
    assert_eq!(
        (task.completed_at, task.completion_id, task.status),
        (None, None, Status::InProcess)
    );
}

#[test]
fn a_task_that_is_cancelled_after_all_stays_part_of_the_act_that_closed_it() {
    let mut task = example();
    task.become_status(Status::Completed, FIRST, ACT);
    task.become_status(Status::Cancelled, SECOND, OTHER_ACT);
    assert_eq!((task.completed_at, task.completion_id), (None, Some(ACT)));
}

#[test]
fn a_subtree_is_as_high_as_its_longest_branch() {
    let id = |number| TaskId(uuid::Uuid::from_u128(number));
    let (status, completion_id) = (Status::NeedsAction, None);
    let node = |(own, parent)| {
        let (id, parent_id, rank) = (id(own), Some(id(parent)), String::new());
        Node { id, parent_id, rank, status, completion_id }
    };
    let below = [(2, 1), (3, 1), (4, 3), (5, 4), (9, 8)].map(node);
    assert_eq!([1, 2, 3, 4, 7].map(|root| Node::height(id(root), &below)), [4, 1, 3, 2, 1]);
}

#[test]
fn a_change_of_status_has_a_name() {
    use Status::{Cancelled, Completed, InProcess, NeedsAction};
    for (before, after, operation) in [
        (NeedsAction, NeedsAction, Operation::Update),
        (Completed, Completed, Operation::Update),
        (NeedsAction, InProcess, Operation::Update),
        (NeedsAction, Completed, Operation::Complete),
        (Cancelled, Completed, Operation::Complete),
        (InProcess, Cancelled, Operation::Update),
        (Completed, Cancelled, Operation::Update),
        (Completed, NeedsAction, Operation::Reopen),
        (Cancelled, InProcess, Operation::Reopen),
    ] {
        assert_eq!(Task::operation(before, after), operation, "{before:?} to {after:?}");
    }
}

#[test]
fn an_estimate_is_a_minute_at_least_and_bounded() {
    for (minutes, accepted) in
        [(i32::MIN, false), (-1, false), (0, false), (1, true), (525_600, true), (525_601, false)]
    {
        let mut faults = vec![];
        assert_eq!(estimate(minutes, &mut faults), minutes);
        assert_eq!(faults.is_empty(), accepted, "{minutes}: {faults:?}");
    }
}

#[test]
fn an_estimate_stays_until_it_is_written_or_cleared() {
    let mut task = example();
    for (written, expected) in
        [(Some(Some(90)), Some(90)), (None, Some(90)), (Some(None), None), (None, None)]
    {
        task.write(TaskFields { estimate_minutes: written, ..TaskFields::default() });
        assert_eq!(task.estimate_minutes, expected, "{written:?}");
    }
}

#[test]
fn a_title_is_trimmed_and_bounded() {
    let mut faults = vec![];
    assert_eq!(title("  Ship it ", &mut faults), "Ship it");
    assert_eq!(faults, []);
    for (raw, reason) in [
        ("", "REQUIRED"),
        (" \t", "REQUIRED"),
        ("a\0b", "INVALID_CHARACTER"),
        (&"é".repeat(501), "TOO_LONG"),
        (&format!("{} ", "é".repeat(500)), "TOO_LONG"),
    ] {
        let mut faults = vec![];
        title(raw, &mut faults);
        assert_eq!(faults[0].reason, reason, "{raw:?}");
    }
    title(&"é".repeat(500), &mut faults);
    assert_eq!(faults, []);
}

#[test]
fn a_description_is_kept_as_it_is_and_bounded_in_characters() {
    for (raw, reason) in [
        (String::new(), None),
        (" *kept*\n ".to_owned(), None),
        ("x".repeat(DESCRIPTION), None),
        ("é".repeat(DESCRIPTION), None),
        ("x".repeat(DESCRIPTION + 1), Some("TOO_LONG")),
        ("é".repeat(DESCRIPTION + 1), Some("TOO_LONG")),
        ("a\0b".to_owned(), Some("INVALID_CHARACTER")),
    ] {
        let mut faults = vec![];
        assert_eq!(description(raw.clone(), &mut faults), raw);
        let told: Vec<_> = faults.iter().map(|fault| fault.reason.as_str()).collect();
        assert_eq!(told, Vec::from_iter(reason), "{} bytes", raw.len());
    }
}

#[test]
fn a_task_comes_out_of_the_trash_as_it_went_in() {
    let mut task = Task { completed_at: Some(FIRST), ..example() };
    let before = task.clone();
    task.trash(SECOND, ObjectId(uuid::Uuid::from_u128(9)));
    assert_eq!(task.trashed_at, Some(SECOND));
    assert_eq!(task.trash_id, Some(ObjectId(uuid::Uuid::from_u128(9))));
    task.restore();
    assert_eq!(task, before);
}
