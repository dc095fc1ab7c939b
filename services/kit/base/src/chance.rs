//! Even spread for picks and pauses; nothing here is a secret.
use std::{
    hash::{BuildHasher as _, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// The next of a sequence that differs from process to process (SplitMix64).
pub fn number() -> u64 {
    static STATE: LazyLock<AtomicU64> =
        LazyLock::new(|| AtomicU64::new(RandomState::new().hash_one(0)));
    let mut mixed = STATE.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// One of the numbers below `count`, which is not 0.
pub fn below(count: usize) -> usize {
    usize::try_from(number() % count as u64).expect("below a usize")
}

/// A number from 0 to below 1.
pub fn share() -> f64 {
    (number() >> 11) as f64 / (1_u64 << 53) as f64
}

/// A duration between the two.
pub fn between(least: Duration, most: Duration) -> Duration {
    least + most.saturating_sub(least).mul_f64(share())
}

/// The duration give or take a fifth, so that many clients do not act at once.
pub fn around(middle: Duration) -> Duration {
    between(middle.mul_f64(0.8), middle.mul_f64(1.2))
}

/// The duration give or take a tenth, where what many agreed on should still hold for each.
pub fn near(middle: Duration) -> Duration {
    between(middle.mul_f64(0.9), middle.mul_f64(1.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_duration_stays_within_a_fifth_or_a_tenth() {
        let spread: Vec<_> = (0..1000).map(|_| around(Duration::from_secs(10))).collect();
        assert!(spread.iter().all(|pause| (8.0..=12.0).contains(&pause.as_secs_f64())));
        assert!(spread.iter().min() < spread.iter().max());
        let close: Vec<_> = (0..1000).map(|_| near(Duration::from_secs(100)).as_secs()).collect();
        assert!(close.iter().all(|seconds| (90..=110).contains(seconds)));
        assert!(close.iter().any(|s| *s < 95) && close.iter().any(|s| *s > 105));
    }

    #[test]
    fn every_place_is_picked() {
        let mut seen = [0; 3];
        (0..3000).for_each(|_| seen[below(3)] += 1);
        assert!(seen.iter().all(|count| (800..1200).contains(count)), "{seen:?}");
    }

    #[test]
    fn a_span_without_room_is_its_least() {
        let (one, two) = (Duration::from_secs(1), Duration::from_secs(2));
        for (least, most) in [(two, one), (two, two)] {
            assert_eq!(between(least, most), two);
        }
        let drawn: Vec<_> = (0..1000).map(|_| between(one, two)).collect();
        assert!(drawn.iter().all(|span| (one..=two).contains(span)));
        let middle = one + Duration::from_millis(500);
        let late = drawn.iter().filter(|span| **span > middle).count();
        assert!((400..600).contains(&late), "{late} of 1000 in the later half");
    }

    #[test]
    fn a_number_does_not_come_again() {
        let drawn: std::collections::HashSet<_> = (0..10_000).map(|_| number()).collect();
        assert_eq!(drawn.len(), 10_000);
    }
}
