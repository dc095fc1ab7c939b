//! Closed sets of names, as they stand in the database and in JSON.
use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    serialize::{self, Output, ToSql},
    sql_types::Text,
};

macro_rules! names {
    ($(#[doc = $doc:literal])* $type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
        #[diesel(sql_type = Text)]
        pub(crate) enum $type { $($variant),+ }

        impl $type {
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            pub(crate) fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }

        impl<DB: Backend> ToSql<Text, DB> for $type
        where
            str: ToSql<Text, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                self.name().to_sql(out)
            }
        }

        impl<DB: Backend> FromSql<Text, DB> for $type
        where
            String: FromSql<Text, DB>,
        {
            fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
                let name = String::from_sql(value)?;
                Self::parse(&name).ok_or_else(|| format!("{name} is no {}", stringify!($type)).into())
            }
        }
    };
}

names! {
    /// How far a task has come (RFC 5545, VTODO).
    Status { NeedsAction = "needs_action", InProcess = "in_process", Completed = "completed", Cancelled = "cancelled" }
}

names! {
    /// How pressing a task is. Names, since every product counts the other way round.
    Priority { None = "none", Low = "low", Medium = "medium", High = "high", Urgent = "urgent" }
}

names! {
    /// What an entry of the journal is about.
    ObjectType { Task = "task", Project = "project" }
}

names! {
    /// What was done to it.
    Operation {
        Create = "create", Update = "update", Complete = "complete", Reopen = "reopen", Move = "move", Delete = "delete",
        Restore = "restore", Purge = "purge",
    }
}

impl Status {
    /// Whether there is still something to do.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::NeedsAction | Self::InProcess)
    }
}
