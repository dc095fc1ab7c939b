//! Writes that touch many rows.
use std::collections::HashMap;

use kit_db::testing::Backend;

use super::*;
use crate::{
    journal::rows::tests::most_held,
    tasks::write::{Beside, Place, Target, Write},
};

kit_db::on_each_backend!(a_write_that_touches_many_holds_few, a_write_of_a_large_tree_holds_few,);

/// Carries it out; how many tasks and projects it still holds at its end. On the way it never held many more tasks than are changed at once.
async fn holds(store: &Store, write: &dyn Command) -> (usize, usize) {
    let mut unit = begins(store).await;
    most_held();
    write.run(&mut unit, &actor()).await.unwrap();
    let most = most_held();
    assert!((32..40).contains(&most), "{most} at once: {write:?}");
    let held = (unit.held::<Task>(), unit.held::<Project>());
    unit.commit().await.unwrap();
    held
}

/// Whether it deletes them, takes them back or deletes them for good.
async fn a_write_that_touches_many_holds_few(backend: Backend) {
    let store = Store::new(backend).await;
    let project = ProjectId(Uuid::from_u128(1000));
    let mut unit = begins(&store).await;
    for number in 1..=100 {
        let task = Task { project_id: project, ..task(&unit, number, "a") };
        saves(&mut unit, task).await;
    }
    unit.commit().await.unwrap();
    let made = projects::write::Write::Create { id: Some(project), name: "Attic".to_owned() };
    store.carries_out(made).await.unwrap();
    let trashed = ObjectId::from(project);
    let writes: [Box<dyn Command>; 4] = [
        Box::new(projects::write::Write::Delete { id: project, if_version: None }),
        Box::new(trash::write::Write::Restore { id: trashed }),
        Box::new(projects::write::Write::Delete { id: project, if_version: None }),
        Box::new(trash::write::Write::Purge { id: trashed }),
    ];
    for write in writes {
        assert_eq!(holds(&store, &*write).await, (0, 1), "{write:?}");
    }
    let mut operations: HashMap<Operation, usize> = HashMap::new();
    let mut last = 1;
    loop {
        let page =
            journal::store::changes_after(&store.db, store.scope, last, 999, false).await.unwrap();
        let Some(end) = page.last() else { break };
        last = end.sequence;
        for change in page.iter().filter(|change| change.object_type == Task::TYPE) {
            *operations.entry(Operation::parse(&change.operation).unwrap()).or_default() += 1;
        }
    }
    let expected = [
        (Operation::Update, 100),
        (Operation::Delete, 200),
        (Operation::Restore, 100),
        (Operation::Purge, 100),
    ];
    assert_eq!(operations, HashMap::from(expected));
}

async fn a_write_of_a_large_tree_holds_few(backend: Backend) {
    let store = Store::new(backend).await;
    let project = ProjectId(Uuid::from_u128(1000));
    let made = projects::write::Write::Create { id: Some(project), name: "Attic".to_owned() };
    store.carries_out(made).await.unwrap();
    let mut unit = begins(&store).await;
    for number in 1..=100 {
        let parent_id = (number > 1).then_some(id(1));
        let task = Task { parent_id, ..task(&unit, number, "a") };
        saves(&mut unit, task).await;
    }
    unit.commit().await.unwrap();
    let (id, if_version) = (id(1), None);
    let to = Target { place: Place::TopOf(project), beside: Beside::AtEnd };
    let writes: [Box<dyn Command>; 5] = [
        Box::new(Write::Complete { id, if_version }),
        Box::new(Write::Reopen { id, if_version }),
        Box::new(Write::Move { id, to, if_version }),
        Box::new(Write::Delete { id, if_version }),
        Box::new(trash::write::Write::Restore { id: id.into() }),
    ];
    for write in writes {
        assert!(holds(&store, &*write).await.0 <= 1, "{write:?}");
    }
}
