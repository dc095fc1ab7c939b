use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use tonic::Code;

use kit_base::{
    Fault,
    error::{Absent, chain},
    switches,
};

/// What an operator calls it who makes it fail.
pub(crate) const DATABASE: &str = "database";

/// Why a query did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection within the time, or the one at hand was lost: the database is down, starting, or overloaded.
    #[error("the database cannot be reached right now; try again")]
    Unavailable(#[source] Absent),
    /// The database gave up on a statement, or on a transaction, that took too long or waited too long for others.
    #[error("the database did not get that done in time; try again")]
    GivenUp(#[source] Absent),
    /// An operator has switched that nothing is written, for so long still.
    #[error("{}", switches::READ_ONLY)]
    ReadOnly(Duration),
    /// A unique key is taken: its name.
    #[error("a unique key is taken: {0}")]
    Taken(String),
    /// No row.
    #[error("no such row")]
    NotFound,
    /// A query that should have worked did not.
    #[error("a query failed")]
    Query(#[source] anyhow::Error),
}

impl Error {
    /// Whether the same may succeed a little later.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::GivenUp(_) | Self::ReadOnly(_))
    }

    /// No connection could be had to `database`, which is named without its password.
    pub(crate) fn no_connection(database: &str, error: &dyn std::error::Error) -> Self {
        Self::Unavailable(Absent::new(anyhow::anyhow!("{database}: {}", innermost(error))))
    }

    /// No connection can be had to `database` where an operator has switched that; it may only take longer, too.
    pub(crate) async fn unless_switched_off(database: &str) -> Result<(), Self> {
        let place = || switches::Place::Dependency(DATABASE.to_owned());
        match switches::strike(place).await {
            None => Ok(()),
            Some(_) => Err(Self::switched_off(database)),
        }
    }

    /// No connection, because an operator has switched that.
    fn switched_off(database: &str) -> Self {
        let switched = anyhow::anyhow!("{database}: switched off by an operator");
        Self::Unavailable(Absent::new(switched))
    }

    /// The same for one more who waited for the query.
    pub(crate) fn told_again(&self) -> Self {
        match self {
            Self::Unavailable(cause) => {
                Self::Unavailable(Absent::new(anyhow::anyhow!("{}", chain(cause))))
            }
            Self::GivenUp(cause) => Self::GivenUp(Absent::new(anyhow::anyhow!("{}", chain(cause)))),
            Self::ReadOnly(left) => Self::ReadOnly(*left),
            Self::Taken(key) => Self::Taken(key.clone()),
            Self::NotFound => Self::NotFound,
            Self::Query(cause) => Self::Query(anyhow::anyhow!("{cause:#}")),
        }
    }
}

/// What an error comes from: what wraps it says only that nothing was reached.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |cause| (*cause).source());
    causes.last().map(ToString::to_string).unwrap_or_default()
}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        match self {
            Self::Unavailable(_) | Self::GivenUp(_) => (Code::Unavailable, "DATABASE_UNAVAILABLE"),
            Self::ReadOnly(_) => (Code::Unavailable, "READ_ONLY"),
            Self::Taken(_) | Self::NotFound | Self::Query(_) => (Code::Internal, "INTERNAL"),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::ReadOnly(left) => Some(*left),
            other => other.is_passing().then_some(Duration::from_secs(1)),
        }
    }
}

/// What SQLite says where another holds what is asked for.
pub(crate) const LOCKED: &str = "database is locked";

/// How PostgreSQL begins what it says when a query ended for a reason that passes. The code itself does not come through diesel.
const PASSING: [&str; 5] = [
    "terminating connection",
    "the database system is",
    "deadlock detected",
    "cached plan must not change",
    LOCKED,
];

/// The same where it was too slow.
const SLOW: [&str; 2] =
    ["canceling statement due to", "terminating connection due to idle-in-transaction"];

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::NotFound => Self::NotFound,
            DieselError::DatabaseError(kind, information) => {
                let message = information.message().to_owned();
                let says = |starts: &[&str]| starts.iter().any(|start| message.starts_with(start));
                match kind {
                    DatabaseErrorKind::UniqueViolation => {
                        Self::Taken(information.constraint_name().unwrap_or(&message).to_owned())
                    }
                    DatabaseErrorKind::ClosedConnection
                    | DatabaseErrorKind::UnableToSendCommand
                    | DatabaseErrorKind::SerializationFailure
                    | DatabaseErrorKind::ReadOnlyTransaction => {
                        Self::Unavailable(Absent::new(anyhow::anyhow!("{kind:?}: {message}")))
                    }
                    _ if says(&SLOW) => Self::GivenUp(Absent::new(anyhow::anyhow!("{message}"))),
                    _ if says(&PASSING) => {
                        Self::Unavailable(Absent::new(anyhow::anyhow!("{message}")))
                    }
                    _ => Self::Query(anyhow::anyhow!("{kind:?}: {message}")),
                }
            }
            error @ DieselError::BrokenTransactionManager => Self::Unavailable(Absent::new(error)),
            error => Self::Query(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use diesel::result::DatabaseErrorInformation;

    use super::*;

    /// What a server says of an error.
    struct Said(&'static str, Option<&'static str>);

    impl DatabaseErrorInformation for Said {
        fn message(&self) -> &str {
            self.0
        }
        fn details(&self) -> Option<&str> {
            None
        }
        fn hint(&self) -> Option<&str> {
            None
        }
        fn table_name(&self) -> Option<&str> {
            None
        }
        fn column_name(&self) -> Option<&str> {
            None
        }
        fn constraint_name(&self) -> Option<&str> {
            self.1
        }
        fn statement_position(&self) -> Option<i32> {
            None
        }
    }

    fn failed(kind: DatabaseErrorKind, message: &'static str) -> Error {
        DieselError::DatabaseError(kind, Box::new(Said(message, None))).into()
    }

    #[test]
    fn what_passes_is_told_from_what_is_broken() {
        use DatabaseErrorKind::{
            ClosedConnection, ForeignKeyViolation, NotNullViolation, ReadOnlyTransaction,
            SerializationFailure, UnableToSendCommand, Unknown,
        };
        for (kind, message, passes) in [
            (ClosedConnection, "connection closed", true),
            (UnableToSendCommand, "broken pipe", true),
            (SerializationFailure, "could not serialize access", true),
            (ReadOnlyTransaction, "cannot execute UPDATE in a read-only transaction", true),
            (Unknown, "canceling statement due to statement timeout", true),
            (Unknown, "canceling statement due to lock timeout", true),
            (Unknown, "terminating connection due to idle-in-transaction timeout", true),
            (Unknown, "terminating connection due to administrator command", true),
            (Unknown, "the database system is starting up", true),
            (Unknown, "deadlock detected", true),
            (Unknown, "cached plan must not change result type", true),
            (Unknown, "database is locked", true),
            (Unknown, "relation \"tasks\" does not exist", false),
            (Unknown, "the column says: deadlock detected", false),
            (NotNullViolation, "null value in column", false),
            (ForeignKeyViolation, "violates foreign key", false),
        ] {
            let error = failed(kind, message);
            assert_eq!(error.is_passing(), passes, "{message}");
            let (code, again) = (error.fault().0, error.retry_after().is_some());
            let expected = if passes { Code::Unavailable } else { Code::Internal };
            assert_eq!((code, again), (expected, passes), "{message}");
            assert!(chain(&error).contains(message), "the log has the cause: {}", chain(&error));
            assert!(!error.to_string().contains(message), "who asks has not: {error}");
            let slow = message.contains("timeout");
            assert_eq!(matches!(error, Error::GivenUp(_)), slow, "{message}");
        }
        assert!(Error::from(DieselError::BrokenTransactionManager).is_passing());
        assert!(!Error::from(DieselError::RollbackTransaction).is_passing());
    }

    #[test]
    fn a_taken_key_is_called_by_its_constraint_or_by_what_is_said_of_it() {
        for (constraint, called) in [
            (Some("accounts_email_key"), "accounts_email_key"),
            (None, "UNIQUE failed: accounts.email"),
        ] {
            let said = Box::new(Said("UNIQUE failed: accounts.email", constraint));
            let error = DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, said);
            let Error::Taken(key) = error.into() else { panic!("it is taken") };
            assert_eq!(key, called);
        }
    }

    #[test]
    fn all_who_waited_are_told_the_same() {
        for error in [
            failed(DatabaseErrorKind::ClosedConnection, "lost"),
            failed(DatabaseErrorKind::Unknown, "no such table"),
            Error::Taken("key".to_owned()),
            Error::NotFound,
        ] {
            let again = error.told_again();
            assert_eq!((again.fault(), chain(&again)), (error.fault(), chain(&error)));
        }
    }
}
