//! What holds for every write, whichever it is.
use kit_db::testing::Backend;
use prost::Message as _;
use prost_types::method_options::IdempotencyLevel;
use proto::tasks::v1::{ListTasksRequest, Task};
use tonic::Code;

use crate::{
    acts::{Act, How, everything, fresh_id},
    app::{App, User, faults, reason},
};

kit_db::on_each_backend!(
    every_write_is_answered_again_under_its_key,
    a_key_stands_for_one_act_of_those_that_look_alike,
    a_replay_tells_what_was_answered_then,
    every_write_that_names_a_version_is_refused_at_any_other,
    what_is_only_validated_is_not_done,
    a_fault_is_told_to_who_only_validates,
    no_write_reaches_what_is_gone_or_never_was,
    no_write_reaches_what_is_somebody_elses,
    what_is_not_in_the_trash_is_neither_restored_nor_purged,
    a_key_is_visible_ascii_and_bounded,
);

/// The writes of the contract, but for those that only read.
#[test]
fn every_write_of_the_contract_is_told_here() {
    let files = prost_types::FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap();
    let files = files.file.into_iter().filter(|file| file.package() == "tasks.v1");
    let methods = files.flat_map(|file| file.service).flat_map(|service| service.method);
    let writes = methods.filter(|method| {
        let level = method.options.as_ref().map(|options| options.idempotency_level());
        level != Some(IdempotencyLevel::NoSideEffects)
    });
    let mut named: Vec<_> = writes.map(|method| method.name().to_owned()).collect();
    let mut told = Act::ALL.map(|act| format!("{act:?}"));
    named.sort();
    told.sort();
    assert_eq!(named, told);
}

fn under(key: &str) -> How {
    How { key: Some(key.to_owned()), ..How::default() }
}

fn if_version(version: i64) -> How {
    How { if_version: Some(version), ..How::default() }
}

async fn every_write_is_answered_again_under_its_key(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    for act in Act::ALL {
        let (id, how) = (act.aim(&alice).await, under(&format!("{act:?}")));
        let before = everything(&alice).await;
        let first = act.by(&alice, &id, &how).await.unwrap().into_inner();
        assert!(!first.replayed, "{act:?}");
        let after = everything(&alice).await;
        assert_ne!(after, before, "{act:?} was to change something");
        for _ in 0..2 {
            let again = act.by(&alice, &id, &how).await.unwrap().into_inner();
            assert!(again.replayed, "{act:?}");
            assert_eq!(again.message, first.message, "{act:?}");
        }
        assert_eq!(everything(&alice).await, after, "{act:?} was done again");
        // Another message under the same key is another request, whatever it is about.
        let refused = act.by(&alice, &fresh_id(), &how).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition, "{act:?}");
    }
}

/// Their messages are the same byte by byte.
async fn a_key_stands_for_one_act_of_those_that_look_alike(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let alike = [Act::DeleteTask, Act::CompleteTask, Act::ReopenTask, Act::RestoreTrash];
    for act in alike {
        let (id, how) = (act.aim(&alice).await, under(&format!("{act:?}")));
        act.by(&alice, &id, &how).await.unwrap();
        let before = everything(&alice).await;
        for other in alike.into_iter().chain([Act::DeleteProject, Act::PurgeTrash]) {
            let outcome = other.by(&alice, &id, &how).await;
            if other == act {
                assert!(outcome.unwrap().get_ref().replayed);
            } else {
                assert_eq!(reason(outcome), "IDEMPOTENCY_KEY_REUSED", "{other:?} after {act:?}");
            }
        }
        assert_eq!(everything(&alice).await, before, "{act:?}");
    }
}

async fn a_replay_tells_what_was_answered_then(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let (id, how) = (fresh_id(), under("k"));
    let first = Act::CreateTask.by(&alice, &id, &how).await.unwrap().into_inner();
    for act in [Act::CompleteTask, Act::DeleteTask, Act::PurgeTrash] {
        act.by(&alice, &id, &How::default()).await.unwrap();
        let again = Act::CreateTask.by(&alice, &id, &how).await.unwrap();
        assert_eq!(again.get_ref().message, first.message, "after {act:?}");
    }
    let told = Task::decode(first.message.as_slice()).unwrap();
    assert_eq!((told.version, told.id), (1, id));
    let listed = alice.tasks().list_tasks(alice.asks(ListTasksRequest::default())).await.unwrap();
    assert_eq!(listed.get_ref().tasks, [], "a replay makes nothing");
}

/// What is done once is at version 2, and what was made at version 1.
async fn every_write_that_names_a_version_is_refused_at_any_other(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    for act in Act::ALL.into_iter().filter(|act| act.takes_a_version()) {
        let id = act.aim(&alice).await;
        let version = if act == Act::ReopenTask { 2 } else { 1 };
        let before = everything(&alice).await;
        for other in [i64::MIN, -1, 0, version - 1, version + 1, i64::MAX] {
            let outcome = act.by(&alice, &id, &if_version(other)).await;
            let code = outcome.as_ref().unwrap_err().code();
            assert_eq!(code, Code::Aborted, "{act:?} at {other}");
            assert_eq!(reason(outcome), "VERSION_MISMATCH", "{act:?} at {other}");
        }
        assert_eq!(everything(&alice).await, before, "{act:?}");
        act.by(&alice, &id, &if_version(version)).await.unwrap();
        assert_ne!(everything(&alice).await, before, "{act:?}");
    }
}

async fn what_is_only_validated_is_not_done(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    for act in Act::ALL {
        let (id, key) = (act.aim(&alice).await, format!("{act:?}"));
        let before = everything(&alice).await;
        let how = How { only_validates: true, ..under(&key) };
        let outcome = act.by(&alice, &id, &how).await;
        let code = outcome.as_ref().unwrap_err().code();
        assert_eq!(code, Code::InvalidArgument, "{act:?}");
        assert_eq!(faults(outcome), [], "{act:?}: there is nothing wrong with it");
        assert_eq!(everything(&alice).await, before, "{act:?} was done");
        let done = act.by(&alice, &id, &under(&key)).await.unwrap();
        assert!(!done.get_ref().replayed, "{act:?}: the key is still free");
    }
}

async fn a_fault_is_told_to_who_only_validates(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let how = How { only_validates: true, ..How::default() };
    for act in [Act::CreateTask, Act::CreateProject] {
        let outcome = act.by(&alice, "no id", &how).await;
        assert_eq!(faults(outcome), [("id".to_owned(), "ID".to_owned())], "{act:?}");
    }
}

/// Says that each write that needs something finds nothing by these ids, and leaves no trace of having looked.
async fn misses(user: &User, ids: &[String], why: &str) {
    let before = everything(user).await;
    for act in Act::ALL.into_iter().filter(|act| !act.creates()) {
        for id in ids {
            let refused = act.by(user, id, &How::default()).await;
            let code = refused.as_ref().unwrap_err().code();
            assert_eq!(code, Code::NotFound, "{act:?}: {why}");
            assert_eq!(reason(refused), act.missing(), "{act:?}: {why}");
        }
    }
    assert_eq!(everything(user).await, before, "{why}");
}

async fn no_write_reaches_what_is_gone_or_never_was(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let (task, project) = (fresh_id(), fresh_id());
    for (make, delete, id) in [
        (Act::CreateTask, Act::DeleteTask, &task),
        (Act::CreateProject, Act::DeleteProject, &project),
    ] {
        for act in [make, delete, Act::PurgeTrash] {
            act.by(&alice, id, &How::default()).await.unwrap();
        }
    }
    misses(&alice, &[task, project], "it was purged").await;
    misses(&alice, &[fresh_id()], "it never was").await;
    let none = ["", " ", "null", "../x", "00000000-0000-0000-0000-00000000000g", "\u{1F4A5}"];
    misses(&alice, &none.map(str::to_owned), "it is no id").await;
}

async fn no_write_reaches_what_is_somebody_elses(backend: Backend) {
    let app = App::new(backend).await;
    let (alice, bob) = (app.user(1), app.user(2));
    let mut ids = vec![];
    for act in [Act::UpdateTask, Act::ReopenTask, Act::UpdateProject, Act::RestoreTrash] {
        ids.push(act.aim(&alice).await);
    }
    let before = everything(&alice).await;
    misses(&bob, &ids, "it is Alice's").await;
    assert_eq!(everything(&alice).await, before);
}

async fn what_is_not_in_the_trash_is_neither_restored_nor_purged(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    let (task, project) = (Act::UpdateTask.aim(&alice).await, Act::UpdateProject.aim(&alice).await);
    let deleted = Act::RestoreTrash.aim(&alice).await;
    let before = everything(&alice).await;
    for act in [Act::RestoreTrash, Act::PurgeTrash] {
        for id in [&task, &project] {
            let outcome = act.by(&alice, id, &How::default()).await;
            assert_eq!(reason(outcome), "TRASH_NOT_FOUND", "{act:?}");
        }
    }
    // What is in the trash is for no other write, either.
    for act in Act::ALL.into_iter().filter(|act| act.missing() == "TASK_NOT_FOUND") {
        if !act.creates() {
            let outcome = act.by(&alice, &deleted, &How::default()).await;
            assert_eq!(reason(outcome), "TASK_NOT_FOUND", "{act:?}");
        }
    }
    assert_eq!(everything(&alice).await, before);
}

async fn a_key_is_visible_ascii_and_bounded(backend: Backend) {
    let app = App::new(backend).await;
    let alice = app.user(1);
    for (key, accepted) in [
        ("k", true),
        (&*"k".repeat(128), true),
        ("with a space", true),
        ("", false),
        (&*"k".repeat(129), false),
        ("schl\u{fc}ssel", false),
    ] {
        let outcome = Act::CreateTask.by(&alice, &fresh_id(), &under(key)).await;
        assert_eq!(outcome.is_ok(), accepted, "{key:?}");
        if !accepted {
            assert_eq!(reason(outcome), "INVALID_IDEMPOTENCY_KEY", "{key:?}");
        }
    }
}
