//! How much a scope may keep, and what is counted for that.
use super::stored::Kind;
use crate::access::usage::Quotas;

/// The quotas of a scope, and the rows by which its use is counted.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) quotas: Quotas,
    pub(crate) kinds: &'static [Kind],
}
