/// Declares a closed set of names as they stand in the database and in contracts:
/// `names! { /// How far it is. Status { Open = "open", Done = "done" } }`.
#[macro_export]
macro_rules! names {
    ($(#[doc = $doc:literal])* $type:ident { $($(#[doc = $variant_doc:literal])* $variant:ident = $name:literal),+ $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ::diesel::expression::AsExpression, ::diesel::deserialize::FromSqlRow)]
        #[diesel(sql_type = ::diesel::sql_types::Text)]
        pub(crate) enum $type { $($(#[doc = $variant_doc])* $variant),+ }

        impl $type {
            /// All names.
            pub(crate) const NAMES: &'static [&'static str] = &[$($name),+];

            /// The name of each.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The one of this name.
            pub(crate) fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }

        impl<DB: ::diesel::backend::Backend> ::diesel::serialize::ToSql<::diesel::sql_types::Text, DB> for $type
        where
            str: ::diesel::serialize::ToSql<::diesel::sql_types::Text, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut ::diesel::serialize::Output<'b, '_, DB>) -> ::diesel::serialize::Result {
                self.name().to_sql(out)
            }
        }

        impl<DB: ::diesel::backend::Backend> ::diesel::deserialize::FromSql<::diesel::sql_types::Text, DB> for $type
        where
            String: ::diesel::deserialize::FromSql<::diesel::sql_types::Text, DB>,
        {
            fn from_sql(value: DB::RawValue<'_>) -> ::diesel::deserialize::Result<Self> {
                let name = String::from_sql(value)?;
                Self::parse(&name).ok_or_else(|| format!("{name} is none of {}", Self::NAMES.join(", ")).into())
            }
        }
    };
}
