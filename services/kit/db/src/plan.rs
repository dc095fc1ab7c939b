//! Values that PostgreSQL's planner sees, or does not.
use std::marker::PhantomData;

use diesel::{
    QueryResult,
    expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate},
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{HasSqlType, SingleValue},
    sqlite::Sqlite,
};

/// How PostgreSQL plans a query that stays prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Once, for all values: each is behind a subquery, where it seems as common as any other. For queries that have one good plan,
    /// as pages do that follow an index: planning them takes longer than reading them.
    General,
    /// Anew wherever the values at hand promise a better plan than the general one. For filters, whose best plan depends on how much
    /// they leave.
    ByValue,
}

impl Plan {
    /// A value as a query that is planned so has it.
    pub fn bind<S, T>(self, value: T) -> Bind<S, T> {
        Bind { plan: self, value, sql_type: PhantomData }
    }
}

/// See [`Plan::bind`].
#[derive(Debug, Clone, Copy)]
pub struct Bind<S, T> {
    plan: Plan,
    value: T,
    sql_type: PhantomData<S>,
}

impl<S: SingleValue, T> Expression for Bind<S, T> {
    type SqlType = S;
}

impl<S, T, Group> ValidGrouping<Group> for Bind<S, T> {
    type IsAggregate = is_aggregate::Never;
}

impl<S, T> QueryId for Bind<S, T> {
    type QueryId = ();

    // The cache goes by the text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<S, T, From> AppearsOnTable<From> for Bind<S, T> where Self: Expression {}

impl<S, T, From> SelectableExpression<From> for Bind<S, T> where Self: Expression {}

impl<S, T> QueryFragment<Pg> for Bind<S, T>
where
    Pg: HasSqlType<S>,
    T: ToSql<S, Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let (before, behind) = match self.plan {
            Plan::General => ("(SELECT ", ")"),
            Plan::ByValue => ("", ""),
        };
        out.push_sql(before);
        out.push_bind_param::<S, T>(&self.value)?;
        out.push_sql(behind);
        Ok(())
    }
}

impl<S, T> QueryFragment<Sqlite> for Bind<S, T>
where
    Sqlite: HasSqlType<S>,
    T: ToSql<S, Sqlite>,
{
    // SQLite plans by no value.
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_bind_param::<S, T>(&self.value)
    }
}

#[cfg(test)]
mod tests {
    use diesel::{prelude::*, sql_types::Text};
    use diesel_async::RunQueryDsl;

    use super::*;
    use crate::{
        Db, Limited, Limits, read,
        testing::{Backend, Database, run_script},
    };

    diesel::table! {
        things (id) {
            id -> BigInt,
            scope -> BigInt,
        }
    }

    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
        line: String,
    }

    /// One scope of 9,000 among some of a few, on a server that knows it.
    async fn uneven(small: u32) -> (Db, Database) {
        let database = Database::new(Backend::Postgres, "plan").await;
        let script = format!(
            "CREATE TABLE things AS SELECT n AS id, CASE WHEN n <= 9000 THEN 0 ELSE n % {small} + 1 END AS scope
             FROM generate_series(1::bigint, 9000 + 8 * {small}) n ORDER BY md5(n::text);
             CREATE INDEX ON things (scope, id);
             ANALYZE things"
        );
        run_script(&database.url, &script).await;
        let db = Db::open(&database.url, &Limits::default()).unwrap();
        db.up().await.unwrap();
        (db, database)
    }

    /// The lines of the column `QUERY PLAN`.
    async fn lines(db: &Db, query: &str) -> Vec<String> {
        let found: Result<Vec<Line>, _> =
            read!(db, "lines", conn => diesel::sql_query(query).load(conn).await);
        found.unwrap().into_iter().map(|found| found.line).collect()
    }

    /// Whether pages of the large scope come to be read by a plan that is kept.
    async fn keeps(db: &Db, plan: Plan) -> bool {
        for _ in 0..24 {
            let page: Result<Vec<i64>, _> = read!(db, "page", conn => {
                let rows = things::table.filter(things::scope.eq(plan.bind(0)));
                let rows = rows.filter(things::id.gt(plan.bind(4_000)));
                Limited(rows.order(things::id).select(things::id), 21).load(conn).await
            });
            assert_eq!(page.unwrap(), (4_001..=4_021).collect::<Vec<_>>());
        }
        let kept = "SELECT statement AS \"QUERY PLAN\" FROM pg_prepared_statements WHERE statement LIKE '%LIMIT 21' AND generic_plans > 0";
        !lines(db, kept).await.is_empty()
    }

    #[tokio::test]
    #[ignore = "needs PostgreSQL: scripts/test"]
    async fn the_general_plan_is_kept_where_the_value_is_common() {
        let (db, _database) = uneven(10).await;
        assert!(!keeps(&db, Plan::ByValue).await, "else nothing has to be hidden");
        assert!(keeps(&db, Plan::General).await);
    }

    #[tokio::test]
    #[ignore = "needs PostgreSQL: scripts/test"]
    async fn a_page_follows_its_index_where_most_scopes_are_small() {
        let (db, _database) = uneven(3_000).await;
        let page = "SELECT * FROM things WHERE scope = (SELECT 0::bigint) ORDER BY id LIMIT 21";
        let plan = lines(&db, &format!("EXPLAIN {page}")).await.join("\n");
        assert!(plan.contains("Index") && !plan.contains("Sort"), "{plan}");
    }
}
