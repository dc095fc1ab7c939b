use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

/// A length of time that differs from `around` by at most `percent`, so that what began together does not happen together.
pub(crate) fn jittered(around: Duration, percent: u32) -> Duration {
    // A fresh random state is a cheap source of spread; nobody gains from guessing it.
    let position = RandomState::new().hash_one(0_u8) % 2001;
    let factor = (f64::from(u32::try_from(position).unwrap_or(0)) / 1000.0 - 1.0)
        * f64::from(percent)
        / 100.0;
    around.mul_f64(1.0 + factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_spread_within_their_bounds() {
        let times: Vec<_> =
            (0..1000).map(|_| jittered(Duration::from_secs(100), 10).as_secs()).collect();
        assert!(times.iter().all(|seconds| (90..=110).contains(seconds)));
        assert!(
            times.iter().any(|seconds| *seconds < 95) && times.iter().any(|seconds| *seconds > 105)
        );
    }
}
