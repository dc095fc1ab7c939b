//! Moments as both databases keep them: diesel's traits have to be implemented where the type is.
use diesel::{
    deserialize::{self, FromSql},
    pg::{Pg, PgValue},
    serialize::{self, IsNull, Output, ToSql},
    sql_types,
    sqlite::{Sqlite, SqliteValue},
};

use super::Timestamp;
use crate::sql::Instant;

/// PostgreSQL counts from 2000-01-01; this is that day in microseconds since 1970.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;
/// What PostgreSQL takes, as it counts. A moment beyond is only ever asked for, never kept, and asks for the same at the end.
const POSTGRES_MOMENTS: [i64; 2] = [-211_813_488_000_000_000, 9_223_371_331_199_999_999];

impl ToSql<Instant, Pg> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let [first, last] = POSTGRES_MOMENTS;
        let moment = self.as_microseconds().saturating_sub(POSTGRES_EPOCH).clamp(first, last);
        ToSql::<sql_types::BigInt, Pg>::to_sql(&moment, &mut out.reborrow())
    }
}

impl FromSql<Instant, Pg> for Timestamp {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        FromSql::<sql_types::BigInt, Pg>::from_sql(value)
            .map(|moment: i64| Self::from_microseconds(moment.saturating_add(POSTGRES_EPOCH)))
    }
}

impl ToSql<Instant, Sqlite> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.as_microseconds());
        Ok(IsNull::No)
    }
}

impl FromSql<Instant, Sqlite> for Timestamp {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        FromSql::<sql_types::BigInt, Sqlite>::from_sql(value).map(Self::from_microseconds)
    }
}
