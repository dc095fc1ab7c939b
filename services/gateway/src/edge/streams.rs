//! How many clients may listen at once, and when they are sent away.
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::StatusCode;
use kit_base::Stop;
use uuid::Uuid;

use super::{shed::Shed, visit::Visit};
use crate::problem::Problem;

/// The places for listeners.
pub(crate) struct Streams {
    most: Most,
    taken: Arc<Mutex<Taken>>,
    end: Stop,
}

/// How many there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Most {
    pub(crate) all: usize,
    pub(crate) streams_per_user: usize,
    pub(crate) polls_per_user: usize,
    pub(crate) per_address: usize,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by: HashMap<Holder, usize>,
}

/// Whom a place counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Holder {
    Streams(Uuid),
    Polls(Uuid),
    /// As [`Visit::subscriber`] has it.
    Address(u128),
}

impl Holder {
    /// How many places there may be, where so many are left beside those that it has.
    fn bound(self, most: &Most, left: usize) -> usize {
        match self {
            Self::Streams(_) => most.streams_per_user,
            Self::Polls(_) => most.polls_per_user,
            // However many addresses take all they can get, there is something left for the next.
            Self::Address(_) => most.per_address.min(left.div_ceil(2)),
        }
    }

    /// Refuses one more than `bound`.
    fn refuse(self, bound: usize) -> Problem {
        let (shed, code, what) = match self {
            Self::Streams(_) => {
                (Shed::StreamsOfUser, "TOO_MANY_STREAMS", "a user may have so many streams open")
            }
            Self::Polls(_) => {
                (Shed::PollsOfUser, "TOO_MANY_POLLS", "a user may wait so many times at once")
            }
            Self::Address(_) => {
                let what = "so many may listen from one address";
                (Shed::ListenersOfAddress, "TOO_MANY_LISTENERS", what)
            }
        };
        shed.count();
        let message = format!("{what}: {bound}");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, code, message)
    }
}

/// A listener's place, free again when it is dropped.
pub(crate) struct Place {
    taken: Arc<Mutex<Taken>>,
    holders: [Holder; 2],
}

impl Streams {
    pub(crate) fn new(most: Most) -> Self {
        Self { most, taken: Arc::default(), end: Stop::new() }
    }

    /// A place for a stream of the user; 429 when the user or the address has enough of them, 503 when the process has.
    pub(crate) fn open(&self, user_id: Uuid, visit: &Visit) -> Result<Place, Problem> {
        self.take_place([Holder::Streams(user_id), Holder::Address(visit.subscriber())])
    }

    /// A place for a poll of the user, which may wait; 429 and 503 as for a stream.
    pub(crate) fn wait(&self, user_id: Uuid, visit: &Visit) -> Result<Place, Problem> {
        self.take_place([Holder::Polls(user_id), Holder::Address(visit.subscriber())])
    }

    fn take_place(&self, holders: [Holder; 2]) -> Result<Place, Problem> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.most.all {
            Shed::Streams.count();
            let message = "too many clients are listening; try again soon";
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "SHED", message));
        }
        for holder in holders {
            let held = taken.by.get(&holder).copied().unwrap_or_default();
            let bound = holder.bound(&self.most, self.most.all - (taken.all - held));
            if held >= bound {
                return Err(holder.refuse(bound));
            }
        }
        taken.all += 1;
        holders.iter().for_each(|holder| *taken.by.entry(*holder).or_default() += 1);
        Ok(Place { taken: self.taken.clone(), holders })
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
        for holder in self.holders {
            if let Entry::Occupied(mut held) = taken.by.entry(holder) {
                *held.get_mut() -= 1;
                if *held.get() == 0 {
                    held.remove();
                }
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

    fn streams(all: usize, streams_per_user: usize, polls_per_user: usize) -> Streams {
        Streams::new(Most { all, streams_per_user, polls_per_user, per_address: 4 })
    }

    fn user(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    #[test]
    fn a_place_is_free_again_once_its_holder_has_left() {
        let (streams, here) = (streams(3, 1, 1), Visit::of_address("192.0.2.1"));
        let [there, elsewhere] = ["192.0.2.2", "192.0.2.3"].map(Visit::of_address);
        let first = streams.open(user(1), &here).unwrap_or_else(|_| unreachable!());
        assert_eq!(refusal(streams.open(user(1), &here)), Some(429));
        let others = (streams.wait(user(1), &here), streams.open(user(2), &there));
        assert_eq!(refusal(streams.open(user(3), &elsewhere)), Some(503));
        drop((first, others));
        assert_eq!(refusal(streams.open(user(1), &here)), None);
        assert!(streams.taken.lock().unwrap().by.is_empty());
    }

    #[test]
    fn a_user_who_is_refused_takes_no_place_and_keeps_the_others() {
        let (streams, here) = (streams(8, 2, 3), Visit::of_address("192.0.2.1"));
        let there = Visit::of_address("192.0.2.2");
        let mut held: Vec<_> = (0..2).map(|_| streams.open(user(1), &here)).collect();
        for _ in 0..10 {
            assert_eq!(refusal(streams.open(user(1), &there)), Some(429));
        }
        held.extend((0..3).map(|_| streams.wait(user(1), &there)));
        for _ in 0..10 {
            assert_eq!(refusal(streams.wait(user(1), &here)), Some(429), "a poll is held, too");
        }
        held.push(streams.open(user(2), &here));
        assert!(held.iter().all(Result::is_ok), "each user has places, for each way to listen");
        for address in ["192.0.2.3", "192.0.2.4"].map(Visit::of_address) {
            held.push(streams.wait(user(3), &address));
        }
        assert!(held.iter().all(Result::is_ok), "there is one left for the next address, and one");
        assert_eq!(refusal(streams.wait(user(4), &Visit::of_address("192.0.2.5"))), Some(503));
        drop(held.remove(0));
        assert_eq!(refusal(streams.open(user(1), &Visit::of_address("192.0.2.5"))), None);
        drop(held);
        let taken = streams.taken.lock().unwrap();
        assert_eq!((taken.all, taken.by.len()), (0, 0));
    }

    #[test]
    fn an_address_takes_no_more_than_its_share_under_however_many_names() {
        let streams = streams(9, 9, 9);
        let network = ["2001:db8::1", "2001:db8::2"].map(Visit::of_address);
        let listen = |number: usize, visit| match number % 2 {
            0 => streams.open(Uuid::now_v7(), visit),
            _ => streams.wait(Uuid::now_v7(), visit),
        };
        let held: Vec<_> = (0..6).map(|number| listen(number, &network[number / 3])).collect();
        assert_eq!(held.iter().filter(|place| place.is_ok()).count(), 4);
        assert_eq!(refusal(listen(0, &Visit::of_address("2001:db8:1::1"))), None);
    }

    #[test]
    fn however_many_addresses_take_all_they_can_get_there_is_a_half_left_for_the_next() {
        let most = Most { all: 1_000, streams_per_user: 1, polls_per_user: 1, per_address: 200 };
        let (streams, mut held, mut parts) = (Streams::new(most), vec![], vec![]);
        for number in 1..=8 {
            let (before, visit) = (held.len(), Visit::of_address(&format!("192.0.2.{number}")));
            let places = std::iter::repeat_with(|| streams.open(Uuid::now_v7(), &visit));
            held.extend(places.map_while(Result::ok));
            parts.push(held.len() - before);
        }
        assert_eq!(parts, [200, 200, 200, 200, 100, 50, 25, 13]);
    }

    #[test]
    fn whoever_listens_is_sent_away_at_the_end_and_so_is_who_comes_after() {
        let streams = streams(1, 1, 1);
        let early = streams.ended();
        assert!(!early.is_cancelled());
        streams.end();
        assert!(early.is_cancelled() && streams.ended().is_cancelled());
    }
}
