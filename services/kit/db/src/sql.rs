//! SQL types that are real ones in PostgreSQL and the nearest there is in SQLite. PostgreSQL's are named by their fixed
//! object ids, so that no connection has to look them up.
use std::io::Write as _;

use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    query_builder::QueryId,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{Binary, SqlType, Text},
    sqlite::{Sqlite, SqliteValue},
};

pub use kit_base::sql::Instant;

/// `uuid` in PostgreSQL, 16 bytes in SQLite.
#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951), sqlite_type(name = "Binary"))]
pub struct Uuid;

/// `jsonb` in PostgreSQL, text in SQLite.
#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[diesel(postgres_type(oid = 3802, array_oid = 3807), sqlite_type(name = "Text"))]
pub struct Json;

/// A JSON document in its text.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Json)]
pub struct JsonText(pub String);

impl ToSql<Json, Pg> for JsonText {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        // The binary form of jsonb: a version, then the text.
        out.write_all(&[1])?;
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<Json, Pg> for JsonText {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        match value.as_bytes() {
            [1, text @ ..] => Ok(Self(String::from_utf8(text.to_vec())?)),
            _ => Err("jsonb of an unknown version".into()),
        }
    }
}

impl ToSql<Json, Sqlite> for JsonText {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_str());
        Ok(IsNull::No)
    }
}

impl FromSql<Json, Sqlite> for JsonText {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        FromSql::<Text, Sqlite>::from_sql(value).map(Self)
    }
}

/// For [`id!`](crate::id!).
#[doc(hidden)]
pub fn write_uuid(uuid: &uuid::Uuid, out: &mut Output<'_, '_, Pg>) -> serialize::Result {
    out.write_all(uuid.as_bytes())?;
    Ok(IsNull::No)
}

/// For [`id!`](crate::id!).
#[doc(hidden)]
pub fn read_uuid(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<uuid::Uuid> {
    let bytes: Vec<u8> = FromSql::<Binary, Sqlite>::from_sql(value)?;
    Ok(uuid::Uuid::from_slice(&bytes)?)
}
