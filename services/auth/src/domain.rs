//! The rules: values in, values out.
pub(crate) mod account;
pub(crate) mod device;
pub(crate) mod keys;
pub(crate) mod password;
pub(crate) mod phc;
pub(crate) mod session;
pub(crate) mod throttle;

use kit::Violation;

/// Notes what is wrong, so that every fault of a request is said at once.
pub(crate) fn gather<T>(outcome: Result<T, Violation>, faults: &mut Vec<Violation>) -> Option<T> {
    outcome.map_err(|fault| faults.push(fault)).ok()
}
