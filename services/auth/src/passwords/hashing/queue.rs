use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard},
    time::Duration,
};

use argon2::password_hash::phc::Output;
use tokio::{sync::oneshot, time::Instant};

use crate::{
    error::Error,
    passwords::{error::Error as PasswordError, hash::Profile, metrics},
};

/// What to hash.
pub(super) struct Work {
    pub(super) password: String,
    pub(super) profile: Profile,
    pub(super) salt: [u8; 16],
}

/// Work that someone waits for.
pub(super) struct Job {
    pub(super) work: Work,
    /// Not worth beginning after this.
    pub(super) latest: Instant,
    pub(super) answer: oneshot::Sender<Result<Output, Error>>,
}

/// What a thread finds.
pub(super) enum Next {
    Job(Job),
    Nothing,
    Closed,
}

/// A bounded line of jobs before the threads.
pub(super) struct Queue {
    places: usize,
    line: Mutex<Line>,
    changed: Condvar,
}

#[derive(Default)]
struct Line {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Queue {
    /// For at most so many jobs.
    pub(super) fn new(places: usize) -> Self {
        Self { places, line: Mutex::default(), changed: Condvar::new() }
    }

    /// Puts a job at the end; HASHING_BUSY when there is no place.
    pub(super) fn push(&self, job: Job) -> Result<(), Error> {
        let mut line = self.line();
        if line.jobs.len() >= self.places {
            metrics::hash_skipped("full");
            return Err(PasswordError::Busy.into());
        }
        line.jobs.push_back(job);
        self.changed.notify_one();
        Ok(())
    }

    /// The job whose turn it is, waited for as long as the thread has patience.
    pub(super) fn next(&self, patience: Option<Duration>) -> Next {
        let is_idle = |line: &mut Line| line.jobs.is_empty() && !line.closed;
        let line = self.line();
        let mut line = match patience {
            Some(patience) => {
                self.changed.wait_timeout_while(line, patience, is_idle).expect(NO_PANIC).0
            }
            None => self.changed.wait_while(line, is_idle).expect(NO_PANIC),
        };
        match line.jobs.pop_front() {
            _ if line.closed => Next::Closed,
            Some(job) => Next::Job(job),
            None => Next::Nothing,
        }
    }

    /// Sends the threads home.
    pub(super) fn close(&self) {
        self.line().closed = true;
        self.changed.notify_all();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.line().jobs.len()
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().expect(NO_PANIC)
    }
}

const NO_PANIC: &str = "no holder panics";

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn job(password: &str) -> Job {
        let profile = Profile { memory: 64, iterations: 1, lanes: 1 };
        let work = Work { password: password.to_owned(), profile, salt: [7; 16] };
        Job { work, latest: Instant::now(), answer: oneshot::channel().0 }
    }

    /// What a thread finds that does not wait.
    fn found(queue: &Queue) -> String {
        match queue.next(Some(Duration::ZERO)) {
            Next::Job(job) => job.work.password,
            Next::Nothing => "nothing".to_owned(),
            Next::Closed => "closed".to_owned(),
        }
    }

    #[test]
    fn jobs_come_in_their_order_and_no_more_than_there_are_places() {
        let queue = Queue::new(2);
        assert!(queue.push(job("a")).is_ok() && queue.push(job("b")).is_ok());
        assert!(matches!(queue.push(job("c")), Err(Error::Password(PasswordError::Busy))));
        assert_eq!(found(&queue), "a");
        assert!(queue.push(job("d")).is_ok(), "a place is free again");
        assert_eq!([(); 3].map(|()| found(&queue)), ["b", "d", "nothing"]);
    }

    #[test]
    fn a_closed_queue_sends_threads_home_whatever_waits() {
        let queue = Queue::new(2);
        queue.push(job("a")).unwrap();
        queue.close();
        assert_eq!([(); 2].map(|()| found(&queue)), ["closed", "closed"]);
    }

    #[test]
    fn a_thread_that_waits_is_woken_by_work_and_by_the_end() {
        let queue = Arc::new(Queue::new(2));
        let waiting = Arc::clone(&queue);
        let thread = std::thread::spawn(move || {
            let work = matches!(waiting.next(None), Next::Job(job) if job.work.password == "a");
            work && matches!(waiting.next(None), Next::Closed)
        });
        queue.push(job("a")).unwrap();
        while queue.len() > 0 {
            std::thread::yield_now();
        }
        queue.close();
        assert!(thread.join().unwrap());
    }
}
