//! What a connection is doing, as its clocks need to know it.
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::offers::Offers;

/// Nanoseconds since the connection began that stand for "no head is being read".
const NONE: u64 = u64::MAX;

#[derive(Debug)]
pub(super) struct Activity {
    began: Instant,
    head_began: AtomicU64,
    heads: AtomicUsize,
    requests: AtomicUsize,
    in_flight: AtomicUsize,
    streams: AtomicUsize,
    writes: AtomicU64,
    offers: Arc<Offers>,
    http2: AtomicBool,
    last_answer: AtomicBool,
    owes_answer: AtomicBool,
    leaves_unread: AtomicBool,
}

impl Activity {
    /// A connection of which the first byte has just come.
    pub(super) fn new() -> Arc<Self> {
        let activity = Self {
            began: Instant::now(),
            head_began: AtomicU64::new(0),
            heads: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            in_flight: AtomicUsize::new(0),
            streams: AtomicUsize::new(0),
            writes: AtomicU64::new(0),
            offers: Arc::default(),
            http2: AtomicBool::new(false),
            last_answer: AtomicBool::new(false),
            owes_answer: AtomicBool::new(false),
            leaves_unread: AtomicBool::new(false),
        };
        Arc::new(activity)
    }

    pub(super) fn is_http2(&self) -> bool {
        self.http2.load(Relaxed)
    }

    /// The client speaks HTTP/2.
    pub(super) fn speaks_http2(&self) {
        self.http2.store(true, Relaxed);
    }

    /// So many heads have begun to arrive over HTTP/2 by now. Where no more are expected, the client has to ask again elsewhere.
    pub(super) fn heads_began(&self, heads: usize) {
        if !self.is_last_answer() {
            self.heads.store(heads, Relaxed);
        }
    }

    /// How many heads that came over HTTP/2 have become no request.
    pub(super) fn unread_heads(&self) -> usize {
        self.heads.load(Relaxed).saturating_sub(self.requests.load(Relaxed))
    }

    /// Whether the next answer says that no more will follow.
    pub(super) fn is_last_answer(&self) -> bool {
        self.last_answer.load(Relaxed)
    }

    /// Lets the next answer be the last one.
    pub(super) fn expect_no_more(&self) {
        self.last_answer.store(true, Relaxed);
    }

    /// A request's head is complete; it is under way until the guard is dropped.
    pub(super) fn request(self: &Arc<Self>) -> InFlight {
        self.head_began.store(NONE, Relaxed);
        self.owes_answer.store(true, Relaxed);
        self.requests.fetch_add(1, Relaxed);
        self.in_flight.fetch_add(1, Relaxed);
        InFlight { activity: Arc::clone(self), streams: false }
    }

    /// Whether an answer is under way that has an end of its own.
    pub(super) fn has_streams(&self) -> bool {
        self.streams.load(Relaxed) > 0
    }

    /// Whether what goes out belongs to the answer of a request. What goes out else is not of ours.
    pub(super) fn owes_answer(&self) -> bool {
        self.owes_answer.load(Relaxed)
    }

    /// Whether the client may still send what nobody reads.
    pub(super) fn leaves_unread(&self) -> bool {
        self.leaves_unread.load(Relaxed)
    }

    /// The connection ends with an answer to a request of which not all is read.
    pub(super) fn leave_unread(&self) {
        self.leaves_unread.store(true, Relaxed);
    }

    /// All that was written has gone out.
    pub(super) fn flushed(&self) {
        if self.in_flight.load(Relaxed) == 0 {
            self.owes_answer.store(false, Relaxed);
        }
    }

    /// Bytes go out.
    pub(super) fn bytes_go(&self) {
        self.writes.fetch_add(1, Relaxed);
    }

    /// The answers of which the client has not taken all.
    pub(super) fn offers(&self) -> &Arc<Offers> {
        &self.offers
    }

    fn nanoseconds(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(NONE - 1)
    }

    /// Waits until a head has been arriving for `limit`.
    pub(super) async fn overdue_head(&self, limit: Duration) {
        loop {
            let began = match self.head_began.load(Relaxed) {
                _ if self.is_http2() => return std::future::pending().await,
                NONE => Instant::now(),
                nanoseconds => self.began + Duration::from_nanos(nanoseconds),
            };
            if began.elapsed() >= limit {
                return;
            }
            // A head that begins meanwhile is seen before its own time is up.
            tokio::time::sleep_until(began + limit).await;
        }
    }

    /// Waits until nothing is under way and nothing has been written for a second.
    pub(super) async fn quiet(&self) {
        loop {
            let before = self.writes.load(Relaxed);
            tokio::time::sleep(Duration::from_secs(1)).await;
            if self.in_flight.load(Relaxed) == 0 && self.writes.load(Relaxed) == before {
                return;
            }
        }
    }

    /// Whether all that was asked has been answered, and more may be asked.
    pub(super) fn is_between_requests(&self) -> bool {
        let is_over = self.in_flight.load(Relaxed) == 0 && self.head_began.load(Relaxed) == NONE;
        let ends = self.is_last_answer() || self.leaves_unread();
        is_over && !self.owes_answer() && !ends && !self.is_http2()
    }

    /// Whether what comes now is the head of a request over HTTP/1.
    pub(super) fn is_reading_head(&self) -> bool {
        self.in_flight.load(Relaxed) == 0 && !self.is_http2()
    }

    /// Bytes have come; gives whether a head begins with them, as it does where no request is under way.
    pub(super) fn bytes_came(&self) -> bool {
        let begins = self.in_flight.load(Relaxed) == 0 && self.head_began.load(Relaxed) == NONE;
        if begins {
            self.head_began.store(self.nanoseconds(), Relaxed);
        }
        begins
    }
}

/// A request under way, until the last byte of its answer is handed over.
#[derive(Debug)]
pub(super) struct InFlight {
    activity: Arc<Activity>,
    streams: bool,
}

impl InFlight {
    /// Its answer goes on for as long as it likes.
    pub(super) fn begin_stream(&mut self) {
        self.streams = true;
        self.activity.streams.fetch_add(1, Relaxed);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.activity.in_flight.fetch_sub(1, Relaxed);
        if self.streams {
            self.activity.streams.fetch_sub(1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_quiet_when_nothing_is_under_way_and_nothing_goes_out() {
        let activity = Activity::new();
        let request = activity.request();
        let long = Duration::from_secs(60);
        assert!(
            tokio::time::timeout(long, activity.quiet()).await.is_err(),
            "it is being answered"
        );
        drop(request);
        let writing = async {
            for _ in 0..20 {
                tokio::time::sleep(Duration::from_millis(500)).await;
                activity.bytes_go();
            }
        };
        let began = Instant::now();
        tokio::join!(activity.quiet(), writing);
        assert!(began.elapsed() > Duration::from_secs(10), "the last of an answer still goes out");
        assert!(began.elapsed() <= Duration::from_secs(12), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_dawdles_is_overdue_from_its_own_beginning() {
        let (activity, limit) = (Activity::new(), Duration::from_secs(10));
        let began = Instant::now();
        activity.overdue_head(limit).await;
        assert_eq!(began.elapsed(), limit, "the first begins with the connection");
        drop(activity.request());
        tokio::time::advance(Duration::from_secs(100)).await;
        assert!(activity.bytes_came() && !activity.bytes_came(), "a head begins once");
        let began = Instant::now();
        activity.overdue_head(limit).await;
        assert_eq!(began.elapsed(), limit);
        activity.speaks_http2();
        let overdue = tokio::time::timeout(limit * 100, activity.overdue_head(limit)).await;
        assert!(overdue.is_err(), "HTTP/2 has clocks of its own");
    }

    #[test]
    fn what_goes_out_is_an_answer_until_it_has_gone_out_whole() {
        let activity = Activity::new();
        assert!(!activity.owes_answer(), "nothing was asked");
        let (one, other) = (activity.request(), activity.request());
        drop(one);
        activity.flushed();
        assert!(activity.owes_answer(), "the other is under way");
        drop(other);
        assert!(activity.owes_answer(), "its last bytes may wait");
        activity.flushed();
        assert!(!activity.owes_answer());
    }
}
