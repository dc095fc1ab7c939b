//! What the database knows. Every query stands once, for both backends.
pub(crate) mod accounts;
pub(crate) mod attempts;
pub(crate) mod housekeeping;
pub(crate) mod keys;
pub(crate) mod revocations;
pub(crate) mod sessions;
pub(crate) mod tokens;

use kit::db;

use crate::Error;

/// None where there is no such row.
fn optional<T>(found: Result<T, db::Error>) -> Result<Option<T>, Error> {
    match found {
        Ok(row) => Ok(Some(row)),
        Err(db::Error::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
