//! What a scope keeps, as peers ask for it.
use kit_rpc::Services;
use proto::tasks::v1::{
    GetUsageRequest, Quota, Usage, UsageServicePeer, usage_service_server::UsageService,
};
use tonic::{Request, Response};

use super::store;
use crate::{
    journal::rows::Row as _,
    projects::row::Project,
    rpc::{Reply, Rpc},
    tasks::row::Task,
};

/// Serves it.
pub(crate) fn serve(rpc: Rpc, services: Services) -> Services {
    UsageServicePeer::serve(services, rpc)
}

#[tonic::async_trait]
impl UsageService for Rpc {
    async fn get_usage(&self, request: Request<GetUsageRequest>) -> Reply<Usage> {
        let scope = self.scope(&request).await?;
        let usage = store::usage(&self.db, scope, self.bounds.kinds).await?;
        let (quotas, now) = (&self.bounds.quotas, self.clock.now());
        let rows = |object_type| Quota {
            used: usage.rows_of(object_type),
            limit: quotas.rows.get(object_type).copied(),
        };
        Ok(Response::new(Usage {
            tasks: Some(rows(Task::TYPE)),
            projects: Some(rows(Project::TYPE)),
            bytes: Some(Quota { used: usage.bytes, limit: quotas.bytes }),
            bytes_today: Some(Quota { used: usage.written_today(now), limit: quotas.bytes_a_day }),
        }))
    }
}
