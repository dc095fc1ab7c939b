use kit::page;
use proto::tasks::v1::{
    ListTrashRequest, ListTrashResponse, ObjectType, PurgeTrashRequest, PurgeTrashResponse,
    RestoreTrashRequest, RestoreTrashResponse, TrashItem, trash_service_server::TrashService,
};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{Reply, Rpc, id, moment};
use crate::{
    Error,
    command::Command,
    domain::{ObjectId, ScopeId},
    store::trash::{self, Trashed},
};

#[tonic::async_trait]
impl TrashService for Rpc {
    async fn list_trash(&self, request: Request<ListTrashRequest>) -> Reply<ListTrashResponse> {
        let scope = self.scope(&request).await?;
        let page = self.trash(scope, request.into_inner()).await?;
        Ok(Response::new(page))
    }

    async fn restore_trash(
        &self,
        request: Request<RestoreTrashRequest>,
    ) -> Reply<RestoreTrashResponse> {
        self.write("RestoreTrash", request, |RestoreTrashRequest { id: trash }| {
            Ok(Command::Restore { id: id(&trash, Error::TrashNotFound)? })
        })
        .await
    }

    async fn purge_trash(&self, request: Request<PurgeTrashRequest>) -> Reply<PurgeTrashResponse> {
        self.write("PurgeTrash", request, |PurgeTrashRequest { id: trash }| {
            Ok(Command::Purge { id: id(&trash, Error::TrashNotFound)? })
        })
        .await
    }
}

impl Rpc {
    async fn trash(
        &self,
        scope: ScopeId,
        request: ListTrashRequest,
    ) -> Result<ListTrashResponse, Error> {
        let ListTrashRequest { limit, cursor } = request;
        let limit = page::limit(limit)?;
        let after = page::decode::<Uuid>("trash", &cursor)?.map(ObjectId);
        let found = trash::list(&self.db, scope, after, limit + 1).await?;
        let (found, next_cursor) =
            page::cut(found, limit, |last| page::encode("trash", &last.id.0));
        Ok(ListTrashResponse { items: found.into_iter().map(Into::into).collect(), next_cursor })
    }
}

impl From<Trashed> for TrashItem {
    fn from(Trashed { id, object_type, title, deleted_at, size }: Trashed) -> Self {
        let object_type = ObjectType::from(object_type).into();
        Self { id: id.to_string(), object_type, title, deleted_at: Some(moment(deleted_at)), size }
    }
}
