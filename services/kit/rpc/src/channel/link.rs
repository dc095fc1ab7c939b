//! One place for a connection: opened when a call needs it, by the first for all who wait.
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http2::SendRequest;
use tokio::sync::watch;

use super::call::Length;

/// The sending side of an HTTP/2 connection.
pub(crate) type Connection = SendRequest<Full<Bytes>>;

#[derive(Debug)]
enum State {
    Closed,
    Opening,
    Open(Connection),
}

/// A connection that may be there, and the number of streams on it.
#[derive(Debug)]
pub(crate) struct Link {
    /// Which calls it is for.
    pub(super) length: Length,
    state: watch::Sender<State>,
    streams: AtomicUsize,
}

impl Link {
    pub(crate) fn new(length: Length) -> Self {
        Self { length, state: watch::Sender::new(State::Closed), streams: AtomicUsize::new(0) }
    }

    pub(crate) fn streams(&self) -> usize {
        self.streams.load(Ordering::Relaxed)
    }

    /// Takes a place for a stream; false when `most` are taken.
    pub(crate) fn enter(&self, most: usize) -> bool {
        let entered = self.streams.fetch_add(1, Ordering::Relaxed) < most;
        if !entered {
            self.leave();
        }
        entered
    }

    /// Gives the place back.
    pub(crate) fn leave(&self) {
        self.streams.fetch_sub(1, Ordering::Relaxed);
    }

    /// The connection, if it is open.
    pub(crate) fn open_one(&self) -> Option<Connection> {
        match &*self.state.borrow() {
            State::Open(connection) if !connection.is_closed() => Some(connection.clone()),
            State::Closed | State::Opening | State::Open(_) => None,
        }
    }

    /// What becomes of the connection, and whether it is the caller who has to open it.
    pub(crate) fn begin(&self) -> (Opening, bool) {
        let changes = self.state.subscribe();
        let first = self.state.send_if_modified(|state| {
            let open = matches!(state, State::Open(connection) if !connection.is_closed());
            let first = !open && !matches!(state, State::Opening);
            if first {
                *state = State::Opening;
            }
            first
        });
        (Opening(changes), first)
    }

    /// The connection is open.
    pub(crate) fn opened(&self, connection: Connection) {
        self.state.send_replace(State::Open(connection));
    }

    /// There is no connection.
    pub(crate) fn failed(&self) {
        self.state.send_replace(State::Closed);
    }

    /// Sends no more on the connection; what is under way goes on.
    pub(crate) fn close(&self) {
        self.state.send_if_modified(|state| {
            let open = matches!(state, State::Open(_));
            if open {
                *state = State::Closed;
            }
            open
        });
    }
}

/// A connection that is being opened.
pub(crate) struct Opening(watch::Receiver<State>);

impl Opening {
    /// The connection; none when that failed.
    pub(crate) async fn settled(mut self) -> Option<Connection> {
        let settled = self.0.wait_for(|state| !matches!(state, State::Opening)).await.ok()?;
        match &*settled {
            State::Open(connection) => Some(connection.clone()),
            State::Closed | State::Opening => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_given_to_so_many_and_refusing_one_takes_none() {
        let link = Link::new(Length::Brief);
        assert_eq!(
            [link.enter(2), link.enter(2), link.enter(2), link.enter(2)],
            [true, true, false, false]
        );
        assert_eq!(link.streams(), 2);
        link.leave();
        assert!(link.enter(2) && !link.enter(2));
    }

    #[tokio::test]
    async fn one_opens_the_connection_for_all_who_wait_and_the_next_tries_again() {
        let link = Link::new(Length::Brief);
        let (opening, first) = link.begin();
        let (waiting, second) = link.begin();
        assert_eq!((first, second), (true, false));
        // While it is being opened there is nothing to close: whoever opens it still says how that ended.
        link.close();
        assert!(!link.begin().1);
        link.failed();
        assert!(opening.settled().await.is_none() && waiting.settled().await.is_none());
        assert!(link.begin().1, "the next call opens it");
    }
}
