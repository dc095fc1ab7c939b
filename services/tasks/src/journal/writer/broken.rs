//! What comes of a unit that broke, and whom it is held against.
use crate::Error;

/// A unit that came to nothing: none of its writes was acknowledged.
pub(super) struct Broken {
    pub(super) error: Error,
    pub(super) blame: Blame,
}

/// Which of its writes a unit broke at.
pub(super) enum Blame {
    /// None: it would have broken without them, too.
    All,
    /// One that is known, by its place.
    One(usize),
    /// One or more that are not.
    Some,
}

impl Broken {
    /// Broken when the scope was not had yet. That is nobody's fault as long as it may be had later.
    pub(super) fn at_begin(error: Error) -> Self {
        let blame = match &error {
            Error::Database(cause) if !cause.is_passing() => Blame::Some,
            _ => Blame::All,
        };
        Self { error, blame }
    }

    /// Broken at `blame`, unless it is the database that has gone.
    pub(super) fn unless_gone(error: Error, blame: Blame) -> Self {
        match &error {
            Error::Database(cause) if matches!(**cause, kit_db::Error::Unavailable(_)) => {
                Self { error, blame: Blame::All }
            }
            _ => Self { error, blame },
        }
    }
}
