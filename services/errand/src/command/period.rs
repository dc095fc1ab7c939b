//! Periods as Prometheus writes them.
use std::{fmt, time::Duration};

/// A number of seconds, minutes, hours or days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    text: String,
    seconds: u64,
}

/// # Errors
/// What is no such period, with what would be.
pub(crate) fn parse(text: &str) -> Result<Period, String> {
    let of = |(unit, seconds): (char, u64)| {
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        (1..=1_000_000).contains(&number).then_some(number * seconds)
    };
    let units = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    let seconds = units.into_iter().find_map(of);
    let seconds = seconds.ok_or("give a period as 30s, 5m, 2h or 1d")?;
    Ok(Period { text: text.to_owned(), seconds })
}

impl Period {
    pub(crate) fn from_seconds(seconds: u64) -> Self {
        Self { text: format!("{seconds}s"), seconds }
    }

    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_number_with_its_unit() {
        for (text, seconds) in [("30s", 30), ("5m", 300), ("2h", 7_200), ("1d", 86_400)] {
            let period = parse(text).unwrap();
            assert_eq!(
                (period.duration().as_secs(), period.to_string()),
                (seconds, text.to_owned())
            );
        }
        for text in ["", "5", "m", "0m", "5 m", "5w", "1h30m", "-5m", "99999999d"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
