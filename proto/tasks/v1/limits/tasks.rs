/// The most characters of a task's title.
pub const TITLE: usize = 500;
/// The most characters of a task's description.
pub const DESCRIPTION: usize = 16 * 1024;
/// The most characters of a label.
pub const LABEL: usize = 60;
/// The most labels of a task.
pub const LABELS: usize = 64;
/// The shortest that a task is thought to take, in minutes.
pub const LEAST_ESTIMATE_MINUTES: i32 = 1;
/// The longest that a task is thought to take, in minutes: a year.
pub const ESTIMATE_MINUTES: i32 = 525_600;
macro_rules! kept {
    (first) => {
        "0001-01-02"
    };
    (last) => {
        "9999-12-29"
    };
    (from a $what:literal) => {
        concat!("a ", $what, " from ", kept!(first), " to ", kept!(last))
    };
}
/// The first day that every zone can place on the line of time.
pub const FIRST_DAY: &str = kept!(first);
/// The last such day.
pub const LAST_DAY: &str = kept!(last);
/// A day that can be kept, in words.
pub const DAY: &str = concat!(kept!(from a "day"), ", as 2026-09-01");
/// A time that can be kept, in words.
pub const WALL_TIME: &str = concat!(
    kept!(from a "wall time"),
    " in whole seconds, as 2026-09-01T09:00:00, or one that ends in `Z` or an offset as +02:00, \
     which the first and the last day have no room for"
);
/// How deep tasks may lie in each other.
pub const DEPTH: usize = 5;
/// The most values of a filter, and the most words of a search.
pub const FILTER: usize = 16;
/// What may have been done to an object, as a change tells it.
pub const OPERATIONS: [&str; 8] =
    ["create", "update", "complete", "reopen", "move", "delete", "restore", "purge"];
/// The orders of a list; `-` in front turns one round.
pub const ORDERS: [&str; 6] = ["created_at", "-created_at", "due", "-due", "rank", "-rank"];
