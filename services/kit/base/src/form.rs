//! The one form of a time in the contracts (RFC 3339, 5.6): less than jiff reads.
use jiff::{SignedDuration, civil, tz::TimeZone};

/// Whether a text has the form of another, digit for digit.
pub fn is_like(text: &str, form: &str) -> bool {
    let alike = |(byte, like): (u8, u8)| match like.is_ascii_digit() {
        true => byte.is_ascii_digit(),
        false => byte == like,
    };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(alike)
}

/// A wall time in whole seconds, and what stands behind it.
pub fn wall_time(text: &str) -> Option<(civil::DateTime, &str)> {
    let (wall, rest) = text.split_at_checked("2026-09-01T09:00:00".len())?;
    // A leap second would become the second before it.
    let is_formed = is_like(wall, "2026-09-01T09:00:00") && !wall.ends_with(":60");
    is_formed.then(|| wall.parse().ok())?.map(|wall| (wall, rest))
}

/// How far an offset is ahead of UTC, less than a day.
pub fn ahead(offset: &str) -> Option<SignedDuration> {
    let sign = match offset {
        "Z" => return Some(SignedDuration::ZERO),
        _ if is_like(offset, "+02:00") => 1,
        _ if is_like(offset, "-02:00") => -1,
        _ => return None,
    };
    let (hours, minutes) = (offset[1..3].parse::<i64>().ok()?, offset[4..].parse::<i64>().ok()?);
    (hours < 24 && minutes < 60).then(|| SignedDuration::from_mins(sign * (hours * 60 + minutes)))
}

/// The microseconds since 1970 of a wall time with up to six decimals that says how far it is from UTC.
pub fn moment(text: &str) -> Option<i64> {
    let (wall, rest) = wall_time(text)?;
    let (decimals, offset) = rest.split_at(rest.find(['Z', '+', '-'])?);
    let digits = match decimals {
        "" => "",
        _ => decimals.strip_prefix('.').filter(|digits| (1..=6).contains(&digits.len()))?,
    };
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let microseconds: i64 = format!("{digits:0<6}").parse().ok()?;
    let utc = wall.checked_sub(ahead(offset)?).ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(utc.timestamp().as_microsecond() + microseconds)
}
