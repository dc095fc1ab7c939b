//! The condition that two columns hold one of some pairs of values.
use diesel::{
    QueryResult,
    expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate},
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{Array, Bool, HasSqlType, SqlType},
    sqlite::Sqlite,
};

/// See [`among`].
#[derive(Debug)]
pub struct Among<A, B, K, L> {
    columns: (A, B),
    first: Vec<K>,
    second: Vec<L>,
}

/// `(a, b) IN …`: one text for any number of pairs on PostgreSQL, few on SQLite, so that it stays prepared on both. At most 256 pairs.
pub fn among<A, B, K, L>(
    columns: (A, B),
    pairs: impl IntoIterator<Item = (K, L)>,
) -> Among<A, B, K, L> {
    let (first, second) = pairs.into_iter().unzip();
    Among { columns, first, second }
}

impl<A, B, K, L> Expression for Among<A, B, K, L> {
    type SqlType = Bool;
}

impl<A, B, K, L> ValidGrouping<()> for Among<A, B, K, L> {
    type IsAggregate = is_aggregate::No;
}

impl<A, B, K, L> QueryId for Among<A, B, K, L> {
    type QueryId = ();

    // The cache goes by the text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<A, B, K, L, From> AppearsOnTable<From> for Among<A, B, K, L>
where
    A: AppearsOnTable<From>,
    B: AppearsOnTable<From>,
{
}

impl<A, B, K, L, From> SelectableExpression<From> for Among<A, B, K, L>
where
    A: SelectableExpression<From>,
    B: SelectableExpression<From>,
{
}

impl<A, B, K, L> QueryFragment<Pg> for Among<A, B, K, L>
where
    A: QueryFragment<Pg> + Expression<SqlType: SqlType>,
    B: QueryFragment<Pg> + Expression<SqlType: SqlType>,
    Pg: HasSqlType<Array<A::SqlType>> + HasSqlType<Array<B::SqlType>>,
    Vec<K>: ToSql<Array<A::SqlType>, Pg>,
    Vec<L>: ToSql<Array<B::SqlType>, Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(");
        self.columns.0.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.columns.1.walk_ast(out.reborrow())?;
        // A subquery each, so that the planner does not see how many they are: it would plan anew for each number.
        out.push_sql(") IN (SELECT * FROM unnest((SELECT ");
        out.push_bind_param::<Array<A::SqlType>, _>(&self.first)?;
        out.push_sql("), (SELECT ");
        out.push_bind_param::<Array<B::SqlType>, _>(&self.second)?;
        out.push_sql(")))");
        Ok(())
    }
}

impl<A, B, K, L> QueryFragment<Sqlite> for Among<A, B, K, L>
where
    A: QueryFragment<Sqlite> + Expression,
    B: QueryFragment<Sqlite> + Expression,
    Sqlite: HasSqlType<A::SqlType> + HasSqlType<B::SqlType>,
    K: ToSql<A::SqlType, Sqlite>,
    L: ToSql<B::SqlType, Sqlite>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("(");
        self.columns.0.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.columns.1.walk_ast(out.reborrow())?;
        out.push_sql(") IN (VALUES ");
        let pairs: Vec<_> = self.first.iter().zip(&self.second).collect();
        // The last one again and again, up to a power of two: so there are few texts.
        let padding = pairs.last().into_iter().cycle();
        let all = pairs.iter().chain(padding).take(pairs.len().next_power_of_two());
        let mut separator = "(";
        for (first, second) in all {
            out.push_sql(separator);
            out.push_bind_param::<A::SqlType, K>(first)?;
            out.push_sql(", ");
            out.push_bind_param::<B::SqlType, L>(second)?;
            out.push_sql(")");
            separator = ", (";
        }
        out.push_sql(if pairs.is_empty() { "(NULL, NULL))" } else { ")" });
        Ok(())
    }
}
