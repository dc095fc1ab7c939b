//! What waits for its client, in bytes: answers that are not taken yet, and bodies that have not come whole. Who lets much wait is refused
//! what it asks for next, before anything is done for it: nobody fills the memory of all.
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use axum::{
    body::{Body, HttpBody as _},
    http::{
        StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
    response::Response,
};

use kit_base::request::REQUEST_ID;
use kit_process::serve::Reset;

use super::{
    sent::{self, HasRoom},
    shed::Shed,
};
use crate::problem::Problem;

/// Room for all of it, in bytes.
const ROOM: usize = 32 << 20;
/// Of a user, or of the address of who is none: such a part of what is left, so that there is always something left for the next.
const PART: usize = 4;
/// And so much in any case, as long as there are not too many who have that.
const LEAST: usize = 128 << 10;
/// No more than this, whoever they are.
const MOST: usize = 2 * ROOM;
/// What an answer takes besides its bytes: its stream, and the task that sends it.
pub(super) const BESIDES: usize = 4 << 10;
/// So that those who count at the same time do not wait for one another.
const SHARDS: usize = 16;

type ByClient = HashMap<u128, usize>;

/// What waits for whom.
#[derive(Debug, Default)]
pub(crate) struct Untaken {
    all: AtomicUsize,
    shards: [Mutex<ByClient>; SHARDS],
}

impl Untaken {
    /// Whether so much waits for a client that nothing more is done for it.
    pub(crate) fn is_too_much(&self, client: u128) -> bool {
        self.is_too_much_by(client, 1)
    }

    /// Whether it is more than so many times of what may be.
    fn is_too_much_by(&self, client: u128, times: usize) -> bool {
        let waits = self.shard(client).get(&client).copied().unwrap_or_default();
        let all = self.all.load(Relaxed);
        all > MOST || waits > times * (ROOM.saturating_sub(all) / PART).max(LEAST)
    }

    /// Refuses a client for whom so much waits.
    pub(crate) fn admit(&self, client: u128) -> Result<(), Problem> {
        if self.is_too_much(client) { Err(refuse()) } else { Ok(()) }
    }

    /// So much more waits for a client, until what this gives is dropped.
    pub(crate) fn count(self: &Arc<Self>, client: u128, bytes: usize) -> Counted {
        self.add(client, bytes);
        Counted { untaken: Arc::clone(self), client, bytes }
    }

    fn add(&self, client: u128, bytes: usize) {
        self.all.fetch_add(bytes, Relaxed);
        *self.shard(client).entry(client).or_default() += bytes;
    }

    /// The answer, counted until its client has taken it. Of a refusal, who lets so much wait gets the head alone.
    pub(super) fn answer(self: &Arc<Self>, client: u128, mut answer: Response) -> Response {
        let is_of_many = matches!(
            answer.status(),
            StatusCode::UNAUTHORIZED
                | StatusCode::TOO_MANY_REQUESTS
                | StatusCode::SERVICE_UNAVAILABLE
        );
        if is_of_many && self.is_too_much(client) {
            answer.headers_mut().remove(CONTENT_TYPE);
            answer.headers_mut().remove(CONTENT_LENGTH);
            return answer.map(|_| Body::empty());
        }
        if answer.extensions().get::<HasRoom>().is_some() {
            return answer;
        }
        // What has no end is bounded by itself.
        let size = answer.body().size_hint().exact().and_then(|size| usize::try_from(size).ok());
        match size {
            Some(0) => self.head_alone(client, answer),
            Some(size) => {
                let counted = self.count(client, size + BESIDES);
                answer.map(|body| sent::keeping(counted, body))
            }
            None => answer,
        }
    }

    /// A head waits, too, where its client takes nothing off the connection. Who has let so many wait besides gets none.
    fn head_alone(self: &Arc<Self>, client: u128, mut answer: Response) -> Response {
        if self.is_too_much_by(client, 2) {
            answer.extensions_mut().insert(Reset);
            return answer;
        }
        let id = answer.headers_mut().get_mut(REQUEST_ID);
        if let Some(id) = id {
            sent::keep(self.count(client, BESIDES), id);
        }
        answer
    }

    /// The lower bits of an IPv6 address are all 0.
    fn shard(&self, client: u128) -> MutexGuard<'_, ByClient> {
        let folded = client ^ client >> 64;
        let number = (folded ^ folded >> 32 ^ folded >> 16) as usize % SHARDS;
        self.shards[number].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A refusal of who lets so much wait.
fn refuse() -> Problem {
    Shed::Untaken.count();
    let message = "so many of your answers wait for you to read them; read them, and try again";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_AT_ONCE", message)
}

/// Something that waits, as long as this is there.
#[derive(Debug)]
pub(crate) struct Counted {
    untaken: Arc<Untaken>,
    client: u128,
    bytes: usize,
}

impl Counted {
    /// So much more of it has come: whether that is not too much.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Problem> {
        self.untaken.add(self.client, bytes);
        self.bytes += bytes;
        self.untaken.admit(self.client)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.untaken.all.fetch_sub(self.bytes, Relaxed);
        if let Entry::Occupied(mut waits) = self.untaken.shard(self.client).entry(self.client) {
            *waits.get_mut() -= self.bytes;
            if *waits.get() == 0 {
                waits.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use http_body_util::BodyExt as _;

    use super::*;

    fn counts(untaken: &Untaken) -> (usize, usize) {
        let addresses = untaken.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
        (untaken.all.load(Relaxed), addresses)
    }

    #[test]
    fn an_address_has_a_part_of_what_is_left_and_the_next_has_one_too() {
        let untaken = Arc::new(Untaken::default());
        let mut held = vec![];
        let mut parts = vec![];
        for address in 1..=40 {
            let begun = held.len();
            while !untaken.is_too_much(address << 64) {
                held.push(untaken.count(address << 64, 64 << 10));
            }
            parts.push((held.len() - begun) * (64 << 10));
        }
        assert!((6 << 20..9 << 20).contains(&parts[0]), "{parts:?}");
        assert!(parts.windows(2).all(|pair| pair[0] >= pair[1]), "{parts:?}");
        assert!(parts.iter().all(|part| *part > LEAST), "{parts:?}");
        assert!(counts(&untaken).0 < ROOM + 40 * 3 * LEAST, "{:?}", counts(&untaken));
        drop(held);
        assert_eq!(counts(&untaken), (0, 0));
    }

    #[tokio::test]
    async fn an_answer_waits_until_its_last_byte_is_gone_and_not_until_it_is_handed_over() {
        let untaken = Arc::new(Untaken::default());
        let answer = untaken.answer(7, Response::new(Body::from(vec![1; 10_000])));
        assert_eq!(counts(&untaken), (10_000 + BESIDES, 1));
        let mut body = answer.into_body();
        let mut bytes = body.frame().await.unwrap().unwrap().into_data().unwrap();
        drop(body);
        assert_eq!((bytes.len(), counts(&untaken)), (10_000, (10_000 + BESIDES, 1)));
        let rest = bytes.split_off(9_999);
        drop(bytes);
        assert_eq!(counts(&untaken).0, 10_000 + BESIDES);
        drop(rest);
        assert_eq!(counts(&untaken), (0, 0));
        drop(untaken.answer(7, Response::new(Body::empty())));
        drop(untaken.answer(7, Response::new(Body::from("unsent"))));
        assert_eq!(counts(&untaken), (0, 0));
    }

    #[tokio::test]
    async fn who_takes_nothing_gets_no_more_than_the_head_of_a_refusal() {
        let untaken = Arc::new(Untaken::default());
        let mut refusal = Response::new(Body::from("{}"));
        *refusal.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        let held = untaken.count(7, ROOM);
        let body = untaken.answer(7, refusal).into_body().collect().await.unwrap().to_bytes();
        assert_eq!((body.len(), counts(&untaken)), (0, (ROOM, 1)));
        drop(held);
    }

    #[tokio::test]
    async fn heads_that_wait_are_counted_and_who_lets_too_many_wait_gets_none() {
        let untaken = Arc::new(Untaken::default());
        let head = || {
            let mut head = Response::new(Body::empty());
            head.headers_mut().insert(REQUEST_ID, HeaderValue::from_static("an-id"));
            untaken.answer(7, head)
        };
        let one = head();
        assert_eq!(
            (one.headers()[REQUEST_ID].as_bytes(), counts(&untaken)),
            (&b"an-id"[..], (BESIDES, 1))
        );
        // As the connection does that has written it.
        drop(one.into_parts().0.headers);
        assert_eq!(counts(&untaken), (0, 0));
        let mut held = vec![untaken.count(7, ROOM / 5 + BESIDES)];
        assert!(untaken.is_too_much(7) && head().extensions().get::<Reset>().is_none());
        held.push(untaken.count(7, ROOM / 2));
        assert!(head().extensions().get::<Reset>().is_some());
        assert!(
            untaken.answer(8, Response::new(Body::empty())).extensions().get::<Reset>().is_none()
        );
        drop(held);
        assert_eq!(counts(&untaken), (0, 0));
    }

    #[test]
    fn what_comes_in_pieces_is_counted_as_it_comes() {
        let untaken = Arc::new(Untaken::default());
        let mut counted = untaken.count(7, 0);
        (0..3).for_each(|_| counted.grow(1_000).unwrap());
        assert_eq!(counts(&untaken), (3_000, 1));
        drop(counted);
        assert_eq!(counts(&untaken), (0, 0));
    }
}
