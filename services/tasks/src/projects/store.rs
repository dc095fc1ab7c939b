//! Projects in the database.
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::FutureExt as _;
use kit_db::{Cached, Db, Limited, Plan, Statement, among, inserts, read, statement};

use super::{
    error,
    row::{Project, ROW, projects},
};
use crate::{
    Error,
    ids::{ObjectId, ProjectId, ScopeId},
    journal::{
        rows::Difference,
        store::counts,
        stored::{Stored, Tables},
    },
};

/// Projects that are asked for at the same time, read together.
pub(crate) type Lookup = kit_db::Lookup<(ScopeId, ProjectId), Project>;

/// Of the projects that are not in the trash.
pub(crate) fn lookup(db: Db) -> Lookup {
    Lookup::new(db, "project.get", |db, keys| {
        async move {
            let rows = projects::table.filter(among((projects::scope_id, projects::id), keys));
            let rows = rows.filter(projects::trashed_at.is_null());
            let found = read!(&db, "project.get", conn => rows.select(Project::as_select()).load(conn).await)?;
            let keyed = |project: Project| ((project.scope_id, project.id), project);
            Ok(found.into_iter().map(keyed).collect())
        }
        .boxed()
    })
}

/// One project that is not in the trash.
pub(crate) async fn get(
    projects: &Lookup,
    scope: ScopeId,
    id: ProjectId,
) -> Result<Project, Error> {
    Ok(projects.find((scope, id)).await?.ok_or(error::Error::NotFound)?)
}

/// At most `limit` projects in their order, behind `after`.
pub(crate) async fn list(
    db: &Db,
    scope: ScopeId,
    archived: Option<bool>,
    after: Option<(String, ProjectId)>,
    limit: i64,
) -> Result<Vec<Project>, Error> {
    let plan = Plan::General;
    Ok(read!(db, "project.list", conn: Backend => {
        let rows = projects::table.filter(projects::scope_id.eq(plan.bind(scope))).filter(projects::trashed_at.is_null());
        let mut rows = rows.select(Project::as_select()).into_boxed::<Backend>();
        match archived {
            Some(true) => rows = rows.filter(projects::archived_at.is_not_null()),
            Some(false) => rows = rows.filter(projects::archived_at.is_null()),
            None => {}
        }
        if let Some((rank, id)) = &after {
            let behind = projects::rank.gt(plan.bind(rank)).or(projects::id.gt(plan.bind(*id)));
            rows = rows.filter(projects::rank.ge(plan.bind(rank)).and(behind));
        }
        Limited(rows.order((projects::rank.asc(), projects::id.asc())), limit).load(conn).await
    })?)
}

impl Stored for Project {
    const TABLES: Tables = &[("projects", "id")];

    fn load(scope: ScopeId, ids: Vec<ObjectId>) -> Statement<Vec<Self>> {
        let keys = ids.into_iter().map(|id| (scope, id));
        let rows = projects::table.filter(among((projects::scope_id, projects::id), keys));
        statement!(conn => rows.select(Self::as_select()).load(conn).await)
    }

    fn count(scope: ScopeId) -> Statement<(i64, i64)> {
        let bytes = format!("coalesce(sum({ROW} + octet_length(name)), 0) AS bytes");
        counts(
            format!("SELECT count(*) AS objects, {bytes} FROM projects WHERE scope_id = $1"),
            scope,
        )
    }

    fn clear(scope: ScopeId, differences: &[Difference<Self>]) -> Vec<Statement> {
        let gone = differences.iter().filter_map(|difference| match difference {
            Difference::Gone(row) => Some(row.id),
            Difference::Made(_) | Difference::Changed { .. } => None,
        });
        let rows = gone.map(|id| {
            let row = diesel::delete(projects::table.find((scope, id)));
            statement!(conn => Cached(row).execute(conn).await.map(drop))
        });
        rows.collect()
    }

    fn write(scope: ScopeId, differences: Vec<Difference<Self>>) -> Vec<Statement> {
        let (mut made, mut statements) = (vec![], vec![]);
        for difference in differences {
            match difference {
                Difference::Made(row) => made.push(row),
                Difference::Changed { from: _, to } => {
                    let row = diesel::update(projects::table.find((scope, to.id))).set(to);
                    statements.push(statement!(conn => Cached(row).execute(conn).await.map(drop)));
                }
                Difference::Gone(_) => {}
            }
        }
        statements.extend(inserts!(projects::table => made));
        statements
    }
}
