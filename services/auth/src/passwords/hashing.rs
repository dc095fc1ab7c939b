//! Argon2id on a few threads of its own. A hash takes tens of milliseconds and tens of megabytes, so it may neither stall the
//! threads that answer requests nor be done in any number at once: what does not get its turn soon is turned away.
mod arena;
mod queue;

use std::{num::NonZero, sync::Arc, time::Duration};

use argon2::password_hash::phc::Output;
use tokio::{sync::oneshot, time::Instant};

use self::{
    arena::Arena,
    queue::{Job, Queue, Work},
};
use super::{
    error::Error as PasswordError,
    hash::{LENGTH, Phc, Profile},
    metrics,
};
use crate::{error::Error, secrets::random};

/// How long a password waits for its turn.
const PATIENCE: Duration = Duration::from_millis(400);
/// How many passwords wait, a thread.
const WAITING: usize = 16;
/// How much later than others a thread gets its core.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;
/// A thread without work gives its memory back after this.
const IDLE: Duration = Duration::from_secs(30);

/// Hashes and verifies passwords. The threads end with the last copy.
#[derive(Clone)]
pub(crate) struct Hasher(Arc<Threads>);

struct Threads {
    queue: Arc<Queue>,
    profile: Profile,
    /// What the password of someone who does not exist is compared with: it costs the same and fits nothing.
    nobody: Phc,
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl Hasher {
    /// Starts `workers` threads that hash at the cost of `profile`.
    pub(crate) fn start(workers: usize, profile: Profile) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::new(WAITING * workers));
        for number in 0..workers {
            let queue = Arc::clone(&queue);
            std::thread::Builder::new()
                .name(format!("hash-{number}"))
                .spawn(move || work(&queue))?;
        }
        let nothing = Output::new(&random::<LENGTH>()).expect("within what an output may be long");
        let nobody = Phc { profile, salt: random(), hash: nothing };
        Ok(Self(Arc::new(Threads { queue, profile, nobody })))
    }

    /// As many threads as there are cores, 2 at most.
    pub(crate) fn default_workers() -> usize {
        std::thread::available_parallelism().map_or(1, NonZero::get).min(2)
    }

    /// The hash of a new password, as it is stored.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, Error> {
        let (profile, salt) = (self.0.profile, random());
        let hash = self.compute(password, profile, salt).await?;
        Ok(Phc { profile, salt, hash }.to_string())
    }

    /// Whether the password is the one of the stored hash; at the same cost false when there is none.
    pub(crate) async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, Error> {
        let known = stored
            .map(str::parse::<Phc>)
            .transpose()
            .map_err(|error| Error::Internal(error.into()))?;
        let Phc { profile, salt, hash } = known.as_ref().unwrap_or(&self.0.nobody);
        let computed = self.compute(password, *profile, *salt).await?;
        Ok(computed == *hash && known.is_some())
    }

    /// Whether the stored hash was made at another cost than a new one.
    pub(crate) fn is_outdated(&self, stored: &str) -> bool {
        stored.parse::<Phc>().is_ok_and(|phc| phc.profile != self.0.profile)
    }

    async fn compute(
        &self,
        password: &str,
        profile: Profile,
        salt: [u8; 16],
    ) -> Result<Output, Error> {
        let (answer, hash) = oneshot::channel();
        let work = Work { password: password.to_owned(), profile, salt };
        self.0.queue.push(Job { work, latest: Instant::now() + PATIENCE, answer })?;
        hash.await.unwrap_or(Err(PasswordError::Busy.into()))
    }
}

/// Where cores are few, the threads that answer requests come first: on Linux niceness is of a thread.
fn yield_to_requests() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(%error, "passwords are hashed as urgently as requests are answered");
    }
}

/// What a thread does: one job after the other, in memory that it keeps while there is work.
fn work(queue: &Queue) {
    yield_to_requests();
    let mut arena = Arena::default();
    loop {
        let patience = (!arena.is_empty()).then_some(IDLE);
        match queue.next(patience) {
            queue::Next::Job(job) => carry_out(job, &mut arena),
            queue::Next::Nothing => arena = Arena::default(),
            queue::Next::Closed => return,
        }
    }
}

fn carry_out(Job { work, latest, answer }: Job, arena: &mut Arena) {
    if answer.is_closed() {
        return metrics::hash_skipped("gone");
    }
    let now = Instant::now();
    let outcome = if now > latest {
        metrics::hash_skipped("late");
        Err(PasswordError::Busy.into())
    } else {
        let Work { password, profile, salt } = work;
        let hash = arena.hash(password.as_bytes(), profile, salt);
        metrics::hashed(now.elapsed());
        hash.map_err(|error| Error::Internal(anyhow::anyhow!("Argon2: {error}")))
    };
    // Nobody waits any more: nothing is lost.
    _ = answer.send(outcome);
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use kit_base::testing::eventually;

    use super::*;

    const SMALL: Profile = Profile { memory: 64, iterations: 1, lanes: 1 };

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let hasher = Hasher::start(1, SMALL).unwrap();
        let stored = hasher.hash("four words and a bit").await.unwrap();
        assert!(hasher.verify("four words and a bit", Some(&stored)).await.unwrap());
        assert!(!hasher.verify("four words and a bot", Some(&stored)).await.unwrap());
        assert!(!hasher.verify("four words and a bit", None).await.unwrap());
        assert_ne!(stored, hasher.hash("four words and a bit").await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_that_an_earlier_release_stored_is_verified() {
        let stored = "$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$TudfDrwienStmWaXSHYI1aOEkbbNYiDswhDWco29+K4";
        let hasher = Hasher::start(1, SMALL).unwrap();
        assert!(hasher.verify("four words and a bit", Some(stored)).await.unwrap());
        assert!(!hasher.verify("four words and a bot", Some(stored)).await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_is_verified_and_known_as_outdated() {
        let (old, new) = (
            Hasher::start(1, SMALL).unwrap(),
            Hasher::start(1, Profile { memory: 128, ..SMALL }).unwrap(),
        );
        let stored = old.hash("four words and a bit").await.unwrap();
        assert!(new.verify("four words and a bit", Some(&stored)).await.unwrap());
        assert_eq!((new.is_outdated(&stored), old.is_outdated(&stored)), (true, false));
    }

    #[tokio::test]
    async fn what_finds_no_place_is_turned_away_and_what_nobody_waits_for_is_not_hashed() {
        for workers in [1, 2] {
            let slow = Profile { memory: 64 * 1024, iterations: 10, ..SMALL };
            let hasher = Hasher::start(workers, slow).unwrap();
            let mut given_up: Vec<_> =
                (0..40).map(|_| Box::pin(hasher.hash("four words and a bit"))).collect();
            let (mut waiting, mut refused) = (0, 0);
            for attempt in &mut given_up {
                match futures_util::poll!(attempt) {
                    Poll::Ready(Err(Error::Password(PasswordError::Busy))) => refused += 1,
                    Poll::Ready(outcome) => panic!("{outcome:?}"),
                    Poll::Pending => waiting += 1,
                }
            }
            let places = WAITING * workers;
            assert!((places..=places + workers).contains(&waiting), "{waiting}");
            assert_eq!(waiting + refused, 40);
            drop(given_up);
            // 17 hashes of this cost would take seconds.
            let started = Instant::now();
            eventually("nothing is left to hash", async || hasher.0.queue.len() == 0).await;
            assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        }
    }

    #[test]
    fn two_cores_hash_and_no_more_however_many_there_are() {
        let cores = std::thread::available_parallelism().unwrap().get();
        assert_eq!(Hasher::default_workers(), if cores == 1 { 1 } else { 2 });
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_that_hashes_comes_after_those_that_answer() {
        let niceness = || rustix::process::nice(0).unwrap();
        let begins_with = niceness();
        let hashing = std::thread::spawn(move || {
            yield_to_requests();
            niceness()
        });
        assert_eq!(hashing.join().unwrap(), (begins_with + NICENESS).min(19));
        assert_eq!(niceness(), begins_with, "of this thread alone");
    }

    fn job(latest: Instant) -> (Job, oneshot::Receiver<Result<Output, Error>>) {
        let (answer, hash) = oneshot::channel();
        let work = Work { password: "four words".to_owned(), profile: SMALL, salt: [7; 16] };
        (Job { work, latest, answer }, hash)
    }

    #[tokio::test]
    async fn what_comes_to_its_turn_too_late_is_turned_away() {
        let (in_time, hash) = job(Instant::now() + PATIENCE);
        carry_out(in_time, &mut Arena::default());
        assert!(hash.await.unwrap().is_ok());
        let (late, hash) = job(Instant::now() - Duration::from_micros(1));
        carry_out(late, &mut Arena::default());
        let outcome = hash.await.unwrap();
        assert!(matches!(outcome, Err(Error::Password(PasswordError::Busy))), "{outcome:?}");
    }

    #[test]
    fn what_nobody_waits_for_takes_no_memory() {
        let (job, hash) = job(Instant::now() + PATIENCE);
        drop(hash);
        let mut arena = Arena::default();
        carry_out(job, &mut arena);
        assert!(arena.is_empty());
    }

    #[tokio::test]
    async fn a_stored_hash_that_cannot_be_read_is_our_fault_and_not_a_wrong_password() {
        let hasher = Hasher::start(1, SMALL).unwrap();
        for stored in [
            "",
            "hunter2",
            "$argon2id$v=19$m=999999,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$TudfDrwienStmWaXSHYI1aOEkbbNYiDswhDWco29+K4",
        ] {
            let outcome = hasher.verify("four words and a bit", Some(stored)).await;
            assert!(matches!(outcome, Err(Error::Internal(_))), "{stored}: {outcome:?}");
            assert!(!hasher.is_outdated(stored), "it is not hashed anew");
        }
    }

    #[tokio::test]
    async fn the_threads_end_with_the_last_copy() {
        let hasher = Hasher::start(2, SMALL).unwrap();
        let (queue, copy) = (Arc::clone(&hasher.0.queue), hasher.clone());
        drop(hasher);
        assert!(copy.hash("four words and a bit").await.is_ok(), "a copy is left");
        drop(copy);
        eventually("no thread goes on", async || Arc::strong_count(&queue) == 1).await;
    }
}
