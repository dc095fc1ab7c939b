//! A moment, to the microsecond, as both databases keep it.
#[cfg(feature = "diesel")]
mod stored;

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::form;

/// A moment in microseconds since 1970-01-01T00:00:00Z. Prints as RFC 3339, and parses in the one form that the contracts have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "diesel",
    derive(diesel::expression::AsExpression, diesel::deserialize::FromSqlRow),
    diesel(sql_type = crate::sql::Instant)
)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment that lies `microseconds` after 1970.
    pub const fn from_microseconds(microseconds: i64) -> Self {
        Self(microseconds)
    }

    /// The moment that lies `seconds` after 1970.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since 1970.
    pub fn as_microseconds(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, as tokens carry them.
    pub fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The moment that lies `span` later.
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// The moment that lies `span` earlier.
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero when it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// As the contracts carry it.
    pub fn to_proto(self) -> (i64, i32) {
        let nanos = i32::try_from(self.0.rem_euclid(1_000_000) * 1000).expect("less than a second");
        (self.as_seconds(), nanos)
    }

    /// From the seconds and nanoseconds of a contract; what is finer than a microsecond is cut.
    pub fn from_proto(seconds: i64, nanos: i32) -> Self {
        Self(seconds.saturating_mul(1_000_000).saturating_add(i64::from(nanos) / 1000))
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(moment: jiff::Timestamp) -> Self {
        Self(moment.as_microsecond())
    }
}

impl From<Timestamp> for jiff::Timestamp {
    /// What lies outside the years -9999 to 9999 becomes the nearest end.
    fn from(Timestamp(microseconds): Timestamp) -> Self {
        let end = if microseconds < 0 { Self::MIN } else { Self::MAX };
        Self::from_microsecond(microseconds).unwrap_or(end)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", jiff::Timestamp::from(*self))
    }
}

/// A text that is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a moment is written as 2026-09-01T09:00:00Z")]
pub struct NoMoment;

impl FromStr for Timestamp {
    type Err = NoMoment;

    fn from_str(text: &str) -> Result<Self, NoMoment> {
        form::moment(text).map(Self).ok_or(NoMoment)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_prints_as_rfc_3339_and_reads_back() {
        for text in
            ["2026-09-01T09:00:00Z", "2026-09-01T09:00:00.000001Z", "1969-12-31T23:59:59.5Z"]
        {
            let moment: Timestamp = text.parse().unwrap();
            assert_eq!(moment.to_string(), text);
            let (seconds, nanos) = moment.to_proto();
            assert_eq!(Timestamp::from_proto(seconds, nanos), moment);
        }
    }

    #[test]
    fn a_moment_before_1970_is_cut_to_the_second_before_it() {
        for (microseconds, seconds, nanos) in [
            (0, 0, 0),
            (1, 0, 1_000),
            (999_999, 0, 999_999_000),
            (-1, -1, 999_999_000),
            (-1_000_000, -1, 0),
            (-1_000_001, -2, 999_999_000),
        ] {
            let moment = Timestamp::from_microseconds(microseconds);
            assert_eq!(moment.as_seconds(), seconds, "{microseconds}");
            assert_eq!(moment.to_proto(), (seconds, nanos), "{microseconds}");
        }
        assert_eq!(
            Timestamp::from_proto(1, 1_999).as_microseconds(),
            1_000_001,
            "what is finer is cut"
        );
    }

    #[test]
    fn no_moment_wraps_round() {
        let (first, last) =
            (Timestamp::from_microseconds(i64::MIN), Timestamp::from_microseconds(i64::MAX));
        let now = Timestamp::from_seconds(1_800_000_000);
        for span in [Duration::MAX, Duration::from_secs(u64::MAX / 2)] {
            assert_eq!((now.plus(span), first.minus(span)), (last, first));
            assert!(now.minus(span) < Timestamp::from_microseconds(0));
        }
        assert_eq!(
            [Timestamp::from_seconds(i64::MAX), Timestamp::from_proto(i64::MAX, 0)],
            [last; 2]
        );
        assert_eq!(now.since(now.plus(Duration::from_micros(1))), Duration::ZERO);
        assert_eq!(now.plus(Duration::from_micros(1)).since(now), Duration::from_micros(1));
        assert_eq!(first.since(last), Duration::ZERO);
        assert!(last.to_string().starts_with("9999-12-3"), "{last}");
        assert!(first.to_string().starts_with("-009999-01-0"), "{first}");
    }

    #[test]
    fn a_moment_is_read_in_any_offset_and_written_in_utc() {
        let read = |text: &str| serde_json::from_str::<Timestamp>(&format!("{text:?}"));
        for text in
            ["2026-09-01T09:00:00Z", "2026-09-01T11:00:00+02:00", "2026-09-01T04:00:00-05:00"]
        {
            let moment = read(text).unwrap();
            assert_eq!(
                serde_json::to_string(&moment).unwrap(),
                "\"2026-09-01T09:00:00Z\"",
                "{text}"
            );
        }
        for text in
            ["", "2026-09-01", "2026-09-01T09:00:00", "2026-13-01T09:00:00Z", "now", "1800000000"]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_moment_has_one_form() {
        for (text, microseconds) in [
            ("1970-01-01T00:00:01Z", 1_000_000),
            ("1970-01-01T00:00:00.5Z", 500_000),
            ("1970-01-01T00:00:00.000001+00:00", 1),
            ("1969-12-31T23:59:59.999999-00:00", -1),
            ("1970-01-01T23:59:00.1+23:59", 100_000),
            ("1969-12-31T00:01:00-23:59", 0),
        ] {
            assert_eq!(text.parse(), Ok(Timestamp::from_microseconds(microseconds)), "{text}");
        }
        for text in [
            "2026-01-01T00:00:60Z",
            "20260101T000000Z",
            "2026-01-01T00:00Z",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00+25:00",
            "2026-01-01T00:00:00+02",
            "2026-01-01T00:00:00+0200",
            "2026-01-01T00:00:00+02:00:30",
            "2026-01-01T00:00:00+02:60",
            "2026-01-01T00:00:00Z[UTC]",
            "2026-01-01T00:00:00+00:00[UTC]",
            "2026-01-01T00:00:00,5Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.5",
            "2026-01-01T00:00:00.1234567Z",
            "2026-01-01T00:00:00.\u{661}Z",
            "2026-01-01T00:00:00.5.5Z",
            "2026-01-01t00:00:00Z",
            "2026-01-01T00:00:00z",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:00 02:00",
            "2026-01-01T24:00:00Z",
            "2026-02-29T00:00:00Z",
            "+002026-01-01T00:00:00Z",
            "-000001-01-01T00:00:00Z",
            " 2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00Z ",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(NoMoment), "{text}");
        }
    }
}
