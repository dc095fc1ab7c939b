//! What has come of heads and frames that are not whole, of all connections together. It waits in memory for the rest of it, and no service
//! knows of it yet.
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use crate::metrics;

/// Room for all of it, in bytes.
const ROOM: usize = 16 << 20;
/// What a connection has besides, in bytes: few heads are longer, and those who send such are let in however much others leave unfinished.
const FREE: usize = 8 << 10;
/// Why a connection is ended here.
const REASON: &str = "unfinished";

/// All of it, in bytes.
#[derive(Debug, Default)]
pub(super) struct Unfinished(AtomicUsize);

/// What a connection has of it.
#[derive(Debug)]
pub(super) struct Part {
    all: Arc<Unfinished>,
    counted: usize,
}

impl Unfinished {
    pub(super) fn new() -> Arc<Self> {
        metrics::begin_load_shed(REASON);
        Arc::default()
    }

    pub(super) fn part(self: &Arc<Self>) -> Part {
        Part { all: Arc::clone(self), counted: 0 }
    }
}

impl Part {
    /// So many bytes of the connection's are not whole now: whether there is room for them.
    pub(super) fn has_room(&mut self, bytes: usize) -> bool {
        let (before, counted) = (self.counted, bytes.saturating_sub(FREE));
        if counted == before {
            return true;
        }
        self.counted = counted;
        self.all.0.fetch_sub(before, Relaxed);
        let all = self.all.0.fetch_add(counted, Relaxed) + counted;
        let has_room = counted < before || all <= ROOM;
        if !has_room {
            metrics::load_shed(REASON);
        }
        has_room
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.all.0.fetch_sub(self.counted, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_much_unfinished_gets_no_more_room_than_there_is_and_others_go_on() {
        let all = Unfinished::new();
        let mut parts = vec![];
        loop {
            let mut part = all.part();
            if !part.has_room(FREE + (20 << 10)) {
                break;
            }
            parts.push(part);
        }
        assert_eq!(parts.len(), ROOM / (20 << 10));
        let mut small = all.part();
        assert!((1..=FREE).all(|bytes| small.has_room(bytes)));
        assert!(!small.has_room(FREE + ROOM), "there is no room for so much");
        assert!(small.has_room(0) && parts[0].has_room(FREE), "what has become whole is free");
        assert!(small.has_room(FREE + (20 << 10)));
        drop((parts, small));
        assert_eq!(all.0.load(Relaxed), 0);
    }
}
