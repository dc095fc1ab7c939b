use diesel::{
    QueryResult, RunQueryDsl,
    backend::Backend,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{BigInt, HasSqlType},
};

/// At most so many rows of a query that sets no limit itself. The limits that pages usually have, and the row behind them, stand in the
/// text: PostgreSQL would plan the query anew each time for a limit that is bound, since it seems cheaper than any number
/// of rows, and the plan of a page takes longer than the page. Other limits are bound, so that there are few texts.
#[derive(Debug, Clone, Copy)]
pub struct Limited<Q>(pub Q, pub i64);

impl<Q, DB> QueryFragment<DB> for Limited<Q>
where
    DB: Backend + HasSqlType<BigInt>,
    Q: QueryFragment<DB>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(" LIMIT ");
        match self.1 {
            11 => out.push_sql("11"),
            21 => out.push_sql("21"),
            26 => out.push_sql("26"),
            51 => out.push_sql("51"),
            101 => out.push_sql("101"),
            201 => out.push_sql("201"),
            _ => out.push_bind_param::<BigInt, _>(&self.1)?,
        }
        Ok(())
    }
}

impl<Q> QueryId for Limited<Q> {
    type QueryId = ();

    // The cache goes by the text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Limited<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for Limited<Q> {}
