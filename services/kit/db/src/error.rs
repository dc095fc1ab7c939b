use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use tonic::Code;

use kit_base::{
    Fault,
    error::{Absent, chain},
};

/// Why a query did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection within the time, or the one at hand was lost: the database is down, starting, or overloaded.
    #[error("the database cannot be reached right now; try again")]
    Unavailable(#[source] Absent),
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
        matches!(self, Self::Unavailable(_))
    }

    /// The same for one more who waited for the query.
    pub(crate) fn told_again(&self) -> Self {
        match self {
            Self::Unavailable(cause) => {
                Self::Unavailable(Absent::new(anyhow::anyhow!("{}", chain(cause))))
            }
            Self::Taken(key) => Self::Taken(key.clone()),
            Self::NotFound => Self::NotFound,
            Self::Query(cause) => Self::Query(anyhow::anyhow!("{cause:#}")),
        }
    }
}

impl Fault for Error {
    fn fault(&self) -> (Code, &'static str) {
        match self {
            Self::Unavailable(_) => (Code::Unavailable, "DATABASE_UNAVAILABLE"),
            Self::Taken(_) | Self::NotFound | Self::Query(_) => (Code::Internal, "INTERNAL"),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        matches!(self, Self::Unavailable(_)).then_some(Duration::from_secs(1))
    }
}

/// How PostgreSQL begins what it says when a query ended for a reason that passes. The code itself does not come through diesel.
const PASSING: [&str; 6] = [
    "canceling statement due to",
    "terminating connection",
    "the database system is",
    "deadlock detected",
    "cached plan must not change",
    "database is locked",
];

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::NotFound => Self::NotFound,
            DieselError::DatabaseError(kind, information) => {
                let message = information.message().to_owned();
                let passing = PASSING.iter().any(|start| message.starts_with(start));
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
                    _ if passing => Self::Unavailable(Absent::new(anyhow::anyhow!("{message}"))),
                    _ => Self::Query(anyhow::anyhow!("{kind:?}: {message}")),
                }
            }
            error @ DieselError::BrokenTransactionManager => Self::Unavailable(Absent::new(error)),
            error => Self::Query(error.into()),
        }
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<deadpool::managed::PoolError<E>> for Error {
    fn from(error: deadpool::managed::PoolError<E>) -> Self {
        Self::Unavailable(Absent::new(error))
    }
}
