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
        #[diesel(sql_type = $crate::sql::Uuid)]
        pub struct $name(pub ::uuid::Uuid);

        impl $name {
            /// A new one that sorts behind those made before it.
            pub fn new(clock: &$crate::base::Clock) -> Self {
                Self($crate::base::id::uuid(clock))
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

        impl ::diesel::serialize::ToSql<$crate::sql::Uuid, ::diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut ::diesel::serialize::Output<'b, '_, ::diesel::pg::Pg>,
            ) -> ::diesel::serialize::Result {
                $crate::sql::write_uuid(&self.0, out)
            }
        }

        impl ::diesel::deserialize::FromSql<$crate::sql::Uuid, ::diesel::pg::Pg> for $name {
            fn from_sql(value: ::diesel::pg::PgValue<'_>) -> ::diesel::deserialize::Result<Self> {
                Ok(Self(::uuid::Uuid::from_slice(value.as_bytes())?))
            }
        }

        impl ::diesel::serialize::ToSql<$crate::sql::Uuid, ::diesel::sqlite::Sqlite> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut ::diesel::serialize::Output<'b, '_, ::diesel::sqlite::Sqlite>,
            ) -> ::diesel::serialize::Result {
                out.set_value(&self.0.as_bytes()[..]);
                Ok(::diesel::serialize::IsNull::No)
            }
        }

        impl ::diesel::deserialize::FromSql<$crate::sql::Uuid, ::diesel::sqlite::Sqlite> for $name {
            fn from_sql(
                value: ::diesel::sqlite::SqliteValue<'_, '_, '_>,
            ) -> ::diesel::deserialize::Result<Self> {
                $crate::sql::read_uuid(value).map(Self)
            }
        }
    };
}
