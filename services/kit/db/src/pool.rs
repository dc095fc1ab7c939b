//! Pools of connections, each counted under a name of its own.
use std::{
    error::Error as StdError,
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

use deadpool::managed::{self, Manager, Object, PoolError, TimeoutType};
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use kit_base::{metrics::before_scrape, request, steps::Kind};
use tokio::time::Instant;

use crate::{
    Error,
    metrics::{self, PoolState},
};

/// A wait for a connection that is no step of its own.
const SHORT: Duration = Duration::from_millis(1);

/// A connection that goes back to its pool.
pub(crate) type Pooled<C> = Lent<AsyncDieselConnectionManager<C>>;

/// What goes back to its pool, which is told then for how long it was used.
pub struct Lent<M: Manager> {
    object: Object<M>,
    _use: Use,
}

struct Use {
    since: Instant,
    time: prometheus::Histogram,
}

impl Drop for Use {
    fn drop(&mut self) {
        self.time.observe(self.since.elapsed().as_secs_f64());
    }
}

impl<M: Manager> Lent<M> {
    /// Takes it out of its pool for good.
    pub(crate) fn leave(self) -> M::Type {
        Object::take(self.object)
    }
}

impl<M: Manager> Deref for Lent<M> {
    type Target = M::Type;

    fn deref(&self) -> &M::Type {
        &self.object
    }
}

impl<M: Manager> DerefMut for Lent<M> {
    fn deref_mut(&mut self) -> &mut M::Type {
        &mut self.object
    }
}

/// Connections that are used by one at a time.
pub(crate) struct Pool<M: Manager> {
    connections: managed::Pool<M>,
    metrics: metrics::Pool,
    /// What is told when there is no connection.
    server: Arc<str>,
}

impl<M: Manager> Clone for Pool<M> {
    fn clone(&self) -> Self {
        let Self { connections, metrics, server } = self;
        let (connections, metrics) = (connections.clone(), metrics.clone());
        Self { connections, metrics, server: Arc::clone(server) }
    }
}

impl<M> Pool<M>
where
    M: Manager<Type: Send, Error: StdError + 'static> + Send + Sync + 'static,
{
    /// How many connections there may be.
    pub(crate) fn most(&self) -> usize {
        self.connections.status().max_size
    }

    /// Counts a pool, from now until it is gone.
    pub(crate) fn new(
        connections: managed::Pool<M>,
        metrics: metrics::Pool,
        server: Arc<str>,
    ) -> Self {
        let (pool, told) = (connections.weak(), metrics.clone());
        before_scrape(move || {
            let status = pool.upgrade().map(|pool| pool.status());
            told.stands(status.map_or_else(PoolState::default, |status| PoolState {
                used: status.size.saturating_sub(status.available),
                idle: status.available,
                max: status.max_size,
                pending: status.waiting,
            }));
            status.is_some()
        });
        Self { connections, metrics, server }
    }

    /// A connection, once one is free.
    pub(crate) async fn get(&self) -> Result<Lent<M>, Error> {
        let asked = Instant::now();
        Error::unless_switched_off(&self.server).await?;
        let step = request::begin(Kind::Internal, || ("db.connection.wait".into(), vec![]));
        let taken = self.connections.get().await;
        if let Some(step) = step {
            step.end_if_long(taken.is_err(), SHORT);
        }
        match &taken {
            Ok(_) => self.metrics.waited(asked.elapsed()),
            Err(PoolError::Timeout(TimeoutType::Wait)) => self.metrics.timed_out(),
            Err(_) => {}
        }
        let object = taken.map_err(|error| Error::no_connection(&self.server, &error))?;
        Ok(Lent { object, _use: Use { since: Instant::now(), time: self.metrics.usage.clone() } })
    }
}
