//! Something that is needed and not there: how long that has lasted, and when it is worth another line in the log.
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// When it is first said again.
const FIRST_REMINDER: Duration = Duration::from_secs(60);
/// The longest time without a word.
const LONGEST_SILENCE: Duration = Duration::from_secs(3600);
/// What nobody has met for so long is over.
const OVER: Duration = Duration::from_secs(10);

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

    /// Whether it is time to say that something is not there: when that begins, and then as [`Outage::reminds`].
    pub fn is_news(outage: &mut Option<Self>) -> bool {
        match outage {
            Some(outage) => outage.reminds(),
            None => {
                *outage = Some(Self::begin());
                true
            }
        }
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

/// What many meet, each by itself, and none sees the end of.
#[derive(Debug, Default)]
pub struct Outages(Mutex<BTreeMap<&'static str, (Option<Outage>, Instant)>>);

impl Outages {
    /// None so far.
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// As [`Outage::is_news`], of the one called `name`.
    pub fn is_news(&self, name: &'static str) -> bool {
        let mut met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (outage, last) = met.entry(name).or_insert_with(|| (None, Instant::now()));
        outage.take_if(|_| last.elapsed() >= OVER);
        *last = Instant::now();
        Outage::is_news(outage)
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

    #[tokio::test(start_paused = true)]
    async fn what_is_met_twice_a_second_is_told_of_as_one_outage_until_nobody_meets_it() {
        let outages = Outages::new();
        let mut told = vec![];
        for half_second in 0..2 * 240 {
            if outages.is_news("keys") {
                told.push(half_second / 2);
            }
            tokio::time::advance(Duration::from_millis(500)).await;
        }
        assert_eq!(told, [0, 60, 180]);
        assert!(outages.is_news("database") && !outages.is_news("keys"), "each by itself");
        tokio::time::advance(OVER).await;
        assert!(outages.is_news("keys"), "another one");
    }
}
