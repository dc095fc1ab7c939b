//! Writes that are refused when they have begun.
use diesel::QueryDsl as _;
use diesel_async::RunQueryDsl as _;
use kit_db::read;

use super::*;
use crate::{
    ids::ProjectId,
    projects::row::{Project, projects},
};

kit_db::on_each_backend!(a_write_that_is_refused_after_it_saved_something_has_saved_nothing);

/// A project that is nowhere else.
pub(super) fn some_project(unit: &Unit) -> Project {
    Project {
        scope_id: unit.scope.id,
        id: ProjectId(uuid::Uuid::now_v7()),
        name: "half done".to_owned(),
        is_inbox: false,
        rank: "V".to_owned(),
        version: 0,
        created_at: unit.now,
        created_by: UserId(uuid::Uuid::now_v7()),
        updated_at: unit.now,
        archived_at: None,
        trashed_at: None,
        trash_id: None,
    }
}

async fn a_write_that_is_refused_after_it_saved_something_has_saved_nothing(backend: Backend) {
    let writes = Writes::new(backend).await;
    let projects = async || {
        let db = &writes.store.db;
        let count = projects::table.count();
        read!(db, "test", conn => count.get_result::<i64>(conn).await).unwrap()
    };
    let before = projects().await;
    let acts = [Act::Succeed, Act::SaveAndRefuse, Act::Succeed];
    let outcomes = writes.together(acts.map(|act| writes.submission(act)).into()).await;
    assert_eq!(outcomes, [Ok(()), Err("TASK_NOT_FOUND"), Ok(())]);
    assert_eq!(projects().await, before);
}
