//! The second port: probes, metrics, the log level and the switchboard, on a thread of its own that no request can keep busy.
mod accept;
mod entry;
mod grpc;
mod health;
mod routes;
mod switches;
mod work;

use std::{io, net::TcpListener, sync::Arc, thread};

use tokio::runtime::{self, Handle};

#[cfg(test)]
pub(crate) use self::health::Phase;
pub use self::{entry::Entry, health::Health};
use crate::{
    config::Switch,
    metrics,
    serve::{Limits, serve},
    service::Service,
};
use kit_base::Stop;

/// Serves the admin port on a runtime of one thread until the process ends. `requests` is the runtime that is watched.
///
/// # Errors
/// When the thread cannot be started.
pub fn start(
    name: &'static str,
    listener: TcpListener,
    health: Arc<Health>,
    entry: Entry,
    requests: Handle,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    metrics::watch_runtime(requests);
    if entry.switchboard == Switch::On {
        kit_base::underway::keep();
    }
    let serve = async move {
        let service = Service::http("admin", routes::router(name, health, entry));
        let listener = tokio::net::TcpListener::from_std(listener)?;
        serve(service, listener, &Limits::default(), Stop::new()).await
    };
    let thread = thread::Builder::new().name("admin".to_owned());
    thread.spawn(move || {
        if let Err(error) = runtime.block_on(serve) {
            tracing::error!(%error, "the admin port is closed");
        }
    })?;
    Ok(())
}
