//! How much a scope keeps, and may keep.
use std::collections::BTreeMap;

use kit_base::Timestamp;
use kit_db::sql::JsonText;
use serde::{Deserialize, Serialize};

use super::error::Error;

/// What is counted of a scope, under the lock of its row. It stands in the scope as JSON, so that a type that is new needs no column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// The change of the journal that it was counted at: the scope's own, unless a release that does not count has written since.
    pub(crate) sequence: i64,
    /// Rows by type, those in the trash too.
    pub(crate) rows: BTreeMap<String, i64>,
    /// What they take, in bytes.
    pub(crate) bytes: i64,
    /// The day of `written`, from 1970-01-01 (UTC) on.
    day: i64,
    /// What was written on that day, in bytes.
    written: i64,
}

/// How much a scope may keep. What is not there has no bound.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quotas {
    /// Rows by type.
    pub(crate) rows: BTreeMap<&'static str, i64>,
    pub(crate) bytes: Option<i64>,
    pub(crate) bytes_a_day: Option<i64>,
}

impl Usage {
    /// As it stands in the scope.
    pub(crate) fn to_json(&self) -> JsonText {
        JsonText(serde_json::to_string(self).expect("plain data"))
    }

    /// Counts what became of a row; the numbers are its bytes, none where there is none.
    pub(crate) fn replace(
        &mut self,
        object_type: &str,
        before: Option<usize>,
        after: Option<usize>,
    ) {
        let rows = self.rows.entry(object_type.to_owned()).or_default();
        *rows += i64::from(after.is_some()) - i64::from(before.is_some());
        self.bytes += number(after.unwrap_or(0)) - number(before.unwrap_or(0));
    }

    /// Takes over what was counted: types, each with its rows and their bytes.
    pub(crate) fn recount(&mut self, counted: impl Iterator<Item = (&'static str, (i64, i64))>) {
        (self.rows, self.bytes) = (BTreeMap::new(), 0);
        for (object_type, (rows, bytes)) in counted {
            self.rows.insert(object_type.to_owned(), rows);
            self.bytes += bytes;
        }
    }

    /// Counts what is written beside the rows.
    pub(crate) fn write(&mut self, now: Timestamp, bytes: usize) {
        let (today, written) = (day(now), self.written_today(now));
        let goes_on = self.day == today + 1;
        self.written = written + number(bytes);
        self.day = if goes_on { self.day } else { today };
    }

    /// What was written today. A clock that is a day behind makes no new day; one that was ahead by more counts for nothing.
    pub(crate) fn written_today(&self, now: Timestamp) -> i64 {
        let today = day(now);
        if (today..=today + 1).contains(&self.day) { self.written } else { 0 }
    }

    /// How many rows of a type there are.
    pub(crate) fn rows_of(&self, object_type: &str) -> i64 {
        self.rows.get(object_type).copied().unwrap_or(0)
    }
}

impl Quotas {
    /// Refuses one more row of a type, or any more bytes.
    pub(crate) fn admit_row(&self, usage: &Usage, object_type: &str) -> Result<(), Error> {
        match self.rows.get(object_type) {
            Some(most) if usage.rows_of(object_type) >= *most => {
                Err(Error::Rows(format!("{object_type}s"), *most))
            }
            _ => self.admit_bytes(usage),
        }
    }

    /// Refuses any more bytes.
    pub(crate) fn admit_bytes(&self, usage: &Usage) -> Result<(), Error> {
        match self.bytes {
            Some(most) if usage.bytes >= most => Err(Error::Bytes(most)),
            _ => Ok(()),
        }
    }

    /// Refuses any more writes on this day.
    pub(crate) fn admit_write(&self, usage: &Usage, now: Timestamp) -> Result<(), Error> {
        match self.bytes_a_day {
            Some(most) if usage.written_today(now) >= most => Err(Error::BytesToday(most)),
            _ => Ok(()),
        }
    }
}

fn number(bytes: usize) -> i64 {
    i64::try_from(bytes).expect("no memory holds more")
}

fn day(now: Timestamp) -> i64 {
    now.as_microseconds().div_euclid(24 * 3600 * 1_000_000)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(100 * 86_400 + 43_200);
    const HOURS: fn(u64) -> Duration = |hours| Duration::from_secs(hours * 3600);

    #[test]
    fn what_comes_and_goes_is_counted() {
        let mut usage = Usage::default();
        for (object_type, before, after, rows, bytes) in [
            ("task", None, Some(10), 1, 10),
            ("task", None, Some(20), 2, 30),
            ("project", None, Some(5), 1, 35),
            ("task", Some(20), Some(7), 2, 22),
            ("task", Some(10), None, 1, 12),
            ("task", None, None, 1, 12),
        ] {
            usage.replace(object_type, before, after);
            assert_eq!((usage.rows_of(object_type), usage.bytes), (rows, bytes));
        }
    }

    #[test]
    fn a_day_ends_at_midnight_and_does_not_come_back() {
        let mut usage = Usage::default();
        usage.write(NOON, 10);
        usage.write(NOON.plus(HOURS(11)), 5);
        assert_eq!(usage.written_today(NOON), 15);
        assert_eq!(usage.written_today(NOON.plus(HOURS(12))), 0);
        usage.write(NOON.plus(HOURS(13)), 1);
        assert_eq!(usage.written_today(NOON), 1, "a clock that is behind writes to the newer day");
        usage.write(NOON, 1);
        assert_eq!(usage.written_today(NOON.plus(HOURS(13))), 2);
    }

    #[test]
    fn a_clock_that_was_far_ahead_does_not_stop_the_days() {
        let mut usage = Usage::default();
        usage.write(NOON.plus(HOURS(30 * 24)), 9);
        assert_eq!(usage.written_today(NOON), 0);
        usage.write(NOON, 1);
        assert_eq!(usage.written_today(NOON), 1);
        assert_eq!(usage.written_today(NOON.plus(HOURS(24))), 0);
    }

    #[test]
    fn a_quota_is_reached_and_not_passed() {
        let rows = BTreeMap::from([("task", 2)]);
        let quotas = Quotas { rows, bytes: Some(100), bytes_a_day: Some(10) };
        let mut usage = Usage::default();
        usage.replace("task", None, Some(1));
        usage.write(NOON, 9);
        assert!(
            quotas.admit_row(&usage, "task").is_ok() && quotas.admit_write(&usage, NOON).is_ok()
        );
        usage.replace("task", None, Some(1));
        usage.write(NOON, 1);
        assert_eq!(quotas.admit_row(&usage, "task"), Err(Error::Rows("tasks".to_owned(), 2)));
        assert_eq!(quotas.admit_row(&usage, "project"), Ok(()), "it has no quota");
        assert_eq!(quotas.admit_write(&usage, NOON), Err(Error::BytesToday(10)));
        assert_eq!(quotas.admit_write(&usage, NOON.plus(HOURS(12))), Ok(()));
        usage.replace("project", None, Some(98));
        for refused in [quotas.admit_row(&usage, "project"), quotas.admit_bytes(&usage)] {
            assert_eq!(refused, Err(Error::Bytes(100)));
        }
        usage.replace("project", Some(98), Some(97));
        assert_eq!(quotas.admit_bytes(&usage), Ok(()));
    }

    #[test]
    fn what_has_no_quota_has_no_bound() {
        let mut usage = Usage::default();
        usage.replace("task", None, Some(usize::MAX / 4));
        usage.write(NOON, usize::MAX / 4);
        let quotas = Quotas::default();
        assert_eq!(quotas.admit_row(&usage, "task"), Ok(()));
        assert_eq!(quotas.admit_write(&usage, NOON), Ok(()));
    }

    #[test]
    fn what_was_counted_anew_takes_the_place_of_what_was_thought() {
        let mut usage = Usage::default();
        usage.replace("task", None, Some(10));
        usage.replace("note", None, Some(10));
        usage.write(NOON, 3);
        usage.recount([("task", (2, 50)), ("project", (1, 7))].into_iter());
        assert_eq!(["task", "project", "note"].map(|it| usage.rows_of(it)), [2, 1, 0]);
        assert_eq!((usage.bytes, usage.written_today(NOON)), (57, 3));
    }

    #[test]
    fn it_is_kept_as_it_is() {
        let mut usage = Usage { sequence: 7, ..Usage::default() };
        usage.replace("task", None, Some(10));
        usage.write(NOON, 10);
        let json = serde_json::to_string(&usage).unwrap();
        assert_eq!(json, r#"{"sequence":7,"rows":{"task":1},"bytes":10,"day":100,"written":10}"#);
        assert_eq!(serde_json::from_str::<Usage>(&json).unwrap(), usage);
    }
}
