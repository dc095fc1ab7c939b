//! What the messages of all resources say in the same way.
use kit::{Timestamp, Violation};
use uuid::Uuid;

use crate::Error;

/// A moment.
pub(crate) fn moment(moment: Timestamp) -> prost_types::Timestamp {
    let (seconds, nanos) = moment.to_proto();
    prost_types::Timestamp { seconds, nanos }
}

/// An id that a path names; one that is none names nothing.
pub(crate) fn path_id<T: std::str::FromStr>(
    text: &str,
    missing: impl Into<Error>,
) -> Result<T, Error> {
    text.parse().map_err(|_| missing.into())
}

/// An id that a field names.
pub(crate) fn field_id<T: std::str::FromStr>(
    field: &str,
    text: Option<&String>,
    faults: &mut Vec<Violation>,
) -> Option<T> {
    let parsed = text?.parse().ok();
    if parsed.is_none() {
        faults.push(Violation::new(field, "ID", "a UUID"));
    }
    parsed
}

/// An id of the client's choice: a UUIDv7 (RFC 9562).
pub(crate) fn chosen_id(text: Option<&String>, faults: &mut Vec<Violation>) -> Option<Uuid> {
    let id = field_id::<Uuid>("id", text, faults)?;
    if id.get_version_num() != 7 {
        faults.push(Violation::new("id", "ID", "a UUID of version 7, or leave it out"));
    }
    Some(id)
}
