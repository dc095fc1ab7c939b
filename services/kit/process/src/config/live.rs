use std::{fmt, future::pending, sync::Arc};

use arc_swap::ArcSwap;
use tokio::sync::watch;

/// Settings that may change while the process runs: whoever keeps something by them follows.
#[derive(Clone)]
pub struct Live<C> {
    read: Arc<dyn Fn() -> C + Send + Sync>,
    changes: watch::Receiver<()>,
}

/// Changes them for all who follow.
#[derive(Debug)]
pub struct Publisher<C> {
    current: Arc<ArcSwap<C>>,
    changes: watch::Sender<()>,
}

impl<C: Clone + Send + Sync + 'static> Live<C> {
    /// Settings, and what changes them.
    pub fn published(settings: C) -> (Publisher<C>, Self) {
        let current = Arc::new(ArcSwap::from_pointee(settings));
        let (sender, changes) = watch::channel(());
        let publisher = Publisher { current: current.clone(), changes: sender };
        (publisher, Self { read: Arc::new(move || C::clone(&current.load())), changes })
    }

    /// Settings that never change.
    pub fn fixed(settings: C) -> Self {
        Self::published(settings).1
    }

    /// As they are now.
    pub fn now(&self) -> C {
        (self.read)()
    }

    /// A part of them.
    #[must_use]
    pub fn map<D>(&self, part: impl Fn(C) -> D + Send + Sync + 'static) -> Live<D> {
        let read = self.read.clone();
        Live { read: Arc::new(move || part(read())), changes: self.changes.clone() }
    }

    /// Ends when they have changed since it ended last.
    pub async fn changed(&mut self) {
        if self.changes.changed().await.is_err() {
            pending().await
        }
    }
}

impl<C> Publisher<C> {
    /// Puts other settings into effect.
    pub fn publish(&self, settings: C) {
        self.current.store(Arc::new(settings));
        self.changes.send_replace(());
    }
}

impl<C> fmt::Debug for Live<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_part_changes_with_the_whole() {
        let (publisher, whole) = Live::published((1, "a"));
        let mut part = whole.map(|(number, _)| number);
        assert!(part.changed().now_or_never().is_none());
        publisher.publish((2, "a"));
        part.changed().await;
        assert_eq!((part.now(), whole.now()), (2, (2, "a")));
        drop(publisher);
        assert!(part.changed().now_or_never().is_none(), "it waits for ever");
    }
}
