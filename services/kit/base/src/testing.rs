//! What the tests of the crates above share.
use std::{
    io,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use tracing::{Dispatch, subscriber::NoSubscriber};

/// Keeps what is written to it or to a clone of it.
#[derive(Clone, Debug, Default)]
pub struct Output(Arc<Mutex<Vec<u8>>>);

impl Output {
    /// All that was written.
    ///
    /// # Panics
    /// When it is no text.
    pub fn text(&self) -> String {
        let bytes = self.0.lock().expect("no writer panics").clone();
        String::from_utf8(bytes).expect("only text is written")
    }
}

/// Where there is one subscriber alone, tracing asks the first thread that comes to a line whether it is wanted, and takes the no of one that has
/// none for the answer of all.
static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::default()));

/// What is logged on this thread, without times, for as long as the guard is held.
#[must_use]
pub fn log() -> (Output, tracing::subscriber::DefaultGuard) {
    let log = Output::default();
    let output = log.clone();
    let lines = tracing_subscriber::fmt().without_time().with_ansi(false).with_target(false);
    let lines = lines.with_writer(move || output.clone()).finish();
    LazyLock::force(&ANOTHER);
    (log, tracing::subscriber::set_default(lines))
}

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How long a test waits for what comes by itself: a busy machine is slow. One that claims that it comes sooner checks that, too.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until something is so.
///
/// # Panics
/// When it is not so for half a minute, with `what` was waited for.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let outcome = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(outcome.is_ok(), "not within {PATIENCE:?}: {what}");
}

/// Chance that can be had again: a sequence of numbers that its seed decides (splitmix64).
pub struct Random(u64);

impl Random {
    /// The sequence of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`.
    ///
    /// # Panics
    /// When `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let mixed = mixed ^ (mixed >> 31);
        usize::try_from(mixed % u64::try_from(bound).expect("a bound")).expect("below a usize")
    }

    /// One of these.
    ///
    /// # Panics
    /// When there are none.
    pub fn one_of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}
