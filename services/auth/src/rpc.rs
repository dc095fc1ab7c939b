//! The routes of all that is served.
use std::sync::Arc;

use tonic::service::Routes;

use crate::{accounts, authority::Authority, sessions, trust};

/// How each resource is served.
const RESOURCES: &[fn(&Arc<Authority>, Routes) -> Routes] =
    &[accounts::rpc::serve, sessions::rpc::serve, trust::rpc::serve];

/// All of them.
pub(crate) fn routes(authority: &Arc<Authority>) -> Routes {
    RESOURCES.iter().fold(Routes::default(), |routes, serve| serve(authority, routes))
}
