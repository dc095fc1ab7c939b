//! Calls that wait for a place.
use tokio::sync::Notify;

use super::call::Length;

/// Where calls wait that found no place; each kind by itself, since a place of the other is none for it.
#[derive(Debug, Default)]
pub(crate) struct Vacancies {
    brief: Notify,
    lasting: Notify,
}

impl Vacancies {
    /// Where a call of this length waits.
    pub(super) fn for_length(&self, length: Length) -> &Notify {
        match length {
            Length::Brief => &self.brief,
            Length::Lasting => &self.lasting,
        }
    }

    /// Lets all of them look again.
    pub(super) fn tell_all(&self) {
        self.brief.notify_waiters();
        self.lasting.notify_waiters();
    }
}
