//! When a task is due: all day, at a wall time anywhere, or at a wall time somewhere.
use jiff::{civil, tz::TimeZone};
use kit::{Timestamp, Violation};
use serde::Serialize;

/// A due, as it was said, and the moment it stands for in lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// `2026-09-01` or `2026-09-01T09:00:00`.
    pub(crate) local: String,
    /// Where the wall time holds; anywhere when none.
    pub(crate) zone: Option<String>,
    /// For comparing: what is due anywhere counts as in UTC.
    pub(crate) at: Timestamp,
}

/// As a client says it: exactly one of `date` and `datetime`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct DueFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) datetime: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time_zone: Option<String>,
}

impl Due {
    /// Checks what a client said; none, and the faults, where it is not acceptable.
    pub(crate) fn parse(fields: DueFields, faults: &mut Vec<Violation>) -> Option<Self> {
        let DueFields { date, datetime, time_zone } = fields;
        match (date, datetime, time_zone) {
            (Some(date), None, None) => day(&date, faults),
            (None, Some(datetime), zone) => time(&datetime, zone, faults),
            (Some(_), None, Some(_)) => {
                faults.push(Violation::new(
                    "due.time_zone",
                    "CONFLICT",
                    "only beside `datetime`: a day is the same everywhere",
                ));
                None
            }
            _ => {
                faults.push(Violation::new(
                    "due",
                    "CONFLICT",
                    "exactly one of `date` and `datetime`",
                ));
                None
            }
        }
    }

    /// The fields that say it.
    pub(crate) fn into_fields(self) -> DueFields {
        let Self { local, zone, at: _ } = self;
        match local.contains('T') {
            true => DueFields { date: None, datetime: Some(local), time_zone: zone },
            false => DueFields { date: Some(local), datetime: None, time_zone: None },
        }
    }
}

fn day(text: &str, faults: &mut Vec<Violation>) -> Option<Due> {
    let parsed = (text.len() == 10).then(|| text.parse::<civil::Date>().ok()).flatten();
    let start = parsed.and_then(|date| date.to_zoned(TimeZone::UTC).ok());
    match (parsed, start) {
        (Some(date), Some(start)) => {
            Some(Due { local: date.to_string(), zone: None, at: start.timestamp().into() })
        }
        _ => {
            faults.push(Violation::new("due.date", "DATE", "a day as 2026-09-01"));
            None
        }
    }
}

fn time(text: &str, zone: Option<String>, faults: &mut Vec<Violation>) -> Option<Due> {
    let (wall, zone) = match text.strip_suffix(['Z', 'z']) {
        Some(wall) if zone.as_deref().is_none_or(|zone| zone == "UTC") => {
            (wall, Some("UTC".to_owned()))
        }
        Some(_) => {
            faults.push(Violation::new(
                "due.datetime",
                "CONFLICT",
                "a trailing `Z` means UTC; leave it out beside another `time_zone`",
            ));
            return None;
        }
        None => (text, zone),
    };
    let wall = wall.contains('T').then(|| wall.parse::<civil::DateTime>().ok()).flatten();
    if wall.is_none() {
        faults.push(Violation::new(
            "due.datetime",
            "DATETIME",
            "a wall time as 2026-09-01T09:00:00",
        ));
    }
    let place = match &zone {
        Some(name) => TimeZone::get(name).ok(),
        None => Some(TimeZone::UTC),
    };
    if place.is_none() {
        faults.push(Violation::new("due.time_zone", "TIME_ZONE", "an IANA name as Europe/Berlin"));
    }
    // A wall time that a clock change skips moves on by the gap; one that comes twice is the first.
    let moment = wall?.to_zoned(place?);
    match moment {
        Ok(moment) => Some(Due {
            local: wall?.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
            zone,
            at: moment.timestamp().into(),
        }),
        Err(_) => {
            faults.push(Violation::new(
                "due.datetime",
                "DATETIME",
                "a wall time between the years 0001 and 9999",
            ));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(
        date: Option<&str>,
        datetime: Option<&str>,
        time_zone: Option<&str>,
    ) -> Result<Due, Vec<String>> {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let mut faults = vec![];
        let due = Due::parse(
            DueFields { date: own(date), datetime: own(datetime), time_zone: own(time_zone) },
            &mut faults,
        );
        due.ok_or_else(|| faults.into_iter().map(|fault| fault.field).collect())
    }

    fn json(due: &Due) -> String {
        serde_json::to_string(&due.clone().into_fields()).unwrap()
    }

    #[test]
    fn each_kind_keeps_what_was_said() {
        let day = parse(Some("2026-09-01"), None, None).unwrap();
        assert_eq!(
            (json(&day).as_str(), day.at.to_string().as_str()),
            (r#"{"date":"2026-09-01"}"#, "2026-09-01T00:00:00Z")
        );
        let fixed = parse(None, Some("2026-09-01T09:00:00"), Some("Europe/Berlin")).unwrap();
        assert_eq!(fixed.at.to_string(), "2026-09-01T07:00:00Z");
        assert_eq!(
            json(&fixed),
            r#"{"datetime":"2026-09-01T09:00:00","time_zone":"Europe/Berlin"}"#
        );
        let utc = parse(None, Some("2026-09-01T09:00:00Z"), None).unwrap();
        assert_eq!(
            (utc.zone.as_deref(), utc.at.to_string().as_str()),
            (Some("UTC"), "2026-09-01T09:00:00Z")
        );
    }

    #[test]
    fn a_skipped_wall_time_moves_on_and_a_double_one_is_the_first() {
        let skipped = parse(None, Some("2026-03-29T02:30:00"), Some("Europe/Berlin")).unwrap();
        assert_eq!(skipped.at.to_string(), "2026-03-29T01:30:00Z");
        let double = parse(None, Some("2026-10-25T02:30:00"), Some("Europe/Berlin")).unwrap();
        assert_eq!(double.at.to_string(), "2026-10-25T00:30:00Z");
    }

    #[test]
    fn what_is_no_due_names_its_field() {
        assert_eq!(parse(None, None, None), Err(vec!["due".to_owned()]));
        assert_eq!(
            parse(Some("2026-09-01"), Some("2026-09-01T09:00:00"), None),
            Err(vec!["due".to_owned()])
        );
        assert_eq!(parse(Some("2026-02-30"), None, None), Err(vec!["due.date".to_owned()]));
        assert_eq!(
            parse(Some("2026-09-01"), None, Some("UTC")),
            Err(vec!["due.time_zone".to_owned()])
        );
        assert_eq!(
            parse(None, Some("soon"), Some("Mars/Base")),
            Err(vec!["due.datetime".to_owned(), "due.time_zone".to_owned()])
        );
        assert_eq!(
            parse(None, Some("2026-09-01T09:00:00Z"), Some("Europe/Berlin")),
            Err(vec!["due.datetime".to_owned()])
        );
        assert_eq!(parse(None, Some("2026-09-01"), None), Err(vec!["due.datetime".to_owned()]));
    }
}
