//! The type of columns that hold moments, for those who have a database.
use diesel::{query_builder::QueryId, sql_types::SqlType};

/// `timestamptz` in PostgreSQL, microseconds since 1970 in SQLite.
#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185), sqlite_type(name = "Long"))]
pub struct Instant;
