//! When a task is due: all day, at a wall time anywhere, or at a wall time somewhere.
use jiff::{civil, tz::TimeZone};
use kit_base::{Timestamp, Violation, form, zone};
use serde::Serialize;

use crate::limits::{DAY, FIRST_DAY, LAST_DAY, WALL_TIME};

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
    /// Checks what a client said; none, and all faults, where it is not acceptable.
    pub(crate) fn parse(fields: DueFields, faults: &mut Vec<Violation>) -> Option<Self> {
        let DueFields { date, datetime, time_zone } = fields;
        let before = faults.len();
        let day = date.as_deref().and_then(|text| day(text, faults));
        let time = datetime.as_deref().and_then(|text| time(text, faults));
        let place = time_zone.as_deref().map(|name| zone::named("due.time_zone", name)).transpose();
        let mut place = place.unwrap_or_else(|fault| {
            faults.push(fault);
            None
        });
        let mut conflict = |field, message| faults.push(Violation::new(field, "CONFLICT", message));
        if date.is_some() == datetime.is_some() {
            conflict("due", EITHER);
        } else if date.is_some() && time_zone.is_some() {
            conflict("due.time_zone", NO_ZONE);
        }
        let offset = time.is_some_and(|(_, offset)| offset);
        if offset && place.is_some() {
            conflict("due.datetime", OFFSET);
        }
        if faults.len() > before {
            return None;
        }
        if offset {
            place = Some(TimeZone::UTC);
        }
        day.map_or_else(|| resolve(time?.0, place), all_day)
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

const EITHER: &str = "exactly one of `date` and `datetime`";
const NO_ZONE: &str = "only beside `datetime`: a day is the same everywhere";
const OFFSET: &str =
    "a time with `Z` or an offset says where it is: leave that out, or the `time_zone`";

/// Whether every zone can place the day on the line of time.
fn is_kept(day: civil::Date) -> bool {
    // Years before 0 begin with a minus, which stands before all digits; there are none after 9999.
    (FIRST_DAY..=LAST_DAY).contains(&day.to_string().as_str())
}

fn day(text: &str, faults: &mut Vec<Violation>) -> Option<civil::Date> {
    let day = form::is_like(text, "2026-09-01").then(|| text.parse::<civil::Date>().ok()).flatten();
    let day = day.filter(|day| is_kept(*day));
    if day.is_none() {
        faults.push(Violation::new("due.date", "DATE", DAY));
    }
    day
}

fn all_day(day: civil::Date) -> Option<Due> {
    let start = day.to_zoned(TimeZone::UTC).ok()?;
    Some(Due { local: day.to_string(), zone: None, at: start.timestamp().into() })
}

/// A wall time, and whether it said how far it is from UTC: then it is the one there. What it may look like is in the contract, as a
/// pattern of RFC 3339.
fn wall_time(text: &str) -> Option<(civil::DateTime, bool)> {
    let (wall, offset) = form::wall_time(text)?;
    let wall = Some(wall).filter(|wall| is_kept(wall.date()))?;
    match offset {
        "" => Some((wall, false)),
        "Z" => Some((wall, true)),
        _ => Some((wall.checked_sub(form::ahead(offset)?).ok()?, true))
            .filter(|_| ![FIRST_DAY, LAST_DAY].contains(&&*wall.date().to_string())),
    }
}

fn time(text: &str, faults: &mut Vec<Violation>) -> Option<(civil::DateTime, bool)> {
    let time = wall_time(text);
    if time.is_none() {
        faults.push(Violation::new("due.datetime", "DATETIME", WALL_TIME));
    }
    time
}

fn resolve(wall: civil::DateTime, place: Option<TimeZone>) -> Option<Due> {
    // The name as the database of zones spells it.
    let zone = place.as_ref().and_then(TimeZone::iana_name).map(str::to_owned);
    // A wall time that a clock change skips moves on by the gap; one that comes twice is the first.
    let moment = wall.to_zoned(place.unwrap_or(TimeZone::UTC)).ok()?;
    let local = wall.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    Some(Due { local, zone, at: moment.timestamp().into() })
}

#[cfg(test)]
mod tests;
