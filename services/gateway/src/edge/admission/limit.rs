//! How many requests are worked on at once, found out by how long they take. A fixed number is too much for one machine and too little
//! for another: what is beyond what can be done only waits, until all that is answered comes too late.
use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use kit_base::keyed::Keyed;
use tokio::time::Instant;

/// The limit changes this often, where enough was answered meanwhile.
const WINDOW: Duration = Duration::from_millis(250);
const ENOUGH: u32 = 4;
/// So many answers of one client count in that time. A client may make its own requests slow as it likes: by sending their bodies little by
/// little, or by asking for much.
const OF_A_CLIENT: u64 = 4;
/// Clients that share a count are few, and chance decides which.
const CLIENTS: usize = 4096;
/// An answer is slow that takes so many times as long as it usually does.
const SLOW: u64 = 4;
/// There are as many places when little is going on: for a page's worth of requests that come all at once.
const AT_REST: usize = 128;
/// There are always so many.
const FEWEST: usize = 32;
/// The weight of one answer in what is usual, as a power of two, when it is faster and when it is slower.
const FASTER: u32 = 6;
const SLOWER: u32 = 10;
/// What the first answer is taken for at most where many are worked on: a queue may be the reason for what it took.
const FIRST: Duration = Duration::from_millis(50);

/// The limit. It shrinks while most answers are slow, grows while they are not and it is used, and rests when nothing presses.
pub(crate) struct Limit {
    most: usize,
    now: AtomicUsize,
    window: Mutex<Window>,
    /// Of each client the window that it was last answered in, and how often.
    clients: Keyed<AtomicU64>,
}

struct Window {
    number: u64,
    /// Whether the one before was slow: once may be anything, as a stop of the whole machine.
    after_slow: bool,
    began: Instant,
    answers: u32,
    slow: u32,
    /// The most that were worked on.
    peak: usize,
}

/// How long an operation usually takes, in nanoseconds; 0 when it has never been answered.
#[derive(Debug, Default)]
pub(crate) struct Usual(AtomicU64);

impl Limit {
    /// At rest; it never exceeds `most`.
    pub(crate) fn new(most: usize) -> Self {
        let window = Window {
            number: 1,
            after_slow: false,
            began: Instant::now(),
            answers: 0,
            slow: 0,
            peak: 0,
        };
        let at_rest = AT_REST.min(most);
        kit_process::metrics::load_limit(at_rest);
        Self {
            most,
            now: AtomicUsize::new(at_rest),
            window: Mutex::new(window),
            clients: Keyed::new(CLIENTS, AtomicU64::default),
        }
    }

    /// How many may be worked on.
    pub(crate) fn now(&self) -> usize {
        self.now.load(Relaxed)
    }

    /// An operation was answered to a client, of which something may be known by several names: how long that took, none when it failed
    /// for what is no fault of the client's, and how many were worked on then.
    pub(crate) fn answered(
        &self,
        usual: &Usual,
        took: Option<Duration>,
        in_flight: usize,
        client: [u128; 2],
    ) {
        // Of two answers at the same moment one tells enough: nobody waits to be counted.
        let Ok(mut window) = self.window.try_lock() else { return };
        let now = Instant::now();
        if window.answers >= ENOUGH && now.duration_since(window.began) >= WINDOW {
            self.adjust(&window);
            let (number, after_slow) = (window.number + 1, window.is_slow());
            *window = Window { number, after_slow, began: now, answers: 0, slow: 0, peak: 0 };
        }
        if client.into_iter().all(|name| self.counts(name, window.number)) {
            // Where many are worked on, a queue may be the reason for what takes long; with the fewest there is none left.
            let limit = self.now();
            let learns = in_flight * 2 <= limit || limit <= FEWEST;
            let slow = took.is_none_or(|took| usual.add(took, learns));
            window.answers += 1;
            window.slow += u32::from(slow);
            window.peak = window.peak.max(in_flight);
        }
    }

    /// Whether one more answer of a client counts in a window.
    fn counts(&self, client: u128, window: u64) -> bool {
        let cell = self.clients.value(client);
        let first = window * (OF_A_CLIENT + 1);
        let next = cell.load(Relaxed).max(first) + 1;
        let counts = next <= first + OF_A_CLIENT;
        if counts {
            cell.store(next, Relaxed);
        }
        counts
    }

    fn adjust(&self, window: &Window) {
        let limit = self.now();
        let (is_used, step) = (window.peak * 2 > limit, limit.div_ceil(8));
        let next = match (is_used, window.is_slow()) {
            (true, true) if window.after_slow => limit - step,
            (true, true) => limit,
            (true, false) => limit + step,
            (false, _) if limit < AT_REST => (limit + step).min(AT_REST),
            (false, _) => (limit - step).max(AT_REST),
        };
        let next = next.max(FEWEST).min(self.most);
        self.now.store(next, Relaxed);
        kit_process::metrics::load_limit(next);
    }
}

impl Window {
    fn is_slow(&self) -> bool {
        self.slow * 2 > self.answers
    }
}

impl Usual {
    /// Whether this is much longer than usual.
    pub(super) fn is_exceeded(&self, took: Duration) -> bool {
        let usual = self.0.load(Relaxed);
        usual > 0 && took.as_nanos() > u128::from(usual.saturating_mul(SLOW))
    }

    /// Whether this took much longer than usual. It is taken into account where `learns` says so, or where it took less.
    fn add(&self, took: Duration, learns: bool) -> bool {
        let nanoseconds = |it: Duration| u64::try_from(it.as_nanos()).unwrap_or(u64::MAX).max(1);
        let (took, usual) = (nanoseconds(took), self.0.load(Relaxed));
        if usual == 0 {
            let first = if learns { took } else { took.min(nanoseconds(FIRST)) };
            self.0.store(first, Relaxed);
            return false;
        }
        if took < usual {
            self.0.store(usual - ((usual - took) >> FASTER), Relaxed);
        } else if learns {
            // One that took for ever moves it no further than one that is slow.
            let counted = took.min(usual.saturating_mul(2 * SLOW));
            self.0.store(usual + ((counted - usual) >> SLOWER), Relaxed);
        }
        took > usual.saturating_mul(SLOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 512;
    const SLOW_ONE: Option<Duration> = Some(Duration::from_secs(10));

    /// A window in which so many were worked on, and each answer took so long. What comes of it shows in the next.
    async fn window(limit: &Limit, usual: &Usual, milliseconds: u64, in_flight: usize) -> usize {
        let took = Some(Duration::from_millis(milliseconds));
        (0..16).for_each(|client| limit.answered(usual, took, in_flight, [client, client + 100]));
        tokio::time::advance(WINDOW).await;
        limit.answered(usual, took, in_flight, [16, 116]);
        limit.now()
    }

    #[tokio::test(start_paused = true)]
    async fn it_shrinks_while_what_is_asked_for_is_too_much_and_grows_again_afterwards() {
        let (limit, usual) = (Limit::new(MOST), Usual::default());
        for _ in 0..20 {
            assert_eq!(window(&limit, &usual, 10, 5).await, AT_REST, "nothing presses");
        }
        assert_eq!(window(&limit, &usual, 41, AT_REST).await, AT_REST, "once is never");
        let mut before = limit.now();
        while before > FEWEST {
            let now = window(&limit, &usual, 41, before).await;
            assert!(now < before, "{before} -> {now}");
            before = now;
        }
        for _ in 0..60 {
            let now = window(&limit, &usual, 15, before).await;
            assert!(now > before || now == MOST, "{before} -> {now}");
            before = now;
        }
        assert_eq!(before, MOST, "a machine that can do more does more");
        for _ in 0..60 {
            window(&limit, &usual, 10, 5).await;
        }
        assert_eq!(limit.now(), AT_REST);
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_client_makes_slow_shrinks_nothing() {
        let (limit, usual) = (Limit::new(MOST), Usual::default());
        window(&limit, &usual, 10, 100).await;
        // By many accounts from one address, and by one account from many addresses.
        for client in [|number| [number, 999], |number| [999, number]] {
            let slow = |number: u128| limit.answered(&usual, SLOW_ONE, 100, client(1_000 + number));
            for _ in 0..20 {
                (0..100).for_each(slow);
                assert!(window(&limit, &usual, 10, 100).await >= AT_REST);
            }
        }
        assert!(usual.0.load(Relaxed) < 12_000_000, "{usual:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_become_slow_by_itself_is_usual_after_a_while() {
        let (limit, usual) = (Limit::new(MOST), Usual::default());
        window(&limit, &usual, 10, 5).await;
        // Few are worked on, and all take long: no queue is the reason.
        for _ in 0..300 {
            window(&limit, &usual, 100, 5).await;
        }
        assert!(usual.0.load(Relaxed) > 90_000_000, "{usual:?}");
        // As many as may, and all take long: it cannot be told, until the fewest are left.
        let mut least = MOST;
        for _ in 0..400 {
            let now = limit.now();
            least = least.min(window(&limit, &usual, 1_000, now).await);
        }
        assert_eq!(least, FEWEST);
        assert!(limit.now() > 100, "{}", limit.now());
    }

    #[tokio::test(start_paused = true)]
    async fn one_client_alone_is_enough() {
        let (limit, usual) = (Limit::new(MOST), Usual::default());
        for took in [10, 90, 90, 90, 90, 90] {
            tokio::time::advance(WINDOW).await;
            let took = Some(Duration::from_millis(took));
            (0..9).for_each(|_| limit.answered(&usual, took, 100, [1, 2]));
        }
        assert!(limit.now() < AT_REST, "{}", limit.now());
    }

    #[test]
    fn what_is_usual_is_learned_of_what_takes_microseconds_too() {
        let usual = Usual::default();
        let add = |microseconds, learns| usual.add(Duration::from_micros(microseconds), learns);
        assert!(!add(100, true));
        assert!([add(401, false), !add(399, false)].into_iter().all(|told| told));
        (0..5_000).for_each(|_| _ = add(300, true));
        assert!((290_000..=300_000).contains(&usual.0.load(Relaxed)), "{usual:?}");
        (0..500).for_each(|_| _ = add(100, false));
        assert!(usual.0.load(Relaxed) < 101_000, "{usual:?}");
    }

    #[test]
    fn who_begins_under_a_load_does_not_take_it_for_usual() {
        let usual = Usual::default();
        assert!(!usual.add(Duration::from_secs(1), false));
        assert!(usual.add(Duration::from_secs(1), false));
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_is_slow() {
        let (limit, usual) = (Limit::new(MOST), Usual::default());
        for _ in 0..5 {
            (0..9).for_each(|client| limit.answered(&usual, None, 100, [client, client + 100]));
            tokio::time::advance(WINDOW).await;
        }
        limit.answered(&usual, None, 100, [1, 101]);
        assert!(limit.now() < AT_REST, "{}", limit.now());
    }

    #[tokio::test(start_paused = true)]
    async fn it_keeps_to_what_it_is_given() {
        for most in [1, 7, 100] {
            let (limit, usual) = (Limit::new(most), Usual::default());
            for took in [10, 10, 90, 90, 90, 10, 10] {
                assert_eq!(window(&limit, &usual, took, most).await.min(FEWEST), most.min(FEWEST));
                assert!(limit.now() <= most);
            }
        }
    }
}
