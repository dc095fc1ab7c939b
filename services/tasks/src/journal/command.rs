//! A write, as the journal carries it out.
use std::{any::Any, fmt::Debug};

use futures_util::future::BoxFuture;
use prost::Message;

use super::{change::Actor, error, stored::Wanted, unit::Unit};
use crate::Error;

/// What each resource has one enum of: it says what it is about, and what it does inside a unit of work.
pub(crate) trait Command: Debug + Send + Sync {
    /// The resource and the operation, as metrics name them: one of the resource's `OPERATIONS`.
    fn label(&self) -> [&'static str; 2];

    /// Whether it only makes less: it is carried out even where no more may be written.
    fn frees(&self) -> bool;

    /// The rows it is about: read before it runs, together with those of the other writes at hand.
    fn wanted(&self) -> Vec<Wanted>;

    /// Runs it. Refusals come before the first save, so that a refused write leaves nothing in a unit it shares.
    fn run<'u>(
        &'u self,
        unit: &'u mut Unit,
        actor: &'u Actor,
    ) -> BoxFuture<'u, Result<Answer, Error>>;
}

/// What a write answers.
pub(crate) struct Answer {
    pub(crate) message: Box<dyn Any + Send>,
    encode: fn(&dyn Any) -> Vec<u8>,
}

impl Answer {
    /// The answer that is this message.
    pub(crate) fn new<M: Message + 'static>(message: M) -> Self {
        let encode = |message: &dyn Any| {
            message.downcast_ref::<M>().map(M::encode_to_vec).unwrap_or_default()
        };
        Self { message: Box::new(message), encode }
    }

    /// Its bytes, as they are kept under an idempotency key.
    pub(crate) fn encoded(&self) -> Vec<u8> {
        (self.encode)(&*self.message)
    }
}

/// Refuses a write whose caller saw another version.
pub(crate) fn expect_version(at: i64, if_version: Option<i64>) -> Result<(), Error> {
    match if_version {
        Some(seen) if seen != at => Err(error::Error::Stale { at }.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use kit_base::Fault as _;

    use super::*;

    #[test]
    fn only_a_caller_that_saw_another_version_is_refused() {
        for (seen, refused) in
            [(None, false), (Some(3), false), (Some(2), true), (Some(4), true), (Some(0), true)]
        {
            let outcome = expect_version(3, seen);
            assert_eq!(outcome.is_err(), refused, "{seen:?}");
            if let Err(error) = outcome {
                assert_eq!(error.fault().1, "VERSION_MISMATCH", "{seen:?}");
            }
        }
    }
}
