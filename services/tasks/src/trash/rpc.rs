//! The trash, as peers ask for it.
use kit_base::{Timestamp, page};
use kit_rpc::Services;
use proto::tasks::v1::{
    ListTrashRequest, ListTrashResponse, PurgeTrashRequest, PurgeTrashResponse,
    RestoreTrashRequest, RestoreTrashResponse, TrashServicePeer,
    trash_service_server::TrashService,
};
use tonic::{Request, Response};
use uuid::Uuid;

use super::{
    error, store,
    write::{OPERATIONS, Write},
};
use crate::{
    Error,
    ids::{ObjectId, ScopeId},
    journal::metrics::register,
    message::path_id,
    rpc::{Reply, Rpc, Wanted},
};

/// Serves it, and names what is counted of it.
pub(crate) fn serve(rpc: Rpc, services: Services) -> Services {
    register(OPERATIONS);
    TrashServicePeer::serve(services, rpc)
}

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
            Ok(Write::Restore { id: path_id(&trash, error::Error::NotFound)? })
        })
        .await
    }

    async fn purge_trash(&self, request: Request<PurgeTrashRequest>) -> Reply<PurgeTrashResponse> {
        self.write("PurgeTrash", request, |PurgeTrashRequest { id: trash }| {
            Ok(Write::Purge { id: path_id(&trash, error::Error::NotFound)? })
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
        let after = page::decode::<(i64, Uuid)>("trash", &cursor)?
            .map(|(at, id)| (Timestamp::from_microseconds(at), ObjectId(id)));
        // All that is in the trash is counted.
        let read = async |_, rows| store::list(&self.db, scope, after, rows).await;
        let (found, limit, _room) = self
            .page(
                Wanted { rooms: &self.rooms, scope, long: true, limit },
                store::Trashed::bytes,
                read,
            )
            .await?;
        let (found, next_cursor) = page::cut(found, limit, store::Trashed::bytes, |last| {
            page::encode("trash", &(last.deleted_at.as_microseconds(), last.id.0))
        });
        Ok(ListTrashResponse { items: found.into_iter().map(Into::into).collect(), next_cursor })
    }
}
