//! Replies of writes, encoded as they are kept under idempotency keys.
use prost::Message as _;
use proto::tasks::v1;

use crate::command::Answer;

/// The bytes of the reply.
pub(crate) fn encode(answer: Answer) -> Vec<u8> {
    match answer {
        Answer::Task(task) => v1::Task::from(*task).encode_to_vec(),
        Answer::Project(project) => v1::Project::from(project).encode_to_vec(),
        Answer::Restored { object_type, id, project, in_place } => {
            let (object_type, id, project_id) =
                (v1::ObjectType::from(object_type).into(), id.to_string(), project.to_string());
            v1::RestoreTrashResponse { object_type, id, project_id, in_place }.encode_to_vec()
        }
        // Every reply that says nothing is encoded as nothing.
        Answer::Gone => vec![],
    }
}
