//! The gRPC services of a process: as routes for other processes, and as they are for this one.
use std::{any::Any, convert::Infallible, fmt, sync::Arc};

use http::{Request, Response};
use tonic::{body::Body, server::NamedService, service::Routes};
use tower::Service;

/// What a process serves.
#[derive(Default)]
pub struct Services {
    pub(crate) routes: Routes,
    pub(crate) here: Vec<Box<dyn Any + Send + Sync>>,
}

impl Services {
    /// Serves `server` to other processes, and `service`, which it stands for, to this one. The generated peers find it by its type, as
    /// `Arc<dyn TaskService>`.
    #[must_use]
    pub fn with<S, T>(mut self, server: S, service: Arc<T>) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        T: ?Sized + Send + Sync + 'static,
    {
        self.routes = self.routes.add_service(server);
        self.here.push(Box::new(service));
        self
    }
}

impl From<Routes> for Services {
    /// What is served to other processes alone.
    fn from(routes: Routes) -> Self {
        Self { routes, here: vec![] }
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").field("here", &self.here.len()).finish_non_exhaustive()
    }
}
