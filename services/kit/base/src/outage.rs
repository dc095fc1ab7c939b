//! Something that is needed and not there: how long that has lasted, and when it is worth another line in the log.
use std::time::Duration;

use tokio::time::Instant;

/// When it is first said again.
const FIRST_REMINDER: Duration = Duration::from_secs(60);
/// The longest time without a word.
const LONGEST_SILENCE: Duration = Duration::from_secs(3600);

/// One outage, from its first failure to its end.
#[derive(Debug)]
pub struct Outage {
    began: Instant,
    reminded: Instant,
    silence: Duration,
}

impl Outage {
    /// It begins now.
    pub fn begin() -> Self {
        let now = Instant::now();
        Self { began: now, reminded: now, silence: FIRST_REMINDER }
    }

    /// How long it has lasted.
    pub fn lasted(&self) -> Duration {
        self.began.elapsed()
    }

    /// Whether it is time to say that it goes on: after a minute, and each further time after twice as long, up to an hour.
    pub fn reminds(&mut self) -> bool {
        let due = self.reminded.elapsed() >= self.silence;
        if due {
            self.reminded = Instant::now();
            self.silence = (self.silence * 2).min(LONGEST_SILENCE);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_told_of_ever_more_seldom_and_never_not_at_all() {
        let mut outage = Outage::begin();
        let mut minutes = vec![];
        for minute in 1..=300 {
            assert!(!outage.reminds(), "once is enough at {minute}");
            tokio::time::advance(Duration::from_secs(60)).await;
            if outage.reminds() {
                minutes.push(minute);
            }
        }
        assert_eq!(minutes, [1, 3, 7, 15, 31, 63, 123, 183, 243]);
        assert_eq!(outage.lasted(), Duration::from_secs(300 * 60));
    }
}
