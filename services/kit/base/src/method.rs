//! Methods of HTTP by the names that they have in what is to be seen.
use http::Method;

/// Those that have a name; the last stands for all others, of which a client can invent any number.
pub const METHODS: [&str; 8] =
    ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "_OTHER"];

/// Which of them a method is.
pub fn index(method: &Method) -> usize {
    METHODS.iter().position(|known| *known == method.as_str()).unwrap_or(METHODS.len() - 1)
}
