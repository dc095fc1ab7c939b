//! Names of things: UUIDs of version 7 (RFC 9562), ordered by the time they were made.
use uuid::Uuid;

use crate::Clock;

/// A new id that sorts behind those made before it. It tells when it was made, so it is no secret.
pub fn uuid(clock: &Clock) -> Uuid {
    let now = clock.now().as_microseconds();
    let (seconds, micros) = (now.div_euclid(1_000_000), now.rem_euclid(1_000_000));
    let seconds = u64::try_from(seconds).unwrap_or(0);
    let nanos = u32::try_from(micros * 1000).expect("less than a second");
    Uuid::new_v7(uuid::Timestamp::from_unix(
        uuid::ContextV7::new().with_additional_precision(),
        seconds,
        nanos,
    ))
}

/// Makes a newtype around a UUID: `id!(TaskId, "Names a task.")`.
#[macro_export]
macro_rules! id {
    ($name:ident, $doc:literal) => {
        #[doc = $doc]
        #[derive(
            Clone,
            Copy,
            Debug,
            PartialEq,
            Eq,
            PartialOrd,
            Ord,
            Hash,
            ::diesel::expression::AsExpression,
            ::diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = $crate::db::sql::Uuid)]
        pub struct $name(pub ::uuid::Uuid);

        impl $name {
            /// A new one that sorts behind those made before it.
            pub fn new(clock: &$crate::Clock) -> Self {
                Self($crate::id::uuid(clock))
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl ::diesel::serialize::ToSql<$crate::db::sql::Uuid, ::diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut ::diesel::serialize::Output<'b, '_, ::diesel::pg::Pg>,
            ) -> ::diesel::serialize::Result {
                $crate::db::sql::write_uuid(&self.0, out)
            }
        }

        impl ::diesel::deserialize::FromSql<$crate::db::sql::Uuid, ::diesel::pg::Pg> for $name {
            fn from_sql(value: ::diesel::pg::PgValue<'_>) -> ::diesel::deserialize::Result<Self> {
                Ok(Self(::uuid::Uuid::from_slice(value.as_bytes())?))
            }
        }

        impl ::diesel::serialize::ToSql<$crate::db::sql::Uuid, ::diesel::sqlite::Sqlite> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut ::diesel::serialize::Output<'b, '_, ::diesel::sqlite::Sqlite>,
            ) -> ::diesel::serialize::Result {
                out.set_value(&self.0.as_bytes()[..]);
                Ok(::diesel::serialize::IsNull::No)
            }
        }

        impl ::diesel::deserialize::FromSql<$crate::db::sql::Uuid, ::diesel::sqlite::Sqlite>
            for $name
        {
            fn from_sql(
                value: ::diesel::sqlite::SqliteValue<'_, '_, '_>,
            ) -> ::diesel::deserialize::Result<Self> {
                $crate::db::sql::read_uuid(value).map(Self)
            }
        }
    };
}
