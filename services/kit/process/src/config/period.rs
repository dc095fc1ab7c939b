use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

/// A length of time as operators write it: `250ms`, `5s`, `10m`, `12h`, `30d`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period(Duration);

const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl Period {
    /// So many milliseconds.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(Duration::from_millis(milliseconds))
    }

    /// So many seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// The same length for the standard library.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Period {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "a length of time is a whole number and one of ms, s, m, h, d";
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| EXPECTED)?;
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or(EXPECTED)?;
        number
            .checked_mul(*factor)
            .map(Self::from_millis)
            .ok_or("this is longer than any clock can count")
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let whole = |(_, factor): &&(&str, u64)| {
            milliseconds >= *factor && milliseconds.is_multiple_of(*factor)
        };
        let (unit, factor) = UNITS.iter().find(whole).unwrap_or(&("s", 1_000));
        write!(f, "{}{unit}", milliseconds / factor)
    }
}

impl TryFrom<String> for Period {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_that_was_written_is_read_back() {
        for text in ["0s", "1ms", "250ms", "5s", "90s", "10m", "12h", "30d"] {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
        }
        assert_eq!("60s".parse::<Period>().unwrap().to_string(), "1m");
    }

    #[test]
    fn a_number_without_a_unit_is_refused() {
        for text in [
            "",
            "5",
            "s",
            "-5s",
            "1.5s",
            "5 s",
            "5S",
            "99999999999999999999s",
            "9999999999999999999d",
        ] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_period_is_as_long_as_its_unit_says_and_is_told_in_the_largest() {
        for (text, milliseconds, told) in [
            ("1000ms", 1_000, "1s"),
            ("1500ms", 1_500, "1500ms"),
            ("3600s", 3_600_000, "1h"),
            ("90m", 5_400_000, "90m"),
            ("24h", 86_400_000, "1d"),
            ("36h", 129_600_000, "36h"),
            ("007s", 7_000, "7s"),
            ("0d", 0, "0s"),
        ] {
            let period: Period = text.parse().unwrap();
            assert_eq!(period.duration(), Duration::from_millis(milliseconds), "{text}");
            assert_eq!(period.to_string(), told);
        }
        assert!(u64::MAX.to_string().parse::<Period>().is_err());
        let longest = format!("{}ms", u64::MAX);
        assert_eq!(longest.parse::<Period>().unwrap().to_string(), longest);
        let expected = "\"1m\"";
        assert_eq!(serde_json::to_string(&Period::from_secs(60)).unwrap(), expected);
        assert_eq!(serde_json::from_str::<Period>(expected).unwrap(), Period::from_secs(60));
    }
}
