//! How slow an endpoint is: the peak-sensitive moving average of Finagle, as in tower's `PeakEwma`.
use std::time::Duration;

use tokio::time::Instant;

/// What an endpoint is taken for before its first answer.
const GUESS: f64 = 0.010;
/// Differences below this say more about the scheduler than about the endpoint.
const FLOOR: f64 = 0.005;

/// Follows a slow answer at once, and forgets it over the decay time.
#[derive(Debug)]
pub(crate) struct Latency {
    seconds: f64,
    at: Instant,
    guessed: bool,
}

impl Latency {
    pub(crate) fn unknown(now: Instant) -> Self {
        Self { seconds: GUESS, at: now, guessed: true }
    }

    /// Takes in that an answer took `waited`.
    pub(crate) fn observe(&mut self, waited: Duration, now: Instant, decay: Duration) {
        let (sample, old) = (waited.as_secs_f64(), self.weight(now, decay));
        let peak = self.guessed || sample > self.seconds;
        self.seconds = if peak { sample } else { self.seconds * old + sample * (1.0 - old) };
        self.guessed = false;
        self.at = now;
    }

    /// The estimate, in seconds. It sinks while there are no answers, so that a slow endpoint gets another chance.
    pub(crate) fn seconds(&self, now: Instant, decay: Duration) -> f64 {
        (self.seconds * self.weight(now, decay)).max(FLOOR)
    }

    fn weight(&self, now: Instant, decay: Duration) -> f64 {
        (-now.saturating_duration_since(self.at).as_secs_f64() / decay.as_secs_f64()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECAY: Duration = Duration::from_secs(10);

    #[test]
    fn a_slow_answer_counts_at_once_and_is_forgotten_slowly() {
        let start = Instant::now();
        let mut latency = Latency::unknown(start);
        latency.observe(Duration::from_millis(7), start, DECAY);
        assert!((latency.seconds(start, DECAY) - 0.007).abs() < 1e-9, "the guess is not kept");
        latency.observe(Duration::from_secs(1), start, DECAY);
        assert!((latency.seconds(start, DECAY) - 1.0).abs() < 1e-9);
        latency.observe(Duration::from_millis(5), start + Duration::from_secs(1), DECAY);
        let after = latency.seconds(start + Duration::from_secs(1), DECAY);
        assert!((0.8..0.95).contains(&after), "{after}");
        assert!(latency.seconds(start + Duration::from_secs(60), DECAY) < 0.01);
    }
}
