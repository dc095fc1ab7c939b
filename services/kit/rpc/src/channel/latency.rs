//! How slow an endpoint is: a moving average over time.
use std::time::Duration;

use tokio::time::Instant;

/// Differences below this say more about the mix of reads and writes, the scheduler and the disk than about the endpoint.
const FLOOR: f64 = 0.020;

/// Moves towards each answer, the further the longer the one before is ago. Not to the peak, as Finagle's `PeakEwma` does:
/// one slow commit would keep a healthy endpoint idle for the decay time; what hangs shows in its calls under way.
#[derive(Debug)]
pub(crate) struct Latency {
    /// None before the first answer.
    seconds: Option<f64>,
    at: Instant,
}

impl Latency {
    pub(crate) fn unknown(now: Instant) -> Self {
        Self { seconds: None, at: now }
    }

    /// Takes in that an answer took `waited`.
    pub(crate) fn observe(&mut self, waited: Duration, now: Instant, decay: Duration) {
        let (sample, old) = (waited.as_secs_f64(), self.weight(now, decay));
        let moved = |before: f64| before * old + sample * (1.0 - old);
        (self.seconds, self.at) = (Some(self.seconds.map_or(sample, moved)), now);
    }

    /// The estimate, in seconds. It sinks while there are no answers, so that a slow endpoint gets another chance.
    pub(crate) fn seconds(&self, now: Instant, decay: Duration) -> f64 {
        self.seconds.map_or(FLOOR, |seconds| (seconds * self.weight(now, decay)).max(FLOOR))
    }

    fn weight(&self, now: Instant, decay: Duration) -> f64 {
        (-now.saturating_duration_since(self.at).as_secs_f64() / decay.as_secs_f64()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECAY: Duration = Duration::from_secs(10);

    /// Answers every ten milliseconds, for so many seconds from `begun`; returns when they end.
    fn answers(latency: &mut Latency, begun: Instant, seconds: u32, waited: u64) -> Instant {
        (1..=seconds * 100).fold(begun, |_, number| {
            let now = begun + Duration::from_millis(10) * number;
            latency.observe(Duration::from_millis(waited), now, DECAY);
            now
        })
    }

    #[test]
    fn one_slow_answer_among_many_changes_nothing_and_lasting_slowness_shows() {
        let start = Instant::now();
        let mut latency = Latency::unknown(start);
        latency.observe(Duration::from_millis(70), start, DECAY);
        assert!((latency.seconds(start, DECAY) - 0.07).abs() < 1e-9, "the guess is not kept");
        let calm = answers(&mut latency, start, 30, 5);
        latency.observe(Duration::from_secs(1), calm + Duration::from_millis(10), DECAY);
        assert!((latency.seconds(calm, DECAY) - FLOOR).abs() < 1e-9);
        let slow = answers(&mut latency, calm, 10, 100);
        assert!((0.06..0.08).contains(&latency.seconds(slow, DECAY)));
    }

    #[test]
    fn an_endpoint_that_is_left_alone_gets_another_chance() {
        let start = Instant::now();
        let mut latency = Latency::unknown(start);
        latency.observe(Duration::from_secs(1), start, DECAY);
        assert!((latency.seconds(start + 6 * DECAY, DECAY) - FLOOR).abs() < 1e-9);
    }
}
