use super::catalogue::{LOAD_LIMIT, LOAD_SHED};

/// Counts a connection or request that was refused to protect the others.
pub fn load_shed(reason: &'static str) {
    LOAD_SHED.series(&[reason]).inc();
}

/// Begins to count, at 0, what is refused for this reason.
pub fn begin_load_shed(reason: &'static str) {
    drop(LOAD_SHED.series(&[reason]));
}

/// Notes how many requests are worked on at once from now on.
pub fn load_limit(requests: usize) {
    LOAD_LIMIT.set(&[], requests);
}
