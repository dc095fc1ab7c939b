//! The labels of a task, as JSON in its row.
use std::io::Write as _;

use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    serialize::{self, IsNull, Output, ToSql},
    sqlite::{Sqlite, SqliteValue},
};
use kit_db::sql::{Json, JsonText};

/// The labels of a task in the order they were given, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Json)]
pub(crate) struct Labels(pub(crate) Vec<String>);

impl ToSql<Json, Pg> for Labels {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&[1])?;
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
    }
}

impl ToSql<Json, Sqlite> for Labels {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(serde_json::to_string(&self.0)?);
        Ok(IsNull::No)
    }
}

impl FromSql<Json, Pg> for Labels {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let JsonText(text) = FromSql::<Json, Pg>::from_sql(value)?;
        Ok(Self(serde_json::from_str(&text)?))
    }
}

impl FromSql<Json, Sqlite> for Labels {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let JsonText(text) = FromSql::<Json, Sqlite>::from_sql(value)?;
        Ok(Self(serde_json::from_str(&text)?))
    }
}
