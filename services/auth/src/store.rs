//! What every store asks of the database.
use kit_db as db;

use crate::error::Error;

/// None where there is no such row.
pub(crate) fn optional<T>(found: Result<T, db::Error>) -> Result<Option<T>, Error> {
    match found {
        Ok(row) => Ok(Some(row)),
        Err(db::Error::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
