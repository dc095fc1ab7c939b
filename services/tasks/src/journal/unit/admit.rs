//! Whether there is room for what a write wants.
use super::Unit;
use crate::{
    Error,
    access::error,
    journal::{metrics::count_refusal, rows::Row},
};

impl Unit {
    /// Refuses a write, unless there is room for one more row of type `R`. It comes before the first save.
    pub(crate) fn admit_row<R: Row>(&self) -> Result<(), Error> {
        counted(self.bounds.quotas.admit_row(&self.usage, R::TYPE))
    }

    /// Refuses a write that makes a row larger, where there is no room for that. It comes before the first save.
    pub(crate) fn admit_growth<R: Row>(&self, before: &R, after: &R) -> Result<(), Error> {
        if after.kept_bytes() <= before.kept_bytes() {
            return Ok(());
        }
        counted(self.bounds.quotas.admit_bytes(&self.usage))
    }

    /// Refuses a write where no more may be written today.
    pub(crate) fn admit_write(&self) -> Result<(), Error> {
        counted(self.bounds.quotas.admit_write(&self.usage, self.now))
    }
}

fn counted(outcome: Result<(), error::Error>) -> Result<(), Error> {
    outcome.inspect_err(|refusal| count_refusal(refusal.quota()))?;
    Ok(())
}
