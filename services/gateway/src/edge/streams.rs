//! How many clients may listen at once, and when they are sent away.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::StatusCode;
use kit_base::Stop;
use uuid::Uuid;

use crate::problem::Problem;

/// The places for listeners.
pub(crate) struct Streams {
    most: usize,
    most_per_user: usize,
    taken: Arc<Mutex<Taken>>,
    end: Stop,
}

#[derive(Default)]
struct Taken {
    all: usize,
    streams: HashMap<Uuid, usize>,
}

/// A listener's place, free again when it is dropped.
pub(crate) struct Place {
    taken: Arc<Mutex<Taken>>,
    user_id: Option<Uuid>,
}

impl Streams {
    pub(crate) fn new(most: usize, most_per_user: usize) -> Self {
        Self { most, most_per_user, taken: Arc::default(), end: Stop::new() }
    }

    /// A place for a stream of the user; 429 when the user has enough of them, 503 when the process has.
    pub(crate) fn open(&self, user_id: Uuid) -> Result<Place, Problem> {
        self.take_place(Some(user_id))
    }

    /// A place for a poll, which may wait; 503 when there is none.
    pub(crate) fn wait(&self) -> Result<Place, Problem> {
        self.take_place(None)
    }

    fn take_place(&self, user_id: Option<Uuid>) -> Result<Place, Problem> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.most {
            kit_process::metrics::load_shed("streams");
            let message = "too many clients are listening; try again soon";
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "SHED", message));
        }
        if let Some(user_id) = user_id {
            let own = taken.streams.entry(user_id).or_default();
            if *own >= self.most_per_user {
                let message = format!("a user may have {} streams open", self.most_per_user);
                return Err(Problem::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "TOO_MANY_STREAMS",
                    message,
                ));
            }
            *own += 1;
        }
        taken.all += 1;
        Ok(Place { taken: self.taken.clone(), user_id })
    }

    /// Sends all listeners away: they come back to a process that stays.
    pub(crate) fn end(&self) {
        self.end.cancel();
    }

    /// Is cancelled when listeners have to leave.
    pub(crate) fn ended(&self) -> Stop {
        self.end.clone()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        let Some(user_id) = self.user_id else { return };
        if let Some(own) = taken.streams.get_mut(&user_id) {
            *own -= 1;
            if *own == 0 {
                taken.streams.remove(&user_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(place: Result<Place, Problem>) -> Option<u16> {
        place.err().map(|problem| problem.status().as_u16())
    }

    #[test]
    fn a_place_is_free_again_once_its_holder_has_left() {
        let (streams, user, other) = (Streams::new(2, 1), Uuid::from_u128(1), Uuid::from_u128(2));
        let first = streams.open(user).unwrap_or_else(|_| unreachable!());
        assert_eq!(refusal(streams.open(user)), Some(429));
        let waiting = streams.wait();
        assert_eq!(refusal(streams.open(other)), Some(503));
        drop((first, waiting));
        assert_eq!(refusal(streams.open(user)), None);
        assert!(streams.taken.lock().unwrap().streams.is_empty());
    }

    #[test]
    fn a_user_who_is_refused_takes_no_place_and_keeps_the_others() {
        let (streams, user, other) = (Streams::new(5, 2), Uuid::from_u128(1), Uuid::from_u128(2));
        let mut held: Vec<_> = (0..2).map(|_| streams.open(user)).collect();
        for _ in 0..10 {
            assert_eq!(refusal(streams.open(user)), Some(429));
        }
        held.push(streams.open(other));
        held.extend((0..2).map(|_| streams.wait()));
        assert!(held.iter().all(Result::is_ok), "polls are no streams of a user");
        assert_eq!([refusal(streams.wait()), refusal(streams.open(other))], [Some(503); 2]);
        drop(held.remove(0));
        assert_eq!(refusal(streams.open(user)), None);
        drop(held);
        let taken = streams.taken.lock().unwrap();
        assert_eq!((taken.all, taken.streams.len()), (0, 0));
    }

    #[test]
    fn whoever_listens_is_sent_away_at_the_end_and_so_is_who_comes_after() {
        let streams = Streams::new(1, 1);
        let early = streams.ended();
        assert!(!early.is_cancelled());
        streams.end();
        assert!(early.is_cancelled() && streams.ended().is_cancelled());
    }
}
