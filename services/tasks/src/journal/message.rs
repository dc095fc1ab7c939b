//! The journal as messages say it.
use kit::page::{self, PageError};
use proto::tasks::v1::{self, ObjectType};
use uuid::Uuid;

use super::change::Change;
use crate::{Error, ids::ScopeId, message::moment};

const LIST: &str = "changes";

/// A cursor: how far in each scope. One scope today.
pub(crate) fn cursor(scope: ScopeId, sequence: i64) -> String {
    page::encode(LIST, &[(scope.0, sequence)])
}

/// How far a cursor is in a scope; none when it is empty.
pub(crate) fn position(scope: ScopeId, cursor: &str) -> Result<Option<i64>, Error> {
    let Some(positions) = page::decode::<Vec<(Uuid, i64)>>(LIST, cursor)? else { return Ok(None) };
    let own = positions.into_iter().find(|(id, sequence)| *id == scope.0 && *sequence >= 0);
    own.map(|(_, sequence)| Some(sequence)).ok_or(PageError::Cursor.into())
}

/// The contract's name of a type of objects: that of the journal, spelled as Protocol Buffers spell enums.
pub(crate) fn object_type(name: &str) -> ObjectType {
    let name = format!("OBJECT_TYPE_{}", name.to_ascii_uppercase());
    ObjectType::from_str_name(&name).unwrap_or(ObjectType::Unspecified)
}

impl From<Change> for v1::Change {
    fn from(change: Change) -> Self {
        let Change {
            scope_id,
            sequence,
            at,
            actor_id,
            session_id: _,
            request_id,
            trace_id: _,
            object_type: of_type,
            object_id,
            object_version,
            operation,
            changes,
        } = change;
        Self {
            scope_id: scope_id.to_string(),
            sequence,
            at: Some(moment(at)),
            actor_id: actor_id.to_string(),
            object_type: object_type(&of_type).into(),
            object_id: object_id.to_string(),
            object_version,
            operation: operation.name().to_owned(),
            changes: changes.0,
            request_id,
            cursor: cursor(scope_id, sequence),
        }
    }
}
