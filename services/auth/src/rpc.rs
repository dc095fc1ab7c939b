//! All that is served.
use std::sync::Arc;

use kit_rpc::Services;

use crate::{accounts, authority::Authority, sessions, trust};

/// How each resource is served.
const RESOURCES: &[fn(&Arc<Authority>, Services) -> Services] =
    &[accounts::rpc::serve, sessions::rpc::serve, trust::rpc::serve];

/// All of them.
pub(crate) fn services(authority: &Arc<Authority>) -> Services {
    RESOURCES.iter().fold(Services::default(), |services, serve| serve(authority, services))
}
