//! The trash as messages say it.
use kit_base::Timestamp;
use proto::tasks::v1::{RestoreTrashResponse, TrashItem};

use super::store::Trashed;
use crate::{
    ids::{ObjectId, ProjectId},
    journal::message::object_type,
};

/// Where something was restored to.
pub(crate) fn restored(
    of_type: &str,
    id: ObjectId,
    project: ProjectId,
    in_place: bool,
) -> RestoreTrashResponse {
    let object_type = object_type(of_type).into();
    RestoreTrashResponse {
        object_type,
        id: id.to_string(),
        project_id: project.to_string(),
        in_place,
    }
}

impl From<Trashed> for TrashItem {
    fn from(Trashed { id, object_type: of_type, title, deleted_at, size }: Trashed) -> Self {
        let deleted_at: Timestamp = deleted_at;
        let object_type = object_type(of_type).into();
        Self {
            id: id.to_string(),
            object_type,
            title,
            deleted_at: Some(proto::moment(deleted_at)),
            size,
        }
    }
}
